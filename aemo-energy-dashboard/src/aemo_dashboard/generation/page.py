"""The tab "Generation by Fuel": it owns its parameters, asks for a view of them and shows it."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import asyncio
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from urllib.parse import urlencode

import pandas as pd
import panel as pn
import param

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.generation.charts import Chart, draw, redraw
from aemo_dashboard.generation.data import (
    REGION_CHOICES,
    SPAN_CHOICES,
    GenerationView,
    load_view,
    renewable_share_of,
    summary,
    window_for,
)
from aemo_dashboard.generation.price_axis import SCALES
from aemo_dashboard.nemtime import isoformat, spoken
from aemo_dashboard.services import Services
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.resolution_manager import RESOLUTIONS, Window
from aemo_dashboard.shared.theme import Theme

SPAN_NAMES = {
    "1 day": "1d",
    "7 days": "7d",
    "30 days": "30d",
    "90 days": "90d",
    "365 days": "365d",
    "All": "all",
    "Custom": "custom",
}
RESOLUTION_NAMES = {"Automatic": "auto", "5-minute": "5min", "30-minute": "30min", "Daily": "daily"}
TABLE_COLUMNS = ["Fuel", "Average MW", "GWh", "Share %"]


@dataclass(frozen=True)
class Answer:
    """What a question led to: a view with its table, or a sentence in its place."""

    view: GenerationView | None = None
    table: pd.DataFrame | None = None
    share: float = math.nan
    sentence: str = ""


class Choice(param.Parameterized):
    """What the reader has chosen."""

    region: "param.Selector[str]" = param.Selector(default="NEM", objects=list(REGION_CHOICES))
    span: "param.Selector[str]" = param.Selector(default="1d", objects=list(SPAN_CHOICES))
    first = param.CalendarDate(default=None, allow_None=True)
    last = param.CalendarDate(default=None, allow_None=True)
    resolution: "param.Selector[str]" = param.Selector(default="auto", objects=["auto", *RESOLUTIONS])
    scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))


class GenerationPage:
    """One reader's page: ``state`` is what was asked for, the panes show the answer."""

    url_names: Mapping[str, str] = MappingProxyType(
        {
            "region": "region",
            "span": "range",
            "first": "from",
            "last": "to",
            "resolution": "resolution",
            "scale": "scale",
        }
    )

    def __init__(self, services: Services, theme: Theme) -> None:
        self.state = Choice()
        self._services = services
        self._theme = theme
        self._asked = 0
        self._chart: Chart | None = None
        self._shown: Window | None = None
        self._heading = pn.pane.HTML("", styles=looks.HEADING, sizing_mode="stretch_width")
        self._sentence = pn.pane.HTML("", styles=looks.SENTENCE, sizing_mode="stretch_width", visible=False)
        self._figure = pn.pane.Bokeh(None, sizing_mode="stretch_width")
        self._notes = pn.pane.HTML("", styles=looks.NOTES, sizing_mode="stretch_width")
        self._table = pn.widgets.Tabulator(
            pd.DataFrame(columns=TABLE_COLUMNS),
            show_index=False,
            disabled=True,
            selectable=False,
            theme=theme.table,
            width=560,
            layout="fit_columns",
            text_align=dict.fromkeys(TABLE_COLUMNS[1:], "right"),
            header_align=dict.fromkeys(TABLE_COLUMNS[1:], "right"),
            sortable=False,
            stylesheets=[looks.TABLE],
            visible=False,
        )
        self._downloads = pn.pane.HTML("", styles=looks.NOTES)
        self.state.param.watch(self._choice_changed, list(self.url_names))

    def __panel__(self) -> pn.Column:
        """The page: choices, heading, chart, notes, table."""
        dates = pn.Row(
            pn.widgets.DatePicker.from_param(self.state.param.first, label="First day", width=130),
            pn.widgets.DatePicker.from_param(self.state.param.last, label="Last day", width=130),
            visible=self.state.param.span.rx() == "custom",
        )
        group, select = pn.widgets.RadioButtonGroup, pn.widgets.Select
        look = {"variant": "outline", "color": "primary", "stylesheets": [looks.BUTTONS]}
        scales = {f"Price: {scale}": scale for scale in SCALES}
        choices = pn.FlexBox(
            group.from_param(self.state.param.region, **look),
            group.from_param(self.state.param.span, options=SPAN_NAMES, **look),
            dates,
            select.from_param(
                self.state.param.resolution, options=RESOLUTION_NAMES, label="", width=120, stylesheets=[looks.SELECT]
            ),
            select.from_param(self.state.param.scale, options=scales, label="", width=150, stylesheets=[looks.SELECT]),
            align_items="center",
            sizing_mode="stretch_width",
        )
        words = pn.Column(self._notes, self._downloads, styles={"flex": "1 1 380px"})
        below = pn.FlexBox(self._table, words, sizing_mode="stretch_width")
        return pn.Column(choices, self._heading, self._sentence, self._figure, below, sizing_mode="stretch_width")

    async def refresh(self) -> None:
        """Ask again with the parameters as they are now. The query runs in a thread: other sessions go on."""
        self._asked += 1
        mine = self._asked
        answer = await asyncio.to_thread(
            answer_for,
            self._services,
            self.state.region,
            self.state.span,
            self.state.first,
            self.state.last,
            self.state.resolution,
        )
        if mine == self._asked:  # else the reader has chosen something else meanwhile
            # Bokeh's document is locked while it changes; the lock was let go during the query.
            pn.state.execute(partial(self._show, answer), schedule=True)

    async def _choice_changed(self, *_: param.parameterized.Event) -> None:
        if (
            self.state.span == "custom"
            and self.state.first is None
            and self.state.last is None
            and self._shown is not None
        ):
            days = first_and_last_day(self._shown)
            self.state.param.update(
                first=days[0], last=days[1]
            )  # which asks again, with the days that were on the page
            return
        await self.refresh()

    def _show(self, answer: Answer) -> None:
        view = answer.view
        self._shown = view.window if view is not None else self._shown
        self._sentence.param.update(object=_paragraph(answer.sentence), visible=bool(answer.sentence))
        if view is None or view.empty:
            self._chart = None
            self._figure.object = None
        else:
            chart = (
                draw(view, self._theme, self.state.scale)
                if self._chart is None
                else redraw(self._chart, view, self._theme, self.state.scale)
            )
            if self._chart is None or chart.layout is not self._chart.layout:
                self._figure.object = chart.layout
            self._chart = chart
        self._heading.object = _heading(view, answer.share) if view is not None else ""
        self._notes.object = "".join(_paragraph(note) for note in view.notes) if view is not None else ""
        self._downloads.object = _downloads(view) if view is not None and not view.empty else ""
        if answer.table is not None:
            self._table.value = displayed(answer.table)
        self._table.visible = answer.table is not None and not answer.table.empty


def first_and_last_day(window: Window) -> tuple[date, date]:
    """The NEM days of a window; an end at midnight closes the day before."""
    return window.start.date(), (window.end - timedelta(microseconds=1)).date()


def answer_for(
    services: Services, region: str, span: str, first: date | None, last: date | None, resolution: str
) -> Answer:
    """The view for a choice, or the sentence that stands in its place. Runs in any thread."""
    try:
        window = window_for(services.queries, span, first, last, resolution)
        view = load_view(services.queries, region, window)
    except DashboardError as error:
        return Answer(sentence=str(error))
    if view.empty:
        return Answer(view=view, sentence=f"Nothing is stored for {region} in this window.")
    return Answer(view, summary(view), renewable_share_of(view))


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""


def _heading(view: GenerationView, share: float) -> str:
    window = view.window
    renewable = "" if math.isnan(share) else f" · renewable share {100 * share:.1f} %"
    return (
        f"<b>{html.escape(view.region)}</b> · {window.resolution.name} data · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time{renewable}{_latest_prices(view)}"
    )


def _latest_prices(view: GenerationView) -> str:
    """The newest price of the window in words: a number to read off, where a line only shows a height."""
    known = view.price.dropna(how="all")
    if known.empty:
        return ""
    prices = " · ".join(f"{html.escape(str(region))} {price:,.2f}" for region, price in known.iloc[-1].dropna().items())
    resolution = view.window.resolution
    what = "Price" if resolution.minutes == 5 else f"{resolution.name.capitalize()} mean price"
    return f"<br>{what} at {spoken(known.index[-1].to_pydatetime())}, $/MWh: {prices}"


def _downloads(view: GenerationView) -> str:
    query = {
        "region": view.region,
        "start": isoformat(view.window.start),
        "end": isoformat(view.window.end),
        "resolution": view.window.resolution.key,
    }
    links = []
    for kind, label in (("csv", "CSV"), ("parquet", "Parquet")):
        address = html.escape(f"api/generation-by-fuel?{urlencode({**query, 'format': kind})}")
        links.append(f'<a style="color:inherit" href="{address}" download>{label}</a>')
    source = "AEMO" if view.simulated is None else html.escape(f"simulated market, {view.simulated}")
    return f"Download this view: {' · '.join(links)} (data: {source})"


def displayed(table: pd.DataFrame) -> pd.DataFrame:
    """The summary as it is read: numbers with their digits, a dash where there is none."""
    digits = {"Average MW": 1, "GWh": 3, "Share %": 1}

    def text(value: float, places: int) -> str:
        return "–" if math.isnan(value) else f"{round(value, places) + 0.0:,.{places}f}"  # + 0.0: no minus before zero

    texts = {name: [text(value, places) for value in table[name]] for name, places in digits.items()}
    return pd.DataFrame({"Fuel": table["Fuel"], **texts})
