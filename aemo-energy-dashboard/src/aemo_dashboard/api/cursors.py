"""Answers a page after the other: the rows that follow those one has, also when data comes or changes meanwhile.

A cursor is of one question and of the window that its first page had. In rows by time it names the last row that was
given, so that what comes meanwhile moves nothing; where the order follows from the numbers it is good for as long as
the same rows stand in the same order. Pure.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from aemo_dashboard.api.columns import STAMP
from aemo_dashboard.api.questions import MOST_ROWS, Asked
from aemo_dashboard.errors import RequestError, TooMuchError
from aemo_dashboard.shared.rollups import identity

NEVER_GIVEN = "cursor can't be used: no answer to this question gave it. Ask without one."
CHANGED = "cursor can't be used: the data has changed since it was given. Ask again without it."


@dataclass(frozen=True)
class Cursor:
    """Where to go on. ``question``: what was asked, ``answer``: what was found, each by a short name; ``open_ends``:
    start and end of the window, where the question doesn't say them; ``row``: of the last row its key, or its place.
    """

    question: str
    answer: str
    open_ends: Mapping[str, str]
    row: tuple[str | int, ...]

    @property
    def text(self) -> str:
        """As a parameter."""
        said = orjson.dumps([self.question, self.answer, dict(self.open_ends), *self.row])
        return base64.urlsafe_b64encode(said).decode("ascii").rstrip("=")


def cursor_of(text: str, question: str) -> Cursor:
    """The cursor that a parameter is; RequestError for one that is not of this question."""
    try:
        said = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise RequestError(NEVER_GIVEN) from None
    match said:
        case [str(asked), str(answer), dict(open_ends), *row] if asked == question:
            return Cursor(asked, answer, open_ends, tuple(row))
        case _:
            raise RequestError(NEVER_GIVEN)


def in_its_window(asked: Asked, cursor: Cursor) -> Asked:
    """The question with the window that the first page had; RequestError for one that no page had."""
    if any(getattr(asked, name, "") is not None for name in cursor.open_ends):
        raise RequestError(NEVER_GIVEN)
    try:
        return asked.within(cursor.open_ends)
    except ValueError:
        raise RequestError(NEVER_GIVEN) from None


@dataclass(frozen=True)
class Page:
    """The rows of one answer, and the cursor for those that follow; None after the last."""

    table: pa.Table
    next_cursor: str | None


@dataclass(frozen=True)
class Asking:
    """``question``: its short name.   ``open_ends``: start and end where the question doesn't say them."""

    question: str
    limit: int | None
    cursor: Cursor | None
    open_ends: Mapping[str, str]


def page_of(table: pa.Table, facts: Mapping[str, Any], asking: Asking) -> Page:
    """The rows after the one that a cursor names, at most as many as are asked for.

    RequestError for a cursor that is none of this table; TooMuchError for more rows without a limit than may be had.
    """
    key = [field.name for field in table.schema if not field.nullable]
    by_time = table.schema.field(key[0]).type == STAMP
    answer = _name_of(table, facts, [] if by_time else key)
    first = 0 if asking.cursor is None else _after(table, key if by_time else [], answer, asking.cursor)
    left = table.num_rows - first
    if asking.limit is None and left > MOST_ROWS:
        raise TooMuchError(
            f"This would be {left:,} rows, and an answer has {MOST_ROWS:,} at most: ask with limit={MOST_ROWS} and go "
            "on with its next_cursor, or for a coarser resolution, a shorter range or fewer series."
        )
    rows = table.slice(first, asking.limit)
    given = first + rows.num_rows
    if given == table.num_rows:
        return Page(rows, None)
    row = tuple(_said(table[name][given - 1].as_py()) for name in key) if by_time else (given,)
    return Page(rows, Cursor(asking.question, answer, asking.open_ends, row).text)


def _name_of(table: pa.Table, facts: Mapping[str, Any], ordered: Sequence[str]) -> str:
    """Of the window that was answered; where the order follows from the numbers, of the rows in their order, too."""
    window = [facts[name] for name in ("start", "end", "resolution")]
    return identity(window, *(table[name].to_pylist() for name in ordered))[:10]


def _said(value: str | datetime) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _after(table: pa.Table, key: Sequence[str], answer: str, cursor: Cursor) -> int:
    """The place after the row that a cursor names; in rows by time, which are in the order of their ``key``, also where
    that row is gone meanwhile.
    """
    if cursor.answer != answer:
        raise RequestError(CHANGED)
    if not key:
        match cursor.row:
            case [int(place)] if 0 < place < table.num_rows:
                return place
        raise RequestError(NEVER_GIVEN)
    try:
        stamp, name = cursor.row
        when, who = pa.scalar(datetime.fromisoformat(str(stamp)), STAMP), pa.scalar(str(name), pa.string())
    except (ValueError, OverflowError, pa.ArrowException):
        raise RequestError(NEVER_GIVEN) from None
    before = _count(pc.less(table[key[0]], when))
    rest = table.slice(before)
    return before + _count(pc.less_equal(rest.filter(pc.equal(rest[key[0]], when))[key[1]], who))


def _count(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py() or 0)
