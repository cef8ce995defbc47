"""SMS by Twilio, with Twilio's own client. What is texted are prices, and tests.

A text costs money and wakes people, so of one that may have gone out Twilio is asked before it is sent again.
"""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp

from aemo_updater.alerts.model import Alert
from aemo_updater.alerts.settings import AlertSettings
from aemo_updater.alerts.sinks import SendError, Sink
from aemo_updater.nemtime import NEM

if TYPE_CHECKING:
    from twilio.rest import Client

NAME = "sms"
HOST = "https://api.twilio.com"
LATEST = 20
"""Of the messages to a number that are compared with one that may have gone out."""
CLOCKS_DIFFER = timedelta(days=1)
"""At most: one that runs in local time where UTC was meant is half a day ahead. The texts of a day are not alike."""
REFUSED_FOR_GOOD = 400
"""The number, or the text. Credentials and limits can be put right while the message waits."""
OF_THE_SENDER = (21212, 21603, 21606, 21607, 21659, 21660, 21661, 21701, 21703, 21705)
"""Twilio's codes for a sender that is none, or not ours: that can be put right, too."""


def sms_sink(settings: AlertSettings) -> Sink:
    """The sink, for complete settings."""

    async def send(alert: Alert, recipient: str) -> None:
        async with _client(settings) as client:
            sender = settings.twilio_from_number
            by = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
            await client.messages.create_async(to=recipient, body=alert.text, **by)

    async def was_sent(alert: Alert, recipient: str, begun: datetime) -> bool:
        since = begun.replace(tzinfo=NEM).astimezone(UTC) - CLOCKS_DIFFER
        async with _client(settings) as client:
            messages = await client.messages.list_async(to=recipient, limit=LATEST)
        # a trial account puts a sentence of its own in front
        return any(
            (m.body or "").endswith(alert.text) and (m.date_created is None or m.date_created >= since)
            for m in messages
        )

    return Sink(NAME, settings.alert_sms_to, send, was_sent)


@asynccontextmanager
async def _client(settings: AlertSettings) -> "AsyncIterator[Client]":
    """Twilio's client for one request. Turns its errors, and those of the network, into SendError."""
    # 13 MB that only who sends needs
    from twilio.base.exceptions import TwilioException, TwilioRestException
    from twilio.http.async_http_client import AsyncTwilioHttpClient
    from twilio.rest import Client

    class Http(AsyncTwilioHttpClient):  # type: ignore[misc]  # it ships no types
        """The client's way to the server of the settings, which is Twilio's unless somebody has a stand-in."""

        async def request(self, method: str, url: str, *, auth: tuple[str, str], **more: Any) -> Any:
            # Twilio's way to send the credentials is one that aiohttp gives up
            known = base64.b64encode(":".join(auth).encode()).decode()
            headers = {**more.pop("headers", {}), "Authorization": f"Basic {known}"}
            return await super().request(
                method, settings.twilio_api_url + url.removeprefix(HOST), headers=headers, **more
            )

    async with Http() as http:
        try:
            yield Client(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value(), http_client=http)
        except TwilioRestException as error:
            said = (
                f"Twilio answers {error.status}"
                + (f" (code {error.code})" if error.code not in (None, error.status) else "")
                + f": {error.msg}"
            )
            for_good = error.status == REFUSED_FOR_GOOD and error.code not in OF_THE_SENDER
            raise SendError(said, for_good=for_good, maybe_sent=error.status >= 500) from None
        except TwilioException as error:
            raise SendError(f"Twilio answers something else: {error.args[0]}", maybe_sent=True) from None
        except aiohttp.ClientConnectorError as error:
            raise SendError(f"Twilio cannot be reached: {error}") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SendError(f"Twilio's answer broke off: {type(error).__name__}: {error}", maybe_sent=True) from None
