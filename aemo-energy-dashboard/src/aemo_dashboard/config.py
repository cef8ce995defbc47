"""Settings, from the process environment and, weaker, a ``.env`` file in the working directory."""

import os
import re
import string
from pathlib import Path
from typing import Annotated, Literal

import limits
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
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


LEAST_TOKEN = 16
SECRETS = ("API_TOKEN",)
"""Whose values stand in no sentence."""


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if text and (len(text) < LEAST_TOKEN or not text.isascii() or set(text) & set(string.whitespace)):
        raise ValueError(f"it needs {LEAST_TOKEN} characters or more, none of them blank, in ASCII")
    return token


def _rate(text: str) -> str:
    try:
        if text.strip():
            limits.parse(text)
    except ValueError:
        raise ValueError("write it as 600/minute or 20/second") from None
    return text


def _origins(text: str) -> str:
    for origin in listed(text):
        if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
            raise ValueError("write origins such as https://nem.example.org, with commas between them")
    return text


def listed(text: str) -> list[str]:
    """The entries of a setting that has several, with commas between them."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


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
    api_token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    """What programs that ask the API have to show; empty for nothing."""
    api_rate_limit: Annotated[str, AfterValidator(_rate)] = ""
    """How often an address may ask the API, such as ``600/minute``; empty for any number of times."""
    api_cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    """Origins, separated by commas, whose pages may read the API in a browser; ``*`` for all."""
    log_dir: Annotated[Path | None, BeforeValidator(_none_if_blank)] = None
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = "INFO"


def load_settings() -> Settings:
    """Read the settings; raise ConfigError with one sentence a bad value, naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [(".".join(map(str, fault["loc"])).upper(), fault) for fault in error.errors()]
        sentences = [
            f"{name}{'' if name in SECRETS else '=' + repr(fault['input'])} can't be used: {fault['msg']}."
            for name, fault in faults
        ]
        raise ConfigError(" ".join(sentences)) from None
