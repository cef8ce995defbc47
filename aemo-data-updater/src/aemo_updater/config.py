"""Settings from the environment and from `.env` in the working folder; the environment wins."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.catalogue import TABLES
from aemo_updater.errors import UpdaterError

SHORTEST_KEPT_DAYS = 31
"""Shorter, and what is fetched to fill a hole would be removed as too old."""


PRIVATE = ("alert_sms_to", "alert_email_to", "alert_email_from")
"""Settings that name people, whose numbers and addresses are no matter for a log."""


class SettingsError(UpdaterError):
    """A setting has a value that cannot be used; the text names it."""


def default_data_dir() -> Path:
    """``shared-data`` of the checkout that the working folder lies in, else below the working folder."""
    here = Path.cwd()
    return next(
        (f / "shared-data" for f in (here, *here.parents) if (f / "shared-data").is_dir()), here / "shared-data"
    )


class Settings(AlertSettings, BaseSettings):
    """What can be set, under the same names in upper case. `.env.example` explains each."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    nemweb_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")] = "https://www.nemweb.com.au"
    shared_data_dir: Path = Field(default_factory=default_data_dir)
    update_interval_seconds: Annotated[float, Field(ge=1, le=86_400)] = 270
    keep_days: Annotated[dict[str, Annotated[int, Field(ge=SHORTEST_KEPT_DAYS)]], NoDecode] = {}
    status_ui_host: str = "127.0.0.1"
    status_ui_port: Annotated[int, Field(ge=1, le=65_535)] = 5011
    bokeh_allow_ws_origin: str = ""
    log_dir: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("keep_days", mode="before")
    @classmethod
    def _days_by_table(cls, given: object) -> object:
        """``scada5=800,regions5=400`` as a dict; checked against the tables that there are."""
        if not isinstance(given, str):
            return given
        pairs = [pair.partition("=") for pair in given.split(",") if pair.strip()]
        if wrong := [name.strip() for name, _, _ in pairs if name.strip() not in TABLES]:
            raise ValueError(f"no table {wrong[0]!r}; there are {', '.join(TABLES)}")
        return {name.strip(): days.strip() for name, _, days in pairs}


def load_settings() -> Settings:
    """The settings as they are now. Raises SettingsError with a sentence for each bad value."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_said(dict(each)) for each in error.errors())) from None


def _said(error: dict[str, Any]) -> str:
    """One bad value as a sentence, which does not tell what is secret."""
    said = str(error["msg"]).removeprefix("Value error, ")
    if not error["loc"]:  # of several settings together
        return said
    name = str(error["loc"][0])
    secret = Settings.model_fields[name].annotation is SecretStr
    place = error["loc"][1] if len(error["loc"]) > 1 else None
    if name in PRIVATE:
        shown = "…" if not isinstance(place, int) else f"… (the entry at place {place + 1})"
    else:
        shown = "…" if secret else repr(error["input"])
    return f"{name.upper()}={shown} cannot be used: {said}"
