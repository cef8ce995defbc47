"""Puts a view's content on a page: a pane a block, kept while the view's blocks stay the same."""

# mypy: disable-error-code="no-untyped-call"
# Panel's constructors carry no annotations.

import html
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any, cast

import pandas as pd
import panel as pn
from bokeh.models import LayoutDOM
from bokeh.models.widgets.tables import NumberFormatter

from aemo_dashboard.shared import looks
from aemo_dashboard.shared.content import Block, Chart, Content, Side, Table, Words
from aemo_dashboard.shared.theme import Theme

SENTENCE = "sentence"
STRONG = "font-weight: 600"
DAY_MS = 86_400_000.0
"""A window that is longer or shorter by more is another range, not the same one that has grown [ms]."""
LEAST_HEIGHT = 160
"""Of a view that has no answer yet: room for the sign that it is being made [px]."""
LEAST_COLUMN = 76
"""Of a table [px]: on a narrow page it is scrolled rather than squeezed."""
Links = Callable[[str], Mapping[str, str]]
"""The addresses of a block's files by their label, such as ``CSV``."""


def paragraph(text: str) -> str:
    """A sentence as HTML; nothing for none."""
    return f"<p>{html.escape(text)}</p>" if text else ""


class ChartPane:
    """A figure that takes new numbers in place where its shape is the same. Equal ones don't travel again."""

    def __init__(self) -> None:
        self._figure = pn.pane.Bokeh(None, sizing_mode="stretch_width")
        self._links = pn.pane.HTML("", styles=looks.LINKS)
        self.pane = pn.Column(self._figure, self._links, sizing_mode="stretch_width", styles=looks.CARD)
        self._chart: Chart | None = None

    @property
    def shape(self) -> Hashable:
        """Of what is drawn."""
        return None if self._chart is None else self._chart.shape

    def show(self, chart: Chart, links: str) -> None:
        """Draw anew, or only put the numbers in. A reader who has zoomed in stays there while the range is the same."""
        old = self._chart
        self._links.object = links
        if old is None or old.shape != chart.shape:
            self._chart = replace(chart, draw=_drawn_already, exported=None)  # it would keep every frame behind it
            self._figure.object = chart.layout
            return
        for mine, new in zip(old.sources, chart.sources, strict=True):
            if not pd.DataFrame(dict(mine.data)).equals(pd.DataFrame(dict(new.data))):
                mine.data = dict(new.data)
        for scale, new_scale in zip(old.scales, chart.scales, strict=True):
            bounds = ("start", "end", "reset_start", "reset_end")
            scale.range.update(**{bound: getattr(new_scale.range, bound) for bound in bounds})
            if scale.ticker is not None and new_scale.ticker is not None:
                scale.ticker.ticks = new_scale.ticker.ticks
        for axis, new_axis in zip(old.times, chart.times, strict=True):
            untouched = (axis.start, axis.end) == (axis.reset_start, axis.reset_end)
            start, end, new_start, new_end = (
                cast("float", edge) for edge in (axis.start, axis.end, new_axis.start, new_axis.end)
            )
            was, now = cast("float", axis.reset_end) - cast("float", axis.reset_start), new_end - new_start
            elsewhere = end <= new_start or start >= new_end or abs(now - was) > DAY_MS
            edges = {"reset_start": new_axis.reset_start, "reset_end": new_axis.reset_end}
            if untouched or elsewhere:
                edges |= {"start": new_axis.start, "end": new_axis.end}
            axis.update(**edges)


def _drawn_already() -> LayoutDOM:
    raise AssertionError("the figure stands in its pane")


class TablePane:
    """A Tabulator whose columns are declared once; a table of other columns makes another one."""

    def __init__(self, theme: Theme, choices: Any) -> None:
        self._theme = theme
        self._choices = choices
        self._table: pn.widgets.Tabulator | None = None
        self._shown: Table | None = None
        self._links = pn.pane.HTML("", styles=looks.LINKS)
        self.pane = pn.Column(self._links, sizing_mode="stretch_width", styles=looks.CARD)

    def show(self, table: Table, links: str) -> None:
        """Show the rows of a table."""
        frame = table.frame[[column.key for column in table.columns]].reset_index(drop=True)
        same = self._shown is not None and (self._shown.columns, self._shown.height) == (table.columns, table.height)
        self._shown = table
        self._links.object = links
        if same and self._table is not None:
            if not frame.equals(self._table.value):
                self._table.value = frame
            return
        self._table = self._made(table, frame)
        self.pane[:] = [self._table, self._links]

    def _made(self, table: Table, frame: pd.DataFrame) -> pn.widgets.Tabulator:
        numbers = [column for column in table.columns if column.digits is not None]
        formats = {
            column.key: NumberFormatter(
                format="0,0" + ("." + "0" * (column.digits or 0) if column.digits else ""), nan_format="–"
            )
            for column in numbers
        }
        configuration: dict[str, Any] = {
            "columnDefaults": {"minWidth": LEAST_COLUMN, "headerWordWrap": True},
            "columns": [
                {"field": column.key, "minWidth": column.least} for column in table.columns if column.least is not None
            ],
        }
        if table.most_height is not None:
            configuration["maxHeight"] = table.most_height
        widget = pn.widgets.Tabulator(
            frame,
            titles={column.key: column.heading for column in table.columns},
            formatters=formats,
            show_index=False,
            disabled=True,
            selectable=False,
            theme=self._theme.table,
            layout="fit_columns" if table.width is None else "fit_data_table",
            sizing_mode="stretch_width" if table.width is None else "fixed",
            width=table.width,
            height=table.height,
            text_align={column.key: "right" for column in numbers},
            header_align={column.key: "right" for column in numbers},
            header_filters={
                column.key: {"type": "input", "func": "like", "placeholder": "filter"}
                for column in table.columns
                if column.filtered
            },
            widths={column.key: column.width for column in table.columns if column.width is not None},
            sortable=table.sortable,
            frozen_columns=[column.key for column in table.columns[: table.frozen]],
            configuration=configuration,
            stylesheets=[looks.TABLE],
        )
        if table.strong is not None:
            widget.style.apply(self._emphasis, axis=None)  # type: ignore[union-attr]  # it has a frame, so it has a style
        if table.clicked is not None:
            widget.on_click(self._clicked)
        return widget

    def _emphasis(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The style of each cell; empty where a row is like any other."""
        styles = pd.DataFrame("", index=frame.index, columns=frame.columns)
        shown = self._shown
        if shown is not None and shown.strong is not None:
            styles.loc[shown.frame[shown.strong].to_numpy(dtype=bool)] = STRONG
        return styles

    def _clicked(self, event: Any) -> None:
        shown = self._shown
        if shown is not None and shown.clicked is not None and 0 <= event.row < len(shown.frame):
            shown.clicked(self._choices, shown.frame.iloc[event.row])


class WordsPane:
    """A piece of HTML."""

    def __init__(self) -> None:
        self.pane = pn.pane.HTML("", sizing_mode="stretch_width")

    def show(self, words: Words, _: str) -> None:
        """Show the words; nothing takes no room."""
        self.pane.param.update(object=words.html, styles=dict(words.look), visible=bool(words.html))


Pane = ChartPane | TablePane | WordsPane


class Room:
    """Where a view's content stands."""

    def __init__(self, theme: Theme, choices: Any, links: Links) -> None:
        self.layout = pn.Column(sizing_mode="stretch_width", min_height=LEAST_HEIGHT)
        self._theme = theme
        self._choices = choices
        self._links = links
        self._panes: dict[tuple[type, str], Pane] = {}
        self._structure: object = None

    def show(self, content: Content) -> None:
        """Show the content in the panes that are there, as far as they are of the same blocks."""
        blocks: tuple[Block, ...] = content.blocks
        if content.sentence:
            blocks = (Words(SENTENCE, paragraph(content.sentence), looks.SENTENCE), *blocks)
        for block in Content(blocks).leaves():
            self._pane(block).show(block, self._links_of(block, content.source))  # type: ignore[arg-type]  # the pane is of the block's kind
        structure = [(b.name, [leaf.name for leaf in b.blocks]) if isinstance(b, Side) else b.name for b in blocks]
        if structure != self._structure:
            self._structure = structure
            self.layout[:] = [self._laid_out(block) for block in blocks]

    def drawn(self) -> dict[str, Hashable]:
        """The shape of each chart that is drawn, by its name."""
        return {name: pane.shape for (_, name), pane in self._panes.items() if isinstance(pane, ChartPane)}

    def _pane(self, block: Words | Chart | Table) -> Pane:
        name = (type(block), block.name)
        if name not in self._panes:
            made: dict[type, Callable[[], Pane]] = {
                Words: WordsPane,
                Chart: ChartPane,
                Table: lambda: TablePane(self._theme, self._choices),
            }
            self._panes[name] = made[type(block)]()
        return self._panes[name]

    def _laid_out(self, block: Block) -> Any:
        if not isinstance(block, Side):
            return self._pane(block).pane
        columns = [
            pn.Column(self._pane(leaf).pane, styles={"flex": f"{width} 1 {width}px", "min-width": "0"})
            for leaf, width in zip(block.blocks, block.widths, strict=True)
        ]
        return pn.FlexBox(*columns, sizing_mode="stretch_width", gap="10px", align_items="flex-start")

    def _links_of(self, block: Words | Chart | Table, source: str) -> str:
        if isinstance(block, Words) or (isinstance(block, Chart) and block.exported is None):
            return ""
        links = self._links(block.name).items()
        style = 'style="color:inherit"'
        files = " · ".join(f'<a {style} href="{html.escape(href)}" download>{label}</a>' for label, href in links)
        return f"Download {files} (data: {html.escape(source)})" if files else ""
