"""The five regions and their interconnectors as a small map: prices, demand, flows and how much of a limit is used.

Drawn as SVG without a script. What is not known is written as a dash; nothing is said by colour alone.
"""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.nem_dash.flows import Flows
from aemo_dashboard.shared.formulas import LIMIT_MARKS
from aemo_dashboard.shared.tables import REGIONS
from aemo_dashboard.shared.theme import Theme

WIDTH, HEIGHT = 400, 462
HALF_WIDTH, HALF_HEIGHT = 55, 31
PLACES = {"QLD1": (240, 36), "NSW1": (240, 164), "VIC1": (240, 298), "SA1": (62, 298), "TAS1": (240, 426)}
LINK = "#2f7fc1"


@dataclass(frozen=True)
class Way:
    """How an interconnector is drawn: the shift of its line, and where its words stand."""

    shift: tuple[float, float]
    words: tuple[float, float]
    anchor: str


WAYS = {
    "N-Q-MNSP1": Way((-30, 0), (198, 86), "end"),
    "NSW1-QLD1": Way((30, 0), (282, 86), "start"),
    "VIC1-NSW1": Way((0, 0), (252, 217), "start"),
    "V-SA": Way((0, -15), (151, 240), "middle"),
    "V-S-MNSP1": Way((0, 15), (151, 333), "middle"),
    "T-V-MNSP1": Way((0, 0), (252, 348), "start"),
}


def network(flows: Flows, prices: Mapping[str, float], demand: Mapping[str, float], theme: Theme) -> str:
    """The map as HTML. ``prices`` [$/MWh] and ``demand`` [MW] by region; NaN or absent where not known."""
    drawn = "".join(
        _link(row, WAYS[str(row["interconnector"])], theme)
        for _, row in flows.rows.iterrows()
        if row["interconnector"] in WAYS
    )
    boxes = "".join(_box(region, prices.get(region), demand.get(region), theme) for region in REGIONS)
    legend = "".join(
        _text(8, 16 + 15 * number, line, 11, theme.quiet, "start")
        for number, line in enumerate(
            ("arrow: way of the flow", "%: of the limit in force", "▲ 80 %   ▲▲ 95 % or more")
        )
    )
    said = "Map of the five regions with prices, demand and interconnector flows"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}" '
        'style="display:block;width:100%;max-width:470px;margin:0 auto;font-family:inherit">'
        f"{legend}{drawn}{boxes}</svg>"
    )


def _text(x: float, y: float, said: str, size: float, colour: str, anchor: str = "middle", weight: int = 400) -> str:
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(said)}</text>'


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or math.isnan(value) else form.format(value).replace("$-", "−$").replace("-", "−")


def _box(region: str, price: float | None, demand: float | None, theme: Theme) -> str:
    x, y = PLACES[region]
    corner = f'x="{x - HALF_WIDTH}" y="{y - HALF_HEIGHT}" width="{2 * HALF_WIDTH}" height="{2 * HALF_HEIGHT}"'
    return (
        f'<rect {corner} rx="7" fill="{theme.page}" stroke="{theme.quiet}"/>'
        + _text(x, y - 14, region, 13, theme.text, weight=700)
        + _text(x, y + 4, _number(price, "${:,.2f}/MWh"), 13, theme.text)
        + _text(x, y + 21, _number(demand, "{:,.0f} MW"), 12, theme.quiet)
    )


def _link(row: "pd.Series", way: Way, theme: Theme) -> str:
    (x1, y1), (x2, y2) = _ends(str(row["origin"]), str(row["to"]), way.shift)
    mw, use = float(row["mw"]), float(row["use"])
    if mw < 0:
        (x1, y1), (x2, y2) = (x2, y2), (x1, y1)
    high = use >= 100 * LIMIT_MARKS[0]
    colour = theme.quiet if math.isnan(mw) else theme.warning if high else LINK
    width = 2 if math.isnan(mw) else 2 + min(abs(mw) / 300, 5)
    dash = ' stroke-dasharray="3 4"' if math.isnan(mw) else ""
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width:.1f}"{dash}/>'
    arrow = "" if math.isnan(mw) or mw == 0 else _arrow((x1, y1), (x2, y2), width, colour)
    mark = " ▲▲" if use >= 100 * LIMIT_MARKS[1] else " ▲" if high else ""
    older = "*" if row["late"] else ""
    x, y = way.words
    return (
        line
        + arrow
        + _text(x, y, str(row["interconnector"]), 11, theme.quiet, way.anchor)
        + _text(x, y + 14, f"{_number(abs(mw), '{:,.0f} MW')}{older}", 12.5, theme.text, way.anchor, 600)
        + _text(x, y + 28, f"{_number(use, '{:.0f} %')}{mark}", 12, theme.text, way.anchor)
    )


def _ends(origin: str, to: str, shift: tuple[float, float]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a line leaves one region's box and meets the other's."""
    (x1, y1), (x2, y2) = PLACES[origin], PLACES[to]
    if x1 == x2:
        down = 1 if y2 > y1 else -1
        return (x1 + shift[0], y1 + down * HALF_HEIGHT), (x2 + shift[0], y2 - down * HALF_HEIGHT)
    right = 1 if x2 > x1 else -1
    return (x1 + right * HALF_WIDTH, y1 + shift[1]), (x2 - right * HALF_WIDTH, y2 + shift[1])


def _arrow(start: tuple[float, float], end: tuple[float, float], width: float, colour: str) -> str:
    """A head in the middle of the line, towards its end."""
    length = math.dist(start, end)
    ahead = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
    across = (-ahead[1], ahead[0])
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    size = 7 + width / 2
    tip = (middle[0] + size * ahead[0], middle[1] + size * ahead[1])
    back = [
        (middle[0] - size * ahead[0] + s * size * across[0], middle[1] - size * ahead[1] + s * size * across[1])
        for s in (1, -1)
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *back))
    return f'<polygon points="{points}" fill="{colour}"/>'
