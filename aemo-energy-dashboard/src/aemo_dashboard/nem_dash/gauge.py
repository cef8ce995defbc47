"""The renewable share as a half circle: how far it is filled now, with marks at the day's share and at the record.

Drawn as SVG without a script; every number stands beside it in words, so that nothing is said by colour alone.
"""

import html
import math

from aemo_dashboard.nem_dash.renewables import Moment, Renewables
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.theme import Theme, series_colour

WIDTH, HEIGHT, RADIUS, BAND = 420, 236, 128, 28
CENTRE_X, CENTRE_Y = WIDTH / 2, 198
DEFINITION = (
    "Share = (wind + solar + rooftop + hydro + biomass) ÷ (all generation + rooftop), positive values only; "
    "storage, loads and interconnectors in neither."
)


def percent(share: float) -> str:
    """``43.2 %``; a dash where it isn't known."""
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def _place(share: float, radius: float) -> tuple[float, float]:
    angle = math.pi * (1 - min(max(share, 0.0), 1.0))
    return CENTRE_X + radius * math.cos(angle), CENTRE_Y - radius * math.sin(angle)


def _arc(share: float, colour: str, name: str) -> str:
    x, y = _place(share, RADIUS)
    path = f"M {CENTRE_X - RADIUS:.1f} {CENTRE_Y} A {RADIUS} {RADIUS} 0 0 1 {x:.1f} {y:.1f}"
    return f'<path class="{name}" d="{path}" fill="none" stroke="{colour}" stroke-width="{BAND}"/>'


def _text(x: float, y: float, said: str, size: int, colour: str, anchor: str = "middle", weight: int = 400) -> str:
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(said)}</text>'


def _record_mark(share: float, theme: Theme) -> str:
    (x1, y1), (x2, y2) = _place(share, RADIUS - BAND / 2 - 5), _place(share, RADIUS + BAND / 2 + 7)
    x, y = _place(share, RADIUS + BAND / 2 + 12)
    anchor = "middle" if abs(share - 0.5) < 0.06 else ("start" if share > 0.5 else "end")
    line = f'<line class="record" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return (
        f'{line} stroke="{theme.text}" stroke-width="3.5"/>'
        + _text(x, y - 13, "record", 12, theme.quiet, anchor)
        + _text(x, y, percent(share), 13, theme.text, anchor, 600)
    )


def _day_mark(share: float, theme: Theme) -> str:
    x, y = _place(share, RADIUS - BAND / 2 - 11)
    diamond = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
    return f'<polygon class="day" points="{diamond}" fill="{theme.text}"/>'


def picture(found: Renewables, theme: Theme) -> str:
    """The half circle."""
    now, record = found.now, found.record.best
    said = f"Renewable share of {found.region}: now {percent(now.share)}, record {percent(record.share)}"
    parts = [_arc(1, theme.grid, "scale")]
    if not math.isnan(now.share):
        parts.append(_arc(now.share, series_colour("Wind"), "now"))
    if not math.isnan(found.day):
        parts.append(_day_mark(found.day, theme))
    if not math.isnan(record.share):
        parts.append(_record_mark(record.share, theme))
    parts += [
        _text(CENTRE_X, CENTRE_Y - 30, percent(now.share), 40, theme.text, weight=600),
        _text(CENTRE_X, CENTRE_Y - 6, "renewable now", 13, theme.quiet),
        _text(CENTRE_X - RADIUS, CENTRE_Y + 20, "0 %", 12, theme.quiet),
        _text(CENTRE_X + RADIUS, CENTRE_Y + 20, "100 %", 12, theme.quiet),
    ]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(said)}" '
        f'style="display:block;width:100%;max-width:{WIDTH}px;margin:0 auto;font-family:inherit">{"".join(parts)}</svg>'
    )


def lines(found: Renewables) -> list[str]:
    """The numbers in words, each with its interval."""
    record = found.record
    said = [_now_line(found.now)]
    said += [_latest_line(found)] if _tells_more(found) else []
    if math.isnan(found.day):
        said.append("◆ 24 hours: not known.")
    else:
        some = "" if found.day_hours > 24 - 1e-6 else f", over the {found.day_hours:.1f} h in which both are stored"
        said.append(f"◆ 24 hours: {percent(found.day)} of the energy{some}.")
    if record.best.end is None or record.since is None:
        return [*said, "▌ Record: not known; no half hour of output of known fuels and rooftop solar is stored."]
    stored = f"{record.counted:,} half hours, the first from {spoken(record.since)}"
    left_out = f"; {record.partial:,} in which far fewer units report than usual don't count" if record.partial else ""
    return [
        *said,
        f"▌ Record: {percent(record.best.share)} in the half hour to {spoken(record.best.end)}, "
        f"of all that is stored ({stored}{left_out}).",
    ]


def _now_line(now: Moment) -> str:
    if now.end is None:
        return "Now: not known; no half hour of these 24 hours has both output of known fuels and rooftop solar."
    return f"Now: {percent(now.share)} in the half hour to {spoken(now.end)}, the newest with rooftop solar."


def _tells_more(found: Renewables) -> bool:
    return found.latest.end is not None and (found.now.end is None or found.latest.end > found.now.end)


def _latest_line(found: Renewables) -> str:
    how = " with rooftop solar held at its last value: an estimate" if found.estimated else ""
    assert found.latest.end is not None
    return f"At {spoken(found.latest.end)}: {percent(found.latest.share)}{how}."


def gauge(found: Renewables, theme: Theme) -> str:
    """The picture and the words below it, as HTML."""
    region = f"<b>Renewable share, {html.escape(found.region)}</b> (times are NEM time)"
    said = "".join(f"<div>{html.escape(line)}</div>" for line in lines(found))
    return (
        f"<div>{region}</div>{picture(found, theme)}{said}"
        f'<div style="color:{theme.quiet};font-size:12px;margin-top:4px">{html.escape(DEFINITION)}</div>'
    )
