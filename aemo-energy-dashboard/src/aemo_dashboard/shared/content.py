"""What a view shows, as declarations: words, charts and tables, top to bottom.

A view is a function from what is asked for to one of these. `showing` puts it on a page and `api.downloads` makes files
of its blocks, so that a file holds what the page shows.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
from bokeh.models import ColumnDataSource, FixedTicker, LayoutDOM, Range1d

from aemo_dashboard.shared import looks


@dataclass(frozen=True)
class Words:
    """A piece of HTML. Everything that comes from data or a reader is escaped by whoever writes it."""

    name: str
    html: str
    look: Mapping[str, str] = field(default_factory=lambda: looks.NOTES)


@dataclass(frozen=True)
class Scale:
    """The bounds of an axis that are rounded to the data, and the ticks that go with them where those are chosen."""

    range: Range1d
    ticker: FixedTicker | None = None

    @classmethod
    def between(cls, low: float, high: float, ticker: FixedTicker | None = None) -> "Scale":
        """An axis from one position to another, to which the reader's reset goes back, too."""
        return cls(Range1d(start=low, end=high, reset_start=low, reset_end=high), ticker)


@dataclass(frozen=True)
class Chart:
    """The numbers of a figure, and how it is drawn: new numbers flow into the one that stands, whose zoom and legend
    stay as they are.

    ``draw`` makes the figure; ``shape`` says which: where it is the same, only numbers are needed, and nothing is
    drawn. ``times``: axes that follow the window unless the reader has zoomed. ``scales``: axes that follow the
    numbers. ``exported``: what is drawn as a table, units in the column names; a ``settlementdate`` is the end of an
    interval in NEM time.
    """

    name: str
    draw: Callable[[], LayoutDOM]
    shape: Hashable
    sources: tuple[ColumnDataSource, ...]
    times: tuple[Range1d, ...] = ()
    scales: tuple[Scale, ...] = ()
    exported: pd.DataFrame | None = None

    @cached_property
    def layout(self) -> LayoutDOM:
        """The figure, drawn at the first look."""
        return self.draw()


@dataclass(frozen=True)
class Column:
    """A column of a table: its key in the frame, its heading (with the unit), its digits; None for text.

    ``width``: fixed [px];  ``least``: it may be wider than this [px], and the table scrolls sideways where it can't be.
    """

    key: str
    heading: str
    digits: int | None = None
    width: int | None = None
    filtered: bool = False
    least: int | None = None


@dataclass(frozen=True)
class Table:
    """A table that sorts, filters and is had as a file; NaN is shown as a dash.

    ``clicked``: what a press on a row does to the page's choices, given them and the row.
    ``exported``: the file's rows where they are other than the shown ones, whole; columns that the table has, too, get
    their headings as names.   ``strong``: a column of the frame, True in rows that stand out.   ``most_height``: up to
    it [px] the table is as high as its rows.   ``frozen``: columns from the left that stay where the others scroll.
    """

    name: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    height: int | None = None
    width: int | None = None
    sortable: bool = True
    clicked: Callable[[Any, "pd.Series"], None] | None = None
    exported: pd.DataFrame | None = None
    strong: str | None = None
    most_height: int | None = None
    frozen: int = 1

    @property
    def file_frame(self) -> pd.DataFrame:
        """The rows of the file, under the headings."""
        headings = {column.key: column.heading for column in self.columns}
        if self.exported is not None:
            return self.exported.rename(columns=headings)
        return self.frame[[key for key in headings if key in self.frame]].rename(columns=headings)


@dataclass(frozen=True)
class Side:
    """Blocks side by side, below each other where the page is narrow. ``least``: the least width of each [px];
    ``leasts``: one for each block, which share the room in that proportion.
    """

    name: str
    blocks: tuple["Words | Chart | Table", ...]
    least: int = 380
    leasts: tuple[int, ...] = ()

    @property
    def widths(self) -> tuple[int, ...]:
        """The least width of each block [px]."""
        return self.leasts or (self.least,) * len(self.blocks)


Block = Words | Chart | Table | Side


@dataclass(frozen=True)
class Content:
    """All that a view shows. ``sentence`` stands in the place of what can't be shown; ``source``: whose numbers.

    ``span``: start and end of what is shown, for the names of its files, where that isn't the frame's window.
    """

    blocks: tuple[Block, ...] = ()
    sentence: str = ""
    span: tuple[datetime, datetime] | None = None
    source: str = "AEMO"

    def leaves(self) -> "list[Words | Chart | Table]":
        """Every block, with those that stand side by side each for itself."""
        found: list[Words | Chart | Table] = []
        for block in self.blocks:
            found.extend(block.blocks if isinstance(block, Side) else (block,))
        return found
