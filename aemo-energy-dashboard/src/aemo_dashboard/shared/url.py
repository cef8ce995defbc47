"""Choices as the text of a URL, and back: the page's address, its history and the addresses of its files."""

# mypy: disable-error-code="no-untyped-call"
# param carries no annotations.

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import param

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import parse_moment


def written(parameterized: param.Parameterized, names: Mapping[str, str]) -> dict[str, str | None]:
    """``{name in the URL: text}`` of parameters; None for one that is as at first, which goes without saying."""
    return {
        name: None if value == parameterized.param[field].default else _text(value)
        for field, name in names.items()
        for value in (getattr(parameterized, field),)
    }


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def taken(parameterized: param.Parameterized, names: Mapping[str, str], query: Mapping[str, str]) -> None:
    """Set parameters from a query by their names in it; a value that can't be is a RequestError that names it."""
    for field, name in names.items():
        if name not in query:
            continue
        try:
            parameterized.param.update(**{field: _value(parameterized.param[field], query[name])})
        except (ValueError, TypeError, RecursionError) as error:
            raise RequestError(f"{name}={query[name][:80]!r} can't be used: {error}") from None


def taken_one_by_one(
    parameterized: param.Parameterized,
    names: Mapping[str, str],
    query: Mapping[str, str],
    refuse: Callable[[str], None],
) -> None:
    """The same, but what can't be used is only told, each value by itself."""
    for field, name in names.items():
        try:
            taken(parameterized, {field: name}, query)
        except RequestError as error:
            refuse(str(error))


def _value(kind: "param.Parameter[Any]", text: str) -> object:
    if isinstance(kind, param.CalendarDate):
        return parse_moment(text).date()
    plain = isinstance(kind, (param.String, param.Selector)) and not isinstance(kind, param.ListSelector)
    return text if plain else json.loads(text)
