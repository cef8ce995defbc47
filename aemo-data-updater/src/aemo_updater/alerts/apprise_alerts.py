"""Any of the services of the apprise library, which is an extra: `pip install "aemo-data-updater[apprise]"`."""

import asyncio

from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import SendError, Sink

NAME = "apprise"


def is_installed() -> bool:
    """Whether the extra is there."""
    from importlib.util import find_spec

    return find_spec("apprise") is not None


def usable(urls: str) -> bool:
    """Whether the library knows each of the services that ALERT_APPRISE_URLS names."""
    import apprise

    return bool(split(urls)) and all(apprise.Apprise.instantiate(url) is not None for url in split(urls))


def split(urls: str) -> list[str]:
    """URLs that stand apart by blanks; commas are part of them."""
    return urls.split()


def apprise_sink(settings: AlertSettings) -> Sink:
    """The sink: a recipient for each URL, by its number, since the URL itself is secret."""
    urls = split(settings.alert_apprise_urls.get_secret_value())

    async def send(alert: Alert, recipient: str) -> None:
        await asyncio.to_thread(_notify, urls[int(recipient.removeprefix("service ")) - 1], alert)

    return Sink(NAME, tuple(f"service {number + 1}" for number in range(len(urls))), send)


def _notify(url: str, alert: Alert) -> None:
    import apprise

    service = apprise.Apprise()
    # the library logs why, and its log lines may have the URL
    if not service.add(url) or not service.notify(title=alert.text, body=alert.body or alert.text):
        raise SendError("the service did not take it", maybe_sent=True)
