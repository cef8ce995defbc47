"""The view "Summary": the numbers of a station in a window, and of each of its units."""

import html
import math

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.content import Column, Content, Table, Words
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.theme import Theme
from aemo_dashboard.station.data import subject_of
from aemo_dashboard.station.summary import Figures, Flow, Summary, load_summary
from aemo_dashboard.station.words import heading, notes

DASH = "–"
CARDS = {"margin": "4px 6px"}
_GRID = "display:flex;flex-wrap:wrap;gap:8px"
_CARD = (
    "flex:1 1 150px;max-width:280px;padding:8px 12px;border-radius:6px;background:var(--nem-surface);"
    "color:var(--nem-text);border:1px solid var(--nem-line)"
)
_SMALL = "font-size:12px;color:var(--nem-quiet)"
_BIG = "font-size:18px;font-weight:600;margin:2px 0"

FIRST = (
    Column("name", "Unit", width=112),
    Column("fuel", "Fuel", width=84),
    Column("capacity", "Capacity [MW]", 1, 84),
)
OUT = (
    Column("energy", "Energy [GWh]", 3, 80),
    Column("revenue", "Revenue [$M]", 3, 84),
    Column("vwap", "VWAP [$/MWh]", 2, 80),
    Column("average", "Region average [$/MWh]", 2, 90),
    Column("capture", "Capture rate [%]", 1, 80),
)
FACTOR = (Column("factor", "Capacity factor [%]", 1, 84),)
RUNNING = (
    Column("operating", "Operating [h]", 1, 88),
    Column("starts", "Starts", 0, 66),
    Column("peak", "Peak [MW]", 1, 72),
    Column("peak_at", "Peak at (NEM time)", width=122),
)
TAKEN = (
    Column("consumed", "Consumed [GWh]", 3, 92),
    Column("cost", "Cost [$M]", 3, 72),
    Column("paid", "Paid [$/MWh]", 2, 80),
    Column("consuming", "Consuming [h]", 1, 94),
    Column("taking_starts", "Consuming starts", 0, 94),
    Column("taking_peak", "Greatest consumption [MW]", 1, 108),
)
STORED = (Column("efficiency", "Round trip [%]", 1, 76), Column("spread", "Spread [$/MWh]", 2, 80))
LAST = (Column("missing", "No data [h]", 1, 68), Column("unpriced", "No price [h]", 1, 68))


def show(queries: QueryManager, asked: Asked, chosen: Chosen, _: Theme) -> Content:
    """Key figures, the table by unit, and what each number means."""
    subject = subject_of(queries, asked, chosen)
    summary = load_summary(queries, subject, window_of(queries, asked))
    top = heading(subject, summary.window, summary.reporting)
    if summary.empty:
        return Content((top, notes(summary.notes)), f"Nothing of {subject.name} is stored in this window.")
    said = notes((*summary.notes, *meanings(summary)))
    return Content((top, Words("figures", cards(summary), CARDS), table(summary), said))


def table(summary: Summary) -> Table:
    """The whole, then a row a unit; of one unit only its own."""
    rows = list(summary.units) if len(summary.units) == 1 else [summary.whole, *summary.units]
    sells, buys, stores = kinds(summary)
    columns = (
        *FIRST,
        *(OUT if sells else OUT[3:4]),
        *FACTOR,
        *(RUNNING if sells else ()),
        *(TAKEN if buys else ()),
        *(STORED if stores else ()),
        *LAST,
    )
    frame = pd.DataFrame([_row(figures, summary.average) for figures in rows])
    return Table("summary", frame, columns, width=None)


def kinds(summary: Summary) -> tuple[bool, bool, bool]:
    """Whether anything of it sends out, takes, and stores."""
    whole = [summary.whole, *summary.units]
    stores = any(unit.stores for unit in summary.subject.units)
    return any(each.out for each in whole), any(each.taken for each in whole), stores


def _row(figures: Figures, average: float) -> dict[str, object]:
    out, taken = figures.out or Flow(), figures.taken or Flow()
    return {
        "name": figures.name,
        "fuel": figures.fuel,
        "capacity": figures.capacity_mw,
        "energy": out.mwh / 1000,
        "revenue": out.dollars / 1e6,
        "vwap": out.price,
        "average": average,
        "capture": 100 * figures.capture,
        "factor": 100 * figures.factor,
        "operating": out.hours,
        "starts": out.starts,
        "peak": out.peak_mw,
        "peak_at": DASH if out.peak_at is None else spoken(out.peak_at),
        "consumed": taken.mwh / 1000,
        "cost": taken.dollars / 1e6,
        "paid": taken.price,
        "consuming": taken.hours,
        "taking_starts": taken.starts,
        "taking_peak": taken.peak_mw,
        "efficiency": 100 * figures.efficiency,
        "spread": figures.spread,
        "missing": figures.hours_missing,
        "unpriced": figures.hours_unpriced,
    }


def _number(value: float, digits: int, unit: str) -> str:
    return DASH if math.isnan(value) else f"{value:,.{digits}f} {unit}".strip()


def _energy(mwh: float) -> str:
    return _number(mwh / 1000, 2, "GWh") if abs(mwh) >= 10_000 else _number(mwh, 1, "MWh")


def _money(dollars: float) -> str:
    sign = "−" if dollars < 0 else ""
    if math.isnan(dollars):
        return DASH
    return f"{sign}${abs(dollars) / 1e6:,.2f} M" if abs(dollars) >= 1e6 else f"{sign}${abs(dollars):,.0f}"


def _card(title: str, value: str, below: str = "") -> str:
    return (
        f'<div style="{_CARD}"><div style="{_SMALL}">{html.escape(title)}</div>'
        f'<div style="{_BIG}">{html.escape(value)}</div><div style="{_SMALL}">{html.escape(below)}</div></div>'
    )


def cards(summary: Summary) -> str:
    """The key figures as HTML; consumption and its cost are positive, under their own names."""
    whole, average = summary.whole, summary.average
    made: list[str] = []
    if whole.out is not None:
        made += _out_cards(whole, whole.out, average, stores=kinds(summary)[2])
    if whole.taken is not None:
        made += _taken_cards(whole, whole.taken)
    if kinds(summary)[2]:
        spread = "price of discharging less that of charging"
        made.append(_card("Round-trip efficiency", _number(100 * whole.efficiency, 1, "%"), "discharged ÷ charged"))
        made.append(_card("Spread", _number(whole.spread, 2, "$/MWh"), spread))
    if whole.out is not None and whole.taken is not None:
        made.append(_card("Revenue less cost", _money(whole.out.dollars - whole.taken.dollars)))
    return f'<div style="{_GRID}">{"".join(made)}</div>'


def _out_cards(whole: Figures, out: Flow, average: float, *, stores: bool) -> list[str]:
    against = f"region's average {_number(average, 2, '$/MWh')} · capture {_number(100 * whole.capture, 1, '%')}"
    return [
        _card("Discharged" if stores and whole.taken else "Energy", _energy(out.mwh)),
        _card("Revenue", _money(out.dollars)),
        _card("VWAP", _number(out.price, 2, "$/MWh"), against),
        _card("Capacity factor", _number(100 * whole.factor, 1, "%"), f"of {_number(whole.capacity_mw, 1, 'MW')}"),
        _card("Operating hours", _number(out.hours, 1, "h"), f"{_number(out.starts, 0, '')} starts"),
        _card("Peak", _number(out.peak_mw, 1, "MW"), _when(out)),
    ]


def _taken_cards(whole: Figures, taken: Flow) -> list[str]:
    factor = [] if whole.out is not None else [_card("Capacity factor", _number(100 * whole.factor, 1, "%"))]
    return [
        _card("Consumed", _energy(taken.mwh), f"in {_number(taken.hours, 1, 'h')}"),
        _card("Cost of consumption", _money(taken.dollars), f"at {_number(taken.price, 2, '$/MWh')}"),
        *factor,
        _card("Greatest consumption", _number(taken.peak_mw, 1, "MW"), _when(taken)),
    ]


def _when(flow: Flow) -> str:
    return "" if flow.peak_at is None else f"{spoken(flow.peak_at)} NEM time"


def meanings(summary: Summary) -> list[str]:
    """What each number of this table means, with the thresholds and the resolution that it was counted at."""
    step = f"{summary.window.resolution.stored}-minute"
    sells, buys, stores = kinds(summary)
    levels = ", ".join(f"{each.name} {_threshold(each)}" for each in summary.units)
    said = [
        f"Operating hours, starts and peaks are of {step} means. A unit runs above 1 % of its capacity and at least "
        f"0.5 MW ({levels}); a start is a rise above that from a known interval at or below it just before, so an "
        "interval after a gap is none. The station runs while any of its units does.",
        "Capacity factor: energy ÷ (registered capacity × hours of the window); time without data counts as no energy. "
        "The station's capacity is that of its units that report in the window and send out.",
        "VWAP: revenue ÷ energy over the intervals with a price. Region average: mean price over time. "
        "Capture rate: VWAP ÷ region average; none where that average is not above zero.",
    ]
    if sells:
        said.append("Energy is net of what a generator draws for itself. Revenue: MW × the region's price × hours.")
    if buys:
        said.append(
            "Consumption, its cost and what was paid for it are positive numbers; cost is negative at prices below 0."
        )
    if stores:
        said.append(
            "A battery's discharge and charge are split by 5-minute interval before they are summed. Its operating "
            "hours are those of discharging; efficiency is discharged ÷ charged energy of this window, with "
            "whatever was stored when it began."
        )
    return said


def _threshold(figures: Figures) -> str:
    return " / ".join(f"{threshold:,.1f} MW" for threshold in figures.thresholds)
