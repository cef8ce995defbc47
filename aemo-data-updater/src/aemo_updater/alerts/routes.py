"""Which sinks there are by the settings, and who gets what."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aemo_updater.alerts import apprise_alerts, email_alerts, twilio_price_alerts
from aemo_updater.alerts.model import Alert, Kind
from aemo_updater.alerts.outbox import Address
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import Sink

log = logging.getLogger(__name__)

LOG, SMS, EMAIL, APPRISE = "log", twilio_price_alerts.NAME, email_alerts.NAME, apprise_alerts.NAME
ROUTES: Mapping[Kind, tuple[str, ...]] = {Kind.PRICE: (SMS,), Kind.TEST: (SMS, EMAIL)}
"""Beside the log and apprise, which have everything. What is not named here goes by e-mail."""
INSTEAD = {SMS: EMAIL}
"""Where a message goes whose own way is off, or fails."""
HUSHED = (SMS, APPRISE)
"""Quiet hours are for what makes a noise."""
TOO_OLD_TO_TEXT = timedelta(hours=6)
"""Since it happened, as for a collector that was off; a mail says as much, and wakes nobody."""


@dataclass(frozen=True)
class Sinks:
    """The sinks that are on, by name, and why others are off."""

    on: Mapping[str, Sink]
    off: Mapping[str, str]

    def say(self) -> None:
        """Say it once: a sink with some of its settings was meant to be on."""
        for name, why in self.off.items():
            log.log(
                logging.WARNING if why.startswith(INCOMPLETE) else logging.INFO, "alerts by %s are off: %s", name, why
            )

    @property
    def told(self) -> dict[str, str]:
        """Each sink: ``on``, or ``off: …``."""
        return dict.fromkeys(self.on, "on") | {name: f"off: {why}" for name, why in self.off.items()}


INCOMPLETE = "not set: "
"""How the reason begins where only some of what a sink needs is set."""


async def _to_log(alert: Alert, _: str) -> None:
    log.warning("alert: %s", alert.text)


def sinks_of(settings: AlertSettings, simulated: str | None = None) -> Sinks:
    """The sinks that the settings allow. Of a simulated market only the log's, unless ALERT_SIMULATED is set."""
    on = {LOG: Sink(LOG, ("",), _to_log)}
    off = {}
    for name, (make, needs) in _MAKERS.items():
        wants = needs(settings)
        missing = [setting for setting, value in wants.items() if not value]
        if len(missing) == len(wants):
            off[name] = f"none of {', '.join(wants)} is set"
        elif missing:
            off[name] = INCOMPLETE + ", ".join(missing)
        elif simulated is not None and not settings.alert_simulated:
            off[name] = "this market is simulated, and ALERT_SIMULATED is not set"
        elif why := _unusable(name, settings):
            off[name] = why
        else:
            on[name] = make(settings)
    return Sinks(on, off)


def _unusable(name: str, settings: AlertSettings) -> str:
    if name != APPRISE:
        return ""
    if not apprise_alerts.is_installed():
        return "ALERT_APPRISE_URLS is set, and the apprise library is not installed"
    if not apprise_alerts.usable(settings.alert_apprise_urls.get_secret_value()):
        return "ALERT_APPRISE_URLS has a service that the apprise library does not know"
    return ""


Maker = Callable[[AlertSettings], Sink]
Needs = Callable[[AlertSettings], dict[str, object]]


def _sms_needs(settings: AlertSettings) -> dict[str, object]:
    return {
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.twilio_auth_token.get_secret_value(),
        "TWILIO_FROM_NUMBER": settings.twilio_from_number,
        "ALERT_SMS_TO": settings.alert_sms_to,
    }


def _email_needs(settings: AlertSettings) -> dict[str, object]:
    return {
        "SMTP_HOST": settings.smtp_host,
        "ALERT_EMAIL_FROM": settings.alert_email_from,
        "ALERT_EMAIL_TO": settings.alert_email_to,
    }


def _apprise_needs(settings: AlertSettings) -> dict[str, object]:
    return {"ALERT_APPRISE_URLS": settings.alert_apprise_urls.get_secret_value()}


_MAKERS: Mapping[str, tuple[Maker, Needs]] = {
    SMS: (twilio_price_alerts.sms_sink, _sms_needs),
    EMAIL: (email_alerts.email_sink, _email_needs),
    APPRISE: (apprise_alerts.apprise_sink, _apprise_needs),
}


def route(
    alert: Alert, sinks: Mapping[str, Sink], settings: AlertSettings, now: datetime
) -> list[tuple[Address, datetime]]:
    """Where a message goes, and from when on."""
    wanted = [LOG, *ROUTES.get(alert.kind, (EMAIL,)), APPRISE]
    if SMS in wanted and EMAIL in sinks and now - alert.at > TOO_OLD_TO_TEXT:
        wanted[wanted.index(SMS)] = EMAIL
    names = dict.fromkeys(name if name in sinks else INSTEAD.get(name, name) for name in wanted)
    return [
        (address, held_until(alert, address.sink, settings, now))
        for address in addresses((name for name in names if name in sinks), sinks)
    ]


def held_until(alert: Alert, sink: str, settings: AlertSettings, now: datetime) -> datetime:
    """When a message may go out by a sink: now, or at the end of the quiet hours."""
    quiet = settings.alert_quiet_hours
    if quiet is None or alert.urgent or sink not in HUSHED:
        return now
    return quiet.over_at(now) or now


def addresses(names: Iterable[str], sinks: Mapping[str, Sink]) -> list[Address]:
    """The recipients of some sinks."""
    return [Address(name, recipient) for name in names for recipient in sinks[name].recipients]
