"""The view "Time of day": mean MW and mean price by hour of the day."""

import pandas as pd

from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.charts.curves import HOURS, Curve, curve_chart
from aemo_dashboard.shared.content import Chart, Content
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import PRICE_COLOURS, SERIES_COLOURS, UNIT_COLOURS, Theme
from aemo_dashboard.shared.unit_adapter import reading_sources
from aemo_dashboard.station.data import TOGETHER, Subject, hours_together, stored_window, subject_of
from aemo_dashboard.station.registry import Unit
from aemo_dashboard.station.words import heading, notes

DAY = pd.RangeIndex(24, name="hour")
BOUNDS = (0.0, 23.0)
MEANING = (
    "Each hour is that of an interval's start: hour 18 is 18:00 to 19:00 NEM time. Means are over the time that holds "
    "data; the station's is that of the sum of its units, interval by interval."
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """Two pictures over the hours of the day."""
    subject = subject_of(queries, asked, chosen)
    window, said = stored_window(
        window_of(queries, asked), queries, lambda other: hours_together(output_by_hour(queries, subject, other))
    )
    hours = output_by_hour(queries, subject, window)
    price = price_by_hour(queries, subject, window)
    top = heading(subject, window, _reporting(subject, hours), _extremes(hours))
    if hours.empty:
        return Content((top, notes(said)), f"Nothing of {subject.name} is stored in this window.")
    blocks: list[Chart] = [_mw_chart(subject, hours, theme)]
    if price.notna().any():
        blocks.append(_price_chart(subject, price, theme))
        without = []
    else:
        region = subject.station.region
        without = [f"No price of {region} in this window." if region else "No price: the region is not known."]
    return Content((top, *blocks, notes((*said, *without, MEANING))))


def output_by_hour(queries: QueryManager, subject: Subject, window: Window) -> pd.DataFrame:
    """duid (``TOGETHER`` for the sum), hour (0 … 23, of the interval's start), mw, above_mw [mean MW], hours [h]."""
    return queries.frame(
        "station_hours",
        reading_sources(window),
        duids=subject.duids,
        start=window.start,
        end=window.end,
        step=window.resolution.stored,
    )


def price_by_hour(queries: QueryManager, subject: Subject, window: Window) -> pd.Series:
    """The region's mean price by hour of the day [$/MWh]; NaN where there is none."""
    frame = queries.frame(
        "price_hours",
        {"prices": window.source("prices")},
        region=subject.station.region or "",
        start=window.start,
        end=window.end,
        step=window.resolution.stored,
    )
    return frame.set_index("hour")["rrp"].reindex(DAY).astype("float64")


def _by_hour(hours: pd.DataFrame, duid: str, column: str = "mw") -> pd.Series:
    return hours[hours["duid"] == duid].set_index("hour")[column].reindex(DAY).astype("float64")


def _reporting(subject: Subject, hours: pd.DataFrame) -> list[Unit]:
    return [unit for unit in subject.units if (hours["duid"] == unit.duid).any()]


def _mw_chart(subject: Subject, hours: pd.DataFrame, theme: Theme) -> Chart:
    reporting = _reporting(subject, hours)
    whole = reporting[0].duid if len(reporting) == 1 else "Whole station"
    total, above = _by_hour(hours, TOGETHER), _by_hour(hours, TOGETHER, "above_mw")
    curves = [(Curve("total", whole, theme.text, width=2.6), total)]
    if any(unit.stores for unit in reporting):
        colour = SERIES_COLOURS["Battery discharge"]
        curves.append((Curve("discharge", f"{whole}, sent out", colour, "dashed"), above))
        curves.append((Curve("charge", f"{whole}, taken", colour, "dotted"), total - above))
    if len(reporting) > 1:
        for number, unit in enumerate(reporting):
            colour = UNIT_COLOURS[subject.units.index(unit) % len(UNIT_COLOURS)]
            curves.append((Curve(f"unit-{number}", unit.duid, colour), _by_hour(hours, unit.duid)))
    return curve_chart(
        "profile",
        curves,
        theme,
        unit="MW",
        x_label=HOURS,
        x_bounds=BOUNDS,
        title="Mean output by hour of day [MW]",
        height=360,
        shape=subject.name,
    )


def _price_chart(subject: Subject, price: pd.Series, theme: Theme) -> Chart:
    name = f"{subject.station.region} price"
    return curve_chart(
        "price",
        [(Curve("price", name, PRICE_COLOURS[theme.name]), price)],
        theme,
        unit="$/MWh",
        x_label=HOURS,
        x_bounds=BOUNDS,
        title=f"Mean {name} by hour of day [$/MWh]",
        height=230,
        shape=subject.name,
    )


def _extremes(hours: pd.DataFrame) -> str:
    """The hours with the greatest and the least mean, in words."""
    total = _by_hour(hours, TOGETHER).dropna()
    if total.empty:
        return ""
    said = [
        f"{what} {total.iloc[row]:,.1f} MW from {total.index[row]:02d}:00 to {(int(total.index[row]) + 1) % 24:02d}:00"
        for what, row in (("Most", int(total.argmax())), ("least", int(total.argmin())))
    ]
    return f"<br>{', '.join(said)} on average"
