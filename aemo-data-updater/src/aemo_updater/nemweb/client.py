"""Asks NEMWEB politely: one session, few connections, an honest name, retries only for what can pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit

import aiohttp
import stamina
import stamina.instrumentation
from yarl import URL

from aemo_updater.errors import FetchError, GoneError, ThrottledError
from aemo_updater.nemweb.listing import Entry, parse_listing

USER_AGENT = f"aemo-data-updater/{version('aemo-data-updater')} (open-source NEM data collector)"
CONNECTIONS = 4
ATTEMPTS = 3
MAX_FILE_BYTES = 2**30
TIMEOUT = aiohttp.ClientTimeout(total=300, connect=15, sock_connect=15, sock_read=30)

# our own log says once a cycle what failed; a line for every retry would hide it
stamina.instrumentation.set_on_retry_hooks([])


@dataclass
class Traffic:
    """What was asked for since the client was made."""

    requests: int = 0
    received_bytes: int = 0


@dataclass
class NemwebClient:
    """A session with one NEMWEB server. Make it with `connect`."""

    session: aiohttp.ClientSession
    base_url: str
    traffic: Traffic = field(default_factory=Traffic)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def listing(self, path: str) -> list[Entry]:
        """The entries of a folder, such as ``Reports/CURRENT/Dispatch_SCADA/``.

        Raises FetchError, or ReportError where the answer is no listing.
        """
        return parse_listing((await self.fetch(path)).decode("utf-8", "replace"), path)

    async def fetch(self, href: str) -> bytes:
        """The bytes behind an href of a listing, or behind a path below the base URL.

        Only its path is used: a listing may name the host in another way than we do. Raises FetchError; of it
        ThrottledError for 403 and 429, GoneError for 404.
        """
        parts = urlsplit(urljoin(self.base_url, href))
        base = urlsplit(self.base_url)
        # encoded: the href is asked for to the letter, %23 and all
        url = URL(f"{base.scheme}://{base.netloc}{parts.path}", encoded=True)
        name = parts.path.rsplit("/", 1)[-1] or parts.path
        async for attempt in stamina.retry_context(
            on=_can_pass, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=10, wait_jitter=1
        ):
            with attempt:
                return await self._get(url, name)
        raise AssertionError("retry_context ends by returning or raising")  # pragma: no cover

    async def _get(self, url: URL, name: str) -> bytes:
        async with self._slots:
            self.traffic.requests += 1
            try:
                async with self.session.get(url) as response:
                    _check(response, name)
                    data = await _body(response, name)
            except TimeoutError as error:
                raise FetchError(f"{name}: no answer in time") from error
            except (aiohttp.ClientError, OSError) as error:
                raise FetchError(f"{name}: {_reason(error)}") from error
        self.traffic.received_bytes += len(data)
        return data


@asynccontextmanager
async def connect(base_url: str) -> AsyncIterator[NemwebClient]:
    """A client for the server at ``base_url``, closed at the end."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, limit_per_host=CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=TIMEOUT, headers={"User-Agent": USER_AGENT}
    ) as session:
        yield NemwebClient(session, base_url.rstrip("/") + "/")


def _check(response: aiohttp.ClientResponse, name: str) -> None:
    if response.status == 200:
        return
    said = f"{name}: the server answers {response.status} {response.reason or ''}".rstrip()
    match response.status:
        case 403 | 429:
            raise ThrottledError(said)
        case 404 | 410:
            raise GoneError(said)
        case _:
            raise FetchError(said)


async def _body(response: aiohttp.ClientResponse, name: str) -> bytes:
    data = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        data += chunk
        if len(data) > MAX_FILE_BYTES:
            raise FetchError(f"{name}: larger than {MAX_FILE_BYTES:,} bytes")
    return bytes(data)


def _can_pass(error: Exception) -> bool:
    return isinstance(error, FetchError) and not isinstance(error, ThrottledError | GoneError)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
