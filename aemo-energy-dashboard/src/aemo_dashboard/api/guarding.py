"""Who may ask, and how often: a bearer token and a rate limit, both only where they are set."""

import secrets
from collections.abc import Awaitable, Callable

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from aemo_dashboard.config import Settings

Guard = Callable[[Request], Awaitable[None]]


class RefusedError(Exception):
    """An answer without numbers, with its status, sentence and headers."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str]) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


def guard_of(settings: Settings) -> Guard:
    """What every endpoint asks before it answers. It is no thread's work: a refusal costs as good as nothing."""
    limit = parse(settings.api_rate_limit) if settings.api_rate_limit.strip() else None
    limiter = MovingWindowRateLimiter(MemoryStorage())
    token = settings.api_token.get_secret_value().encode()

    async def guard(request: Request) -> None:
        if limit is not None and request.client is not None and not limiter.hit(limit, request.client.host):
            raise RefusedError(
                429, f"More requests than {limit}: wait a little.", {"Retry-After": str(limit.get_expiry())}
            )
        if token and not secrets.compare_digest(_bearer(request), token):
            raise RefusedError(
                401, "This needs the header Authorization: Bearer <token>.", {"WWW-Authenticate": "Bearer"}
            )

    return guard


def _bearer(request: Request) -> bytes:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip().encode() if scheme.lower() == "bearer" else b""
