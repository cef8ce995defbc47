"""What the views of this page share: how columns and panes of an interconnector are named."""

import html
import re

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.content import Words
from aemo_dashboard.shared.flows_adapter import Flows
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.showing import paragraph
from aemo_dashboard.transmission.data import Lines, way


def safe(name: str) -> str:
    """An interconnector's name as a part of a column's or a block's name; different names stay different."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: f"_{ord(found[0]):x}", name)


def columns(flows: Flows, keys: dict[str, str], scale: dict[str, float] | None = None) -> pd.DataFrame:
    """Wide, on all stamps of the window: ``<drawn key>_<interconnector>`` from the rows' columns."""
    found = {}
    for name in flows.names:
        mine = flows.of(name)
        for drawn, key in keys.items():
            found[f"{drawn}_{safe(name)}"] = mine[key] * (scale or {}).get(key, 1.0)
    return pd.DataFrame(found, index=flows.window.stamps)


def title(name: str, unit: str) -> str:
    """``V-SA (VIC1 → SA1) [MW]``."""
    return f"{name} ({way(name)}) [{unit}]"


def heading(lines: Lines, said: str) -> Words:
    """Region, resolution and window in words, with one more sentence."""
    return Words("heading", f"{window_words(lines.region, lines.window)}{said}", looks.HEADING)


def window_words(region: str, window: Window) -> str:
    """HTML."""
    return (
        f"<b>{html.escape(region)}</b> · {window.resolution.name} data · "
        f"{spoken(window.start)} to {spoken(window.end)} NEM time"
    )


def notes(sentences: tuple[str, ...], *more: str) -> Words:
    """What is missing, then how the numbers are made."""
    return Words("notes", "".join(map(paragraph, (*sentences, *more))), looks.NOTES)


def stored_words(window: Window) -> str:
    """The length of the intervals that uses and signs are judged by."""
    return "half hour" if window.resolution.stored == 30 else "5-minute interval"


def per(window: Window) -> str:
    """What a point's mean is of, for the name of a line."""
    return "daily mean " if window.resolution is DAILY else ""
