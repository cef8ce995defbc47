"""What the tab shows: the lines or the profiles of what is compared, the table of differences, and notes."""

import html
from dataclasses import replace

import pandas as pd

from aemo_dashboard.comparison import differences
from aemo_dashboard.comparison.parts import PRICE, Comparison
from aemo_dashboard.comparison.periods import periods
from aemo_dashboard.comparison.side_by_side import fuels, regions
from aemo_dashboard.comparison.stations import stations
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.curves import HOURS, Curve, curve_chart
from aemo_dashboard.shared.charts.elapsed import Elapsed, elapsed_chart
from aemo_dashboard.shared.charts.lines import Line, Pane, time_chart
from aemo_dashboard.shared.content import Chart, Content, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import DAILY
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.shared.status import sentences
from aemo_dashboard.shared.theme import Theme

HEIGHT = 400
BANDS_UP_TO = 2
"""Lines that keep the least and greatest of each day: more bands on each other say nothing."""


def compare(queries: QueryManager, asked: Asked, chosen: Chosen) -> Comparison:
    """What is chosen, in the window of the range."""
    window = window_of(queries, asked)
    if chosen.kind == "regions":
        return regions(queries, window, chosen.regions, chosen.measure)
    if chosen.kind == "fuels":
        return fuels(queries, window, asked.region, chosen.fuels)
    if chosen.kind == "stations":
        return stations(queries, window, chosen.stations, chosen.output)
    earlier = (chosen.earlier, chosen.first_day)
    return periods(queries, window, asked.region, *earlier, chosen.period_measure, chosen.period_fuel)


def show_time(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The view "Over time"."""
    comparison = compare(queries, asked, chosen)
    if comparison.empty:
        return _nothing(comparison)
    draw = elapsed if comparison.periods else over_time
    return _content(comparison, draw(comparison, chosen.scale, theme))


def show_profile(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The view "Time of day"."""
    comparison = compare(queries, asked, chosen)
    if comparison.empty:
        return _nothing(comparison)
    said = (*comparison.notes, *hours_missing(comparison))
    return _content(replace(comparison, notes=said), profile(comparison, theme))


def _content(comparison: Comparison, chart: Chart) -> Content:
    return Content((_heading(comparison), chart, differences.differences(comparison), _notes(comparison)))


def _nothing(comparison: Comparison) -> Content:
    name = comparison.measure.name.lower()
    return Content((_heading(comparison), _notes(comparison)), f"Nothing is stored of this {name} in this window.")


def _heading(comparison: Comparison) -> Words:
    window = comparison.window
    measure = comparison.measure
    when = f"{spoken(window.start)} to {spoken(window.end)} NEM time"
    when = f"{window.hours:,.1f} hours each, the first {when}" if comparison.periods else when
    text = f"{html.escape(comparison.what)} · {window.resolution.name} data · {when}"
    return Words("heading", f"<b>{measure.name} [{measure.unit}]</b> of {text}", looks.HEADING)


def _notes(comparison: Comparison) -> Words:
    return Words("notes", "".join(map(paragraph, sentences(differences.notes(comparison)))), looks.NOTES)


def _keys(comparison: Comparison) -> list[str]:
    """Columns of the sources: ``value_0`` is the first part's."""
    return [f"value_{number}" for number in range(len(comparison.parts))]


def _lines(comparison: Comparison, bands: bool = False) -> tuple[Line, ...]:
    unit = comparison.measure.unit
    return tuple(
        Line(
            key,
            part.name,
            part.colour,
            unit,
            part.dash,
            low=f"{key}_least" if bands and part.least is not None else None,
            high=f"{key}_greatest" if bands and part.greatest is not None else None,
        )
        for key, part in zip(_keys(comparison), comparison.parts, strict=True)
    )


def _label(comparison: Comparison, scale: str) -> str:
    unit = comparison.measure.unit
    return f"{unit} (log-like)" if comparison.measure is PRICE and scale == "log-like" else unit


def over_time(comparison: Comparison, scale: str, theme: Theme) -> Chart:
    """A line a part over the window. Source: ``comparison-values`` with ``value_0`` …"""
    window = comparison.window
    bands = window.resolution is DAILY and len(comparison.parts) <= BANDS_UP_TO
    lines = _lines(comparison, bands)
    columns = {}
    for line, part in zip(lines, comparison.parts, strict=True):
        columns[line.key] = part.values
        if line.low is not None and line.high is not None and part.least is not None and part.greatest is not None:
            columns[line.low] = part.least.fillna(part.values)
            columns[line.high] = part.greatest.fillna(part.values)
    price = scale if comparison.measure is PRICE else None
    pane = Pane(_label(comparison, scale), lines, height=HEIGHT, price_scale=price)
    frame = pd.DataFrame(columns, index=window.stamps)
    chart = time_chart("comparison", frame, window, theme, (pane,), shape=comparison.measure)
    headings = {line.key: line.name for line in lines}
    headings |= {line.low: f"{line.name} least" for line in lines if line.low is not None}
    headings |= {line.high: f"{line.name} greatest" for line in lines if line.high is not None}
    unit = comparison.measure.unit
    named = frame.rename(columns={key: f"{words} [{unit}]" for key, words in headings.items()})
    return replace(chart, exported=named.rename_axis("settlementdate").reset_index())


def elapsed(comparison: Comparison, scale: str, theme: Theme) -> Chart:
    """A line a period over the time since its start. Source: ``comparison-values`` with ``value_0`` …"""
    window = comparison.window
    since = window.stamps - pd.Timestamp(window.start)
    keys = _keys(comparison)
    frame = pd.DataFrame(
        {key: part.values.to_numpy() for key, part in zip(keys, comparison.parts, strict=True)}, index=since
    )
    axis = Elapsed(window.end - window.start, window.resolution.step)
    price = scale if comparison.measure is PRICE else None
    return elapsed_chart(
        "comparison",
        frame,
        axis,
        _lines(comparison),
        theme,
        y_label=_label(comparison, scale),
        price_scale=price,
        height=HEIGHT,
        shape=comparison.measure,
    )


def _by_hour(comparison: Comparison) -> list[pd.Series]:
    """Each part's means by hour of the day."""
    if comparison.window.resolution.minutes == DAILY.minutes:
        by_hour = comparison.hours_of_day()
        return [by_hour[part.name] for part in comparison.parts]
    return [part.by_hour(window) for part, window in zip(comparison.parts, comparison.windows, strict=True)]


def hours_missing(comparison: Comparison) -> list[str]:
    """What is to be said where days are made of 5-minute intervals: their hours are of half hours only."""
    pairs = zip(comparison.parts, _by_hour(comparison), strict=True)
    names = [part.name for part, values in pairs if not part.empty and values.isna().all()]
    if not names:
        return []
    return [f"{', '.join(names)}: half hours are not stored, so there are no means by hour at daily resolution."]


def profile(comparison: Comparison, theme: Theme) -> Chart:
    """Means by hour of the day. Sources: ``profile-value_0`` … with ``x``, the hour, and ``y``."""
    values = _by_hour(comparison)
    curves = [
        Curve(key, part.name, part.colour, part.dash)
        for key, part in zip(_keys(comparison), comparison.parts, strict=True)
    ]
    unit = comparison.measure.unit
    return curve_chart(
        "profile",
        list(zip(curves, values, strict=True)),
        theme,
        unit=unit,
        x_label=HOURS,
        x_bounds=(0, 23),
        y_label=f"{unit}, mean of the hour",
        height=HEIGHT,
        shape=comparison.measure,
    )
