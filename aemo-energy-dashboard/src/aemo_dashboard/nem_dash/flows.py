"""Interconnectors: metered flow, the limit in force and how much of it is used, marked in words where it is much."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.formulas import (
    INTERCONNECTORS,
    LIMIT_MARKS,
    congestion_hours,
    limit_in_force,
    limit_use,
    unplaced_interconnectors,
)
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Window

HIGH, FULL = (f"{100 * mark:.0f} %" for mark in LIMIT_MARKS)
COLUMNS = (
    Column("interconnector", "Interconnector", width=118),
    Column("path", "From → to", width=112),
    Column("mw", "Flow [MW]", 0, 66),
    Column("limit_mw", "Limit [MW]", 0, 66),
    Column("use", "Use [%]", 0, 56),
    Column("mark", "Mark", width=104),
    Column("full_hours", "Congested in 24 h [h]", 1, 96),
    Column("at", "Interval [NEM time]", width=126),
)


@dataclass(frozen=True)
class Flows:
    """The interconnectors in the window.

    rows: one each, the known first: interconnector, path, origin, to (None for unknown ones), mw [MW, positive
    origin → to], limit_mw [MW, signed], use [%], mark, full_hours [h], at, late; NaN where nothing is stored.
    """

    window: Window
    rows: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """True where no flow is stored in the window."""
        return bool(self.rows["mw"].isna().all())


def load_flows(queries: QueryManager, window: Window) -> Flows:
    """The newest stored interval of each interconnector in the window, and its 24 hours."""
    notes: list[str] = []
    for resolution in (FIVE, THIRTY):
        at = Window(window.start, window.end, resolution)
        sources = {"transmission": at.source("transmission")}
        stored = queries.frame("interconnector_flows", sources, start=at.start, end=at.end)
        if not stored.empty:
            break
    if stored.empty:
        notes.append("No interconnector flow is stored in these 24 hours.")
    elif at.resolution is THIRTY:
        notes.append("Interconnectors: no 5-minute interval of these 24 hours is stored, so half hours are shown.")
    strange = unplaced_interconnectors(stored["interconnectorid"])
    newest = stored["settlementdate"].max()
    by_name = {str(name): rows for name, rows in stored.groupby("interconnectorid")}
    names = (*INTERCONNECTORS, *strange)
    rows = [_row(name, by_name.get(name, stored.iloc[:0]), at, newest) for name in names]
    if strange:
        notes.append(
            f"Warning: which regions {', '.join(strange)} joins is not known here. It is listed, not on the map."
        )
    silent = [name for name in INTERCONNECTORS if name not in by_name]
    if silent and not stored.empty:
        notes.append(f"No flow of {', '.join(silent)} is stored in these 24 hours.")
    late = [f"{row['interconnector']} {row['at']}" for row in rows if row["late"]]
    if late:
        notes.append(f"Older than {spoken(newest)} is the newest flow of {', '.join(late)}.")
    return Flows(at, pd.DataFrame(rows), tuple(notes))


def _row(name: str, stored: pd.DataFrame, window: Window, newest: datetime) -> dict[str, object]:
    origin, to = INTERCONNECTORS.get(name, (None, None))
    row: dict[str, object] = {"interconnector": name, "origin": origin, "to": to, "at": "", "late": False}
    row["path"] = f"{origin} → {to}" if origin else "not known"
    row |= dict.fromkeys(("mw", "limit_mw", "use", "full_hours"), float("nan"))
    if stored.empty:
        return row | {"mark": "no flow stored"}
    limits = (stored["mw"], stored["export_mw"].astype("float64"), stored["import_mw"].astype("float64"))
    use = limit_use(*limits)
    hours = pd.Series(window.resolution.hours, index=stored.index)
    last = stored.iloc[-1]
    row |= {"mw": float(last["mw"]), "limit_mw": float(limit_in_force(*limits).iloc[-1])}
    row |= {"use": 100 * float(use.iloc[-1]), "mark": mark_of(float(use.iloc[-1]))}
    row |= {"full_hours": congestion_hours(use, hours) if use.notna().any() else float("nan")}
    row |= {"at": spoken(last["settlementdate"]), "late": bool(last["settlementdate"] < newest)}
    return row if origin else row | {"mark": f"⚠ unknown {row['mark']}".strip()}


def mark_of(use: float) -> str:
    """What a use of the limit in force [0 …] is called; empty below the first mark."""
    if pd.isna(use):
        return "no limit stored"
    if use >= LIMIT_MARKS[1]:
        return "▲▲ congested"
    return "▲ high" if use >= LIMIT_MARKS[0] else ""


def flow_table(flows: Flows) -> Table:
    """The rows with what a reader needs of them."""
    return Table("interconnectors", flows.rows, COLUMNS, sortable=False)
