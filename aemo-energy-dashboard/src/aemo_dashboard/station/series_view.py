"""The view "Time series": MW on the left, the region's price on the right."""

import html
import re
from collections.abc import Sequence

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import price_adapter
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.lines import Area, Line, Pane, time_chart
from aemo_dashboard.shared.content import Chart, Content
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.theme import PRICE_COLOURS, UNIT_COLOURS, Theme
from aemo_dashboard.station.data import TOGETHER, Output, load_output, subject_of
from aemo_dashboard.station.registry import Unit
from aemo_dashboard.station.words import heading, notes

STACK, LINES, TOTAL = "stack", "lines", "total"
DRAWN = {"Units stacked": STACK, "Units as lines": LINES, "Total only": TOTAL}
PRICE_PLACES = {
    "Price right, log-like": "right-log",
    "Price right, linear": "right-linear",
    "Price below, log-like": "below-log",
    "Price below, linear": "below-linear",
}
HEIGHT, HEIGHT_ABOVE, PRICE_HEIGHT = 470, 400, 230
TOTAL_KEY, PRICE_KEY = "total_mw", "price"


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The chart of the window, with the newest numbers in words."""
    subject = subject_of(queries, asked, chosen)
    output = load_output(queries, subject, window_of(queries, asked))
    said = notes(output.notes)
    top = heading(subject, output.window, output.reporting, _latest(output))
    if output.mw.empty:
        return Content((top, said), f"Nothing of {subject.name} is stored in this window.")
    return Content((top, chart(queries, output, chosen.drawn, chosen.price, theme), said))


def _latest(output: Output) -> str:
    """The newest value in words, as HTML."""
    known = output.mw.get(TOGETHER, pd.Series(dtype="float64")).dropna()
    if known.empty:
        return ""
    stamp, price = known.index[-1], ""
    for region in output.price.columns:
        at = output.price[region].get(stamp)
        price = "" if at is None or pd.isna(at) else f" · {html.escape(str(region))} {at:,.2f} $/MWh"
    mean = "" if output.window.resolution.minutes == output.window.resolution.stored else "mean of the day to "
    return f"<br>{mean}{spoken(stamp.to_pydatetime())}: {known.iloc[-1]:,.1f} MW{price}"


def column_names(units: Sequence[Unit]) -> dict[str, str]:
    """A name for each DUID that is safe in files and tooltips: ``W/HOE#1`` → ``w_hoe_1``."""
    names: dict[str, str] = {}
    for unit in units:
        name = re.sub(r"[^a-z0-9]+", "_", unit.duid.lower()).strip("_") or "unit"
        while name in names.values():
            name += "_"
        names[unit.duid] = name
    return names


def chart(queries: QueryManager, output: Output, drawn: str, place: str, theme: Theme) -> Chart:
    """MW by unit and together, the price on the right or below. Sources: ``station-values``, ``station-lines-<n>``."""
    units = output.reporting
    names = column_names(units)
    frame = _frame(queries, output, names)
    daily = output.window.resolution.minutes == DAILY.minutes
    colours = {unit.duid: UNIT_COLOURS[number % len(UNIT_COLOURS)] for number, unit in enumerate(output.subject.units)}
    single = len(units) == 1
    only = units[0].duid if single else "Whole station"
    band = ("total_least_mw", "total_greatest_mw") if daily else (None, None)
    whole = Line(
        TOTAL_KEY,
        f"{only}, daily mean" if daily else only,
        colours[only] if single and drawn != STACK else theme.text,
        "MW",
        width=1.2 if drawn == STACK else 1.6,
        low=band[0],
        high=band[1],
    )
    areas: tuple[Area, ...] = ()
    lines: tuple[Line, ...] = (whole,)
    if drawn == STACK:
        areas = tuple(_area(unit, names[unit.duid], colours[unit.duid]) for unit in units)
    elif drawn == LINES and not single:
        each = (Line(f"{names[unit.duid]}_mw", unit.duid, colours[unit.duid], "MW") for unit in units)
        lines = (*each, whole)
    panes = _panes(output, lines, areas, place, theme, daily=daily)
    return time_chart("station", frame, output.window, theme, panes, shape=(output.subject.name, drawn, place))


def _panes(
    output: Output, lines: tuple[Line, ...], areas: tuple[Area, ...], place: str, theme: Theme, *, daily: bool
) -> tuple[Pane, ...]:
    side, _, kind = place.partition("-")
    scale = "log-like" if kind == "log" else "linear"
    colour = PRICE_COLOURS[theme.name]
    label = "$/MWh (log-like)" if scale == "log-like" else "$/MWh"
    if output.price.empty:
        return (Pane("MW", lines, height=HEIGHT, areas=areas),)
    name = f"{output.price.columns[0]} {'daily mean price' if daily else 'price'}"
    if side == "below":
        band = ("price_least", "price_greatest") if daily else (None, None)
        price = Line(PRICE_KEY, name, colour, "$/MWh", low=band[0], high=band[1])
        below = Pane(label, (price,), title=f"{name} [$/MWh]", height=PRICE_HEIGHT, price_scale=scale)
        return Pane("MW", lines, height=HEIGHT_ABOVE, areas=areas), below
    price = Line(PRICE_KEY, name, colour, "$/MWh")
    return (Pane("MW", lines, height=HEIGHT, areas=areas, right=(price,), right_label=label, right_scale=scale),)


def _area(unit: Unit, name: str, colour: str) -> Area:
    if len(unit.sides) == 1:
        return Area((f"{name}_mw",), unit.duid, colour, "MW")
    signs = ("discharge", "charge")
    keys, labels = tuple(f"{name}_{sign}_mw" for sign in signs), tuple(f"{unit.duid} {sign}" for sign in signs)
    return Area(keys, unit.duid, colour, "MW", labels)


def _frame(queries: QueryManager, output: Output, names: dict[str, str]) -> pd.DataFrame:
    """One row a stamp: units, their sum, and the price; with what a day's mean hides."""
    columns: dict[str, pd.Series] = {}
    for unit in output.reporting:
        name = names[unit.duid]
        columns[f"{name}_mw"] = output.mw[unit.duid]
        if len(unit.sides) > 1:
            columns[f"{name}_discharge_mw"] = output.discharge[unit.duid]
            columns[f"{name}_charge_mw"] = output.charge[unit.duid]
    columns[TOTAL_KEY] = output.mw[TOGETHER]
    daily = output.window.resolution.minutes == DAILY.minutes
    if daily:
        columns["total_least_mw"], columns["total_greatest_mw"] = output.least[TOGETHER], output.greatest[TOGETHER]
    for region in output.price.columns:
        columns[PRICE_KEY] = output.price[region]
        if daily:
            least, greatest = price_adapter.extremes(queries, output.window, str(region))
            columns["price_least"], columns["price_greatest"] = least[region], greatest[region]
    return pd.DataFrame(columns, index=output.window.stamps)
