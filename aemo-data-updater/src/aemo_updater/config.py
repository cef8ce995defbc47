"""Settings from the environment and from `.env` in the working folder; the environment wins."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aemo_updater.errors import UpdaterError


class SettingsError(UpdaterError):
    """A setting has a value that cannot be used; the text names it."""


def default_data_dir() -> Path:
    """``shared-data`` of the checkout that the working folder lies in, else below the working folder."""
    here = Path.cwd()
    return next(
        (f / "shared-data" for f in (here, *here.parents) if (f / "shared-data").is_dir()), here / "shared-data"
    )


class Settings(BaseSettings):
    """What can be set, under the same names in upper case. `.env.example` explains each."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    nemweb_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")] = "https://www.nemweb.com.au"
    shared_data_dir: Path = Field(default_factory=default_data_dir)
    update_interval_seconds: Annotated[float, Field(ge=1, le=86_400)] = 270
    log_dir: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def load_settings() -> Settings:
    """The settings as they are now. Raises SettingsError with a sentence for each bad value."""
    try:
        return Settings()
    except ValidationError as error:
        said = [f"{str(e['loc'][0]).upper()}={e['input']!r} cannot be used: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(said)) from None
