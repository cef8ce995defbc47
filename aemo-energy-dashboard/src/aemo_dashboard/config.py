"""Settings, from the process environment and, weaker, a ``.env`` file in the working directory."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aemo_dashboard.errors import ConfigError

ENV_FILE = Path(".env")


def default_data_dir() -> Path:
    """``shared-data`` of the checkout that the working directory lies in, else below the working directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "shared-data").is_dir():
            return folder / "shared-data"
    return here / "shared-data"


def default_cache_dir() -> Path:
    """``aemo-dashboard`` in the user's cache folder, as the XDG base directory specification places it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aemo-dashboard"


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _folder(path: Path) -> Path:
    path = path.expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError("it is a file, not a folder")
    return path


class Settings(BaseSettings):
    """What can be set; each field is read from the environment variable of its name in capitals."""

    # env_ignore_empty: "DASHBOARD_PORT=" in a copied .env.example means the default, not an empty number.
    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    shared_data_dir: Annotated[Path, AfterValidator(_folder)] = Field(default_factory=default_data_dir)
    dashboard_host: str = "127.0.0.1"
    dashboard_port: int = Field(default=5010, ge=1, le=65535)
    bokeh_allow_ws_origin: str = ""
    """Hosts (and ports), separated by commas, whose pages may open a session, where a proxy stands in front."""
    cache_ttl_seconds: float = Field(default=300, gt=0, le=86_400)
    dashboard_cache_dir: Annotated[Path, AfterValidator(_folder)] = Field(default_factory=default_cache_dir)
    """Where sums over whole part files are kept; made again where they are missing."""
    log_dir: Annotated[Path | None, BeforeValidator(_none_if_blank)] = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = "INFO"


def load_settings() -> Settings:
    """Read the settings; raise ConfigError with one sentence a bad value, naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']).upper()}={fault['input']!r} can't be used: {fault['msg']}."
            for fault in error.errors()
        ]
        raise ConfigError(" ".join(faults)) from None
