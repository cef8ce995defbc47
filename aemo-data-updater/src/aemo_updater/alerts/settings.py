"""The settings of the alerts, which are a part of `aemo_updater.config.Settings`."""

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_settings import NoDecode

from aemo_updater.market import REGIONS

Port = Annotated[int, Field(ge=1, le=65_535)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{6,14}$")]
Mailbox = Annotated[str, StringConstraints(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")]
"""An address alone, without a name: it gets into a header of the mail."""
HERE = ("localhost", "127.0.0.1", "::1")
EXAMPLE = "SA1=2000/12000/500"


@dataclass(frozen=True)
class Limits:
    """Prices in $/MWh: from ``high`` and ``extreme`` on is told, and when it is over, below ``recovery``."""

    high: float
    extreme: float
    recovery: float

    def __post_init__(self) -> None:
        if not -math.inf < self.recovery <= self.high <= self.extreme < math.inf:
            raise ValueError(
                f"the price thresholds for recovery ({self.recovery:g}), high ({self.high:g}) and extreme "
                f"({self.extreme:g} $/MWh) must be in this order"
            )


@dataclass(frozen=True)
class QuietHours:
    """From ``start`` to ``end`` of each day, in NEM time; over midnight where the end is the earlier one."""

    start: time
    end: time

    def over_at(self, now: datetime) -> datetime | None:
        """When the quiet hours end in which a moment lies; None where it lies in none."""
        for day in (now.date() - timedelta(days=1), now.date()):
            begins = datetime.combine(day, self.start)
            ends = datetime.combine(day + timedelta(days=self.end <= self.start), self.end)
            if begins <= now < ends:
                return ends
        return None


class AlertSettings(BaseModel):
    """What can be set of the alerts; `.env.example` explains each."""

    high_price_threshold: float = 1_000
    extreme_price_threshold: float = 10_000
    recovery_price_threshold: float = 300
    region_price_thresholds: Annotated[dict[str, Limits], NoDecode] = {}
    alert_cooldown_minutes: Annotated[float, Field(ge=0, le=1_440)] = 0
    alert_quiet_hours: Annotated[QuietHours | None, NoDecode] = None
    alert_simulated: bool = False
    alert_disk_free_mb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1_000

    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from_number: str = ""
    alert_sms_to: Annotated[tuple[Phone, ...], NoDecode] = ()
    twilio_api_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")] = "https://api.twilio.com"

    smtp_host: str = ""
    smtp_port: Port = 587
    smtp_security: Literal["starttls", "tls", "none"] | None = None
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    alert_email_from: Mailbox | None = None
    alert_email_to: Annotated[tuple[Mailbox, ...], NoDecode] = ()

    alert_apprise_urls: SecretStr = SecretStr("")

    @field_validator("alert_sms_to", "alert_email_to", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        """``a, b`` as a tuple, each once."""
        if not isinstance(given, str):
            return given
        return tuple(dict.fromkeys(one.strip() for one in given.split(",") if one.strip()))

    @field_validator("alert_quiet_hours", mode="before")
    @classmethod
    def _hours(cls, given: object) -> object:
        """``22:00-06:30`` as two times."""
        if not isinstance(given, str):
            return given
        try:
            start, end = (time.fromisoformat(part.strip()) for part in given.split("-"))
        except ValueError:
            raise ValueError("give two times, such as 22:00-06:30") from None
        if start == end:
            raise ValueError("they begin when they end; leave it empty for none")
        return QuietHours(start, end)

    @field_validator("region_price_thresholds", mode="before")
    @classmethod
    def _by_region(cls, given: object) -> object:
        """``SA1=2000/12000/500,TAS1=…`` as high, extreme and recovery by region."""
        if not isinstance(given, str):
            return given
        found = {}
        for pair in filter(None, (part.strip() for part in given.split(","))):
            region, _, prices = pair.partition("=")
            try:
                high, extreme, recovery = (float(price) for price in prices.split("/"))
            except ValueError:
                raise ValueError(f"give high, extreme and recovery of a region, such as {EXAMPLE}") from None
            name = region.strip().upper()
            if name not in REGIONS:
                raise ValueError(f"no region {name!r}; there are {', '.join(sorted(REGIONS))}")
            found[name] = Limits(high, extreme, recovery)
        return found

    @model_validator(mode="after")
    def _together(self) -> Self:
        self.limits_of("")
        if self.smtp_password.get_secret_value() and self.smtp_security == "none" and self.smtp_host not in HERE:
            raise ValueError(f"with SMTP_SECURITY=none the password would go to {self.smtp_host} in the open")
        url = urlsplit(self.twilio_api_url)
        if url.scheme != "https" and url.hostname not in HERE:
            raise ValueError("TWILIO_API_URL must begin with https, or the token would go there in the open")
        return self

    def limits_of(self, region: str) -> Limits:
        """The limits of a region, which are those of all where it has none of its own."""
        everywhere = Limits(self.high_price_threshold, self.extreme_price_threshold, self.recovery_price_threshold)
        return self.region_price_thresholds.get(region, everywhere)
