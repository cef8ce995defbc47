"""Headings, cards and sentences of the summary."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.content import Words
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.summary.data import UNPLACED, Summary
from aemo_dashboard.summary.figures import Figures, generation
from aemo_dashboard.summary.periods import Period

DASH = "–"
TABLE_NAMES = {
    "scada30": "generation",
    "prices30": "prices",
    "regions30": "demand",
    "rooftop30": "rooftop solar",
}
NOT_THE_RANGE = "The range on the left is not used here: a summary is of a calendar month or year."
GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));gap:8px;margin:2px 0 6px"
CARD = "background:var(--nem-surface);border:1px solid var(--nem-line);border-radius:6px;padding:8px 12px"
LABEL = "font-size:12px;color:var(--nem-quiet)"
BIG = "font-size:20px;font-weight:600;color:var(--nem-text);margin:1px 0"
LIST = "font-size:13px;color:var(--nem-text);margin:2px 0;display:grid;grid-template-columns:auto auto;gap:0 10px"


@dataclass(frozen=True)
class Card:
    """A number to read off: its label, itself with its unit (or a few by name), and what goes with it."""

    label: str
    value: str | Mapping[str, str]
    below: str = ""

    def html(self) -> str:
        """All of it escaped."""
        if isinstance(self.value, str):
            value = f'<div style="{BIG}">{html.escape(self.value)}</div>'
        else:
            right = "text-align:right;font-variant-numeric:tabular-nums"
            cells = "".join(
                f'<span>{html.escape(name)}</span><span style="{right}">{html.escape(text)}</span>'
                for name, text in self.value.items()
            )
            value = f'<div style="{LIST}">{cells}</div>'
        label, below = html.escape(self.label), html.escape(self.below)
        return f'<div style="{CARD}"><div style="{LABEL}">{label}</div>{value}<div style="{LABEL}">{below}</div></div>'


def cards(given: Sequence[Card]) -> Words:
    """The cards in rows that fit the page."""
    return Words("cards", f'<div style="{GRID}">{"".join(card.html() for card in given)}</div>', looks.HEADING)


def number(value: float, digits: int = 0) -> str:
    """``1,234.5``, ``−3``; a dash for NaN."""
    if math.isnan(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.replace("-", "")


def quantity(value: float, unit: str, digits: int = 0) -> str:
    """``1,234.5 GWh``; a dash for NaN, without a unit."""
    return number(value, digits) if math.isnan(value) else f"{number(value, digits)} {unit}"


def signed(value: float, digits: int = 1) -> str:
    """``+1.2``, ``−3.4``; a dash for NaN."""
    return number(value, digits) if math.isnan(value) or round(value, digits) <= 0 else f"+{number(value, digits)}"


def dollars(value: float) -> str:
    """``$97.12``, ``−$1,000.00``; a dash for NaN."""
    if math.isnan(value):
        return DASH
    return f"{'−' if value < 0 else ''}${abs(value):,.2f}"


def when(moment: object) -> str:
    """``2026-08-31 18:00``; a dash for none."""
    return DASH if not isinstance(moment, datetime) or pd.isna(moment) else spoken(moment)


def heading(region: str, what: str, aside: str = NOT_THE_RANGE) -> Words:
    """What is shown, and that the frame's range isn't."""
    text = f"<b>{html.escape(region)}</b> · {html.escape(what)} · 30-minute data<br>{html.escape(aside)}"
    return Words("heading", text, looks.HEADING)


def notes(*sentences: str) -> Words:
    """Sentences below everything."""
    return Words("notes", "".join(map(paragraph, dict.fromkeys(sentences))), looks.NOTES)


def gap_sentences(figures: Figures) -> list[str]:
    """Which hours of the period hold no data, and what is in no sum."""
    summary, period, table = figures.summary, figures.period, figures.by_region
    kinds = {
        "generation": "generation_hours",
        "rooftop solar": "rooftop_hours",
        "prices": "price_hours",
        "demand": "demand_hours",
    }
    rows = table.loc[list(summary.regions)]
    sentences = []
    for kind, column in kinds.items():
        lost = period.hours - rows[column].fillna(0.0)
        gaps = ", ".join(f"{region} {number(hours, 1)}" for region, hours in lost.items() if hours >= 0.5)
        if (lost == period.hours).all():
            sentences.append(_none(kind, summary))
        elif gaps:
            sentences.append(f"Hours of {period.title} without {kind}, of {number(period.hours, 1)}: {gaps}.")
    return [*sentences, *_unplaced(summary), *_unpriced(summary)]


def _none(kind: str, summary: Summary) -> str:
    title = summary.period.title
    if kind == "generation" and len(summary.energy):  # of units whose region nobody knows
        return f"No generation of units that are known to be in a region is stored for {title}."
    return f"No {kind} {'are' if kind == 'prices' else 'is'} stored for {title}."


def _unplaced(summary: Summary) -> list[str]:
    rows = summary.energy[summary.energy["region"] == UNPLACED]
    if rows.empty:
        return []
    gwh = number(float(rows["mwh"].sum()) / 1000, 1)
    return [f"Units in no registration list made {gwh} GWh: in the NEM's sums as Unknown, in no region's."]


def _unpriced(summary: Summary) -> list[str]:
    rows = generation(summary.energy)
    rows = rows[rows["region"] != UNPLACED]
    lost = float((rows["mwh"] - rows["priced_mwh"]).sum()) / 1000
    if summary.prices.empty or abs(lost) < 0.05:
        return []
    return [f"{number(lost, 1)} GWh of generation have no price and are in no revenue."]


def before_sentences(period: Period, before: Figures | None, late: Sequence[str]) -> list[str]:
    """What the comparison with the year before is made of, and what it lacks."""
    old = period.year_before()
    if before is None:
        return [f"{old.title} is not compared: it is not stored from its beginning."]
    sentences = [f"Compared with {old.spoken}, the same days and hours." if period.running else ""]
    if late:
        names = ", ".join(TABLE_NAMES[table] for table in late)
        sentences.append(f"Of {old.title} is left out what is not stored from its beginning: {names}.")
    if before.period.hours != period.hours:
        sentences.append(f"{old.title} has {number(before.period.hours)} hours, {period.title} {number(period.hours)}.")
    return [sentence for sentence in [*sentences, *gap_sentences(before)] if sentence]
