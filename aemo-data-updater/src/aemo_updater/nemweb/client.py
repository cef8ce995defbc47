"""Asks NEMWEB politely: one session, few connections, an honest name, retries only for what can pass."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
import stamina
import stamina.instrumentation
from yarl import URL

from aemo_updater.errors import FetchError, GoneError, StoreError, ThrottledError
from aemo_updater.market import spoken
from aemo_updater.nemweb.listing import Entry, parse_listing

USER_AGENT = f"aemo-data-updater/{version('aemo-data-updater')} (open-source NEM data collector)"
CONNECTIONS = 4
ATTEMPTS = 3
MAX_FILE_BYTES = 2**30
MAX_LISTING_BYTES = 2**23
"""Ten times the largest listing of NEMWEB, that of 4,000 files of TradingIS; a page so large takes 1.2 s and 220 MB."""
MAX_REDIRECTS = 3
"""NEMWEB may send http to https, the bare host to www, and a folder without its slash to the one with it."""
SIMULATED_HEADER = "X-NEM-Simulated"
"""Stands on every answer of a simulated market and says which: ``seed 1``. NEMWEB has no such header."""
TIMEOUT = aiohttp.ClientTimeout(total=300, connect=15, sock_connect=15, sock_read=30)

# what a path may hold as it is; "%" too, for a listing's hrefs are escaped already
_AS_SPELLED = "/%:@!$&'()*+,;=~"

# our own log says once a cycle what failed; a line for every retry would hide it
stamina.instrumentation.set_on_retry_hooks([])


class _FinalError(FetchError):
    """Asking again now would meet the same."""


@dataclass
class Traffic:
    """What was asked for since the client was made; redirects are not counted apart."""

    requests: int = 0
    received_bytes: int = 0


class _Answer(NamedTuple):
    body: bytes
    simulated: str | None


@dataclass
class NemwebClient:
    """A session with one NEMWEB server, which is of one market. Make it with `connect`."""

    session: aiohttp.ClientSession
    base_url: str
    traffic: Traffic = field(default_factory=Traffic)
    simulated: str | None = None
    """Which simulated market the first listing was of; None for the real one, and before there is a listing."""
    _listed: bool = False
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def listing(self, path: str) -> list[Entry]:
        """The entries of a folder, such as ``Reports/CURRENT/Dispatch_SCADA/``, with hrefs that `fetch` takes.

        Raises FetchError, ReportError where the answer is no listing, or StoreError as `fetch`.
        """
        answer = await self._ask(path, MAX_LISTING_BYTES)
        entries = parse_listing(answer.body.decode("utf-8", "replace"), path)
        if not self._listed:
            self.simulated, self._listed = answer.simulated, True
        self._check_market(answer)
        return [e if _is_absolute(e.href) else replace(e, href=urljoin(f"/{path}", e.href)) for e in entries]

    async def fetch(self, href: str) -> bytes:
        """The bytes behind an href of a listing, or behind a path below the base URL.

        Only its path is used: a listing may name the host in another way than we do. Raises FetchError; of it
        ThrottledError for 403 and 429, GoneError for 404. Raises StoreError where the answer is of another market than
        the first listing was: what the caller then took the data folder for, it stays for.
        """
        answer = await self._ask(href, MAX_FILE_BYTES)
        if self._listed:
            self._check_market(answer)
        return answer.body

    def _check_market(self, answer: "_Answer") -> None:
        if answer.simulated != self.simulated:
            was, now = spoken(self.simulated), spoken(answer.simulated)
            raise StoreError(f"{self.base_url}: was {was} and is now {now}; they are never mixed")

    async def _ask(self, href: str, limit: int) -> _Answer:
        base = urlsplit(self.base_url)
        try:
            path = quote(urlsplit(urljoin(self.base_url, href)).path, _AS_SPELLED)
        except ValueError as error:
            raise FetchError(f"{href!r} is no address: {error}") from error
        # encoded: the href is asked for to the letter, %23 and all
        url = URL(f"{base.scheme}://{base.netloc}{path}", encoded=True)
        name = path.rsplit("/", 1)[-1] or path
        async for attempt in stamina.retry_context(
            on=_can_pass, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=10, wait_jitter=1
        ):
            with attempt:
                return await self._get(url, name, limit)
        raise AssertionError("retry_context ends by returning or raising")  # pragma: no cover

    async def _get(self, url: URL, name: str, limit: int) -> _Answer:
        async with self._slots:
            self.traffic.requests += 1
            try:
                async with self.session.get(url, max_redirects=MAX_REDIRECTS) as response:
                    _check(response, name)
                    answer = _Answer(await _body(response, name, limit), response.headers.get(SIMULATED_HEADER))
            except aiohttp.TooManyRedirects as error:
                raise _FinalError(f"{name}: redirected more than {MAX_REDIRECTS} times") from error
            except TimeoutError as error:
                raise FetchError(f"{name}: no answer in time") from error
            except (aiohttp.ClientError, OSError) as error:
                raise FetchError(f"{name}: {_reason(error)}") from error
        self.traffic.received_bytes += len(answer.body)
        return answer


@asynccontextmanager
async def connect(base_url: str) -> AsyncIterator[NemwebClient]:
    """A client for the server at ``base_url``, closed at the end."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, limit_per_host=CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=TIMEOUT, headers={"User-Agent": USER_AGENT}
    ) as session:
        yield NemwebClient(session, base_url.rstrip("/") + "/")


def _is_absolute(href: str) -> bool:
    return href.startswith("/") or "://" in href


def _check(response: aiohttp.ClientResponse, name: str) -> None:
    if response.status == 200:
        return
    said = f"{name}: the server answers {response.status} {response.reason or ''}".rstrip()
    match response.status:
        case 403 | 429:
            raise ThrottledError(said)
        case 404 | 410:
            raise GoneError(said)
        case 408 | 425:
            raise FetchError(said)
        case status if status < 500:
            raise _FinalError(said)
        case _:
            raise FetchError(said)


async def _body(response: aiohttp.ClientResponse, name: str, limit: int) -> bytes:
    too_large = _FinalError(f"{name}: larger than {limit:,} bytes")
    if (response.content_length or 0) > limit:
        raise too_large
    data = io.BytesIO()  # gives its bytes without a copy
    async for chunk in response.content.iter_chunked(2**16):
        data.write(chunk)
        if data.tell() > limit:
            raise too_large
    return data.getvalue()


def _can_pass(error: Exception) -> bool:
    return isinstance(error, FetchError) and not isinstance(error, ThrottledError | GoneError | _FinalError)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
