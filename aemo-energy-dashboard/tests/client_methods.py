"""The methods of the Python client, and what they ask for."""

import inspect
from collections.abc import Callable

import httpx2
import pytest

from aemo_dashboard.client import ApiError, Client

Handler = Callable[[httpx2.Request], httpx2.Response]


def asking_of(handler: Handler) -> Client:
    return Client("http://nem.test", transport=httpx2.MockTransport(handler))


def methods() -> dict[str, inspect.Signature]:
    """Of the client, by their names."""
    found = inspect.getmembers(Client, inspect.isfunction)
    return {name: inspect.signature(method) for name, method in found if name[0] != "_" and name != "close"}


def keywords(name: str) -> dict[str, inspect.Parameter]:
    return {key: value for key, value in methods()[name].parameters.items() if key != "self"}


def question(name: str) -> httpx2.URL:
    """What a method asks for where each keyword is its own name."""
    asked: list[httpx2.URL] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url)
        return httpx2.Response(404, json={"error": "Only the question counts."})

    with pytest.raises(ApiError, match="Only the question"):
        getattr(asking_of(handler), name)(**{key: 7 if key == "limit" else key for key in keywords(name)})
    return asked[0]


def methods_and_paths() -> dict[str, str]:
    return {name: question(name).path.replace("/id", "/{id}") for name in methods()}
