"""Net import of a region from the metered flows of its interconnectors. The five regions sum to zero: NEM has none."""

from datetime import datetime

import pandas as pd

from aemo_dashboard.shared import adapters
from aemo_dashboard.shared.adapters import Availability, Loaded, filled
from aemo_dashboard.shared.formulas import net_import_signs, unplaced_interconnectors
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window

COLUMNS = ("Net import", "Net export")


def load_data(
    queries: QueryManager, start: datetime, end: datetime, resolution: str = "auto", *, region: str
) -> Loaded:
    """``Net import`` (0 or more) and ``Net export`` (0 or less) [MW], split by interval before any averaging."""
    return load_window(queries, Window.of(start, end, resolution), region)


def load_window(queries: QueryManager, window: Window, region: str) -> Loaded:
    """The same of a window, also of one with more points than a browser should get."""
    loaded = filled(_load(queries, window, region), lambda other: _load(queries, other, region), "Net import")
    strange = unplaced_interconnectors(
        queries.frame(
            "interconnectors", {"transmission": window.source("transmission")}, start=window.start, end=window.end
        )["interconnectorid"]
    )
    if not strange:
        return loaded
    note = f"Flows of {', '.join(strange)} are stored, but which regions they join is not known here: in no net import."
    return Loaded(loaded.frame, loaded.hours, loaded.window, (*loaded.notes, note))


def extremes(queries: QueryManager, window: Window, region: str) -> pd.DataFrame:
    """``least_mw``, ``greatest_mw``: of the net imports behind each point [MW]; NaN where none is stored."""
    return _rows(queries, window, region)[["least_mw", "greatest_mw"]].reindex(window.stamps).astype("float64")


def _rows(queries: QueryManager, window: Window, region: str) -> pd.DataFrame:
    signs = net_import_signs(region)
    return queries.frame(
        "net_import",
        {"transmission": window.source("transmission")},
        interconnectors=list(signs),
        signs=list(signs.values()),
        **window.values(),
    ).set_index("settlementdate")


def _load(queries: QueryManager, window: Window, region: str) -> Loaded:
    signs = net_import_signs(region)
    frame = _rows(queries, window, region)
    notes = []
    absent = set(signs) - set(str(frame["parts"].iloc[0]).split(",")) if len(frame) else set()
    if absent:
        notes.append(f"Net import of {region} is without {', '.join(sorted(absent))}: no flow is stored.")
    if len(frame) and (partly := frame["partly"].iloc[0]) and pd.notna(partly):
        notes.append(
            f"Net import of {region} is made of flows that are not stored over all of the window: {partly} (NEM time); "
            "outside these it is that of the others."
        )
    if left_out := int(frame["incomplete"].sum()):
        notes.append(f"Net import of {region} is left out in {left_out} intervals where a flow is missing.")
    on_grid = frame.reindex(window.stamps)
    split = pd.DataFrame({"Net import": on_grid["above_mw"], "Net export": on_grid["below_mw"]}, dtype="float64")
    hours = pd.DataFrame(dict.fromkeys(COLUMNS, on_grid["hours"].where(on_grid["mw"].notna())), dtype="float64")
    return Loaded(split, hours, window, tuple(notes))


def get_latest_data(queries: QueryManager, hours: float, *, region: str) -> Loaded:
    """The last ``hours`` of net import."""
    window = adapters.latest_window(queries, ("transmission5", "transmission30"), hours)
    return load_data(queries, window.start, window.end, region=region)


def check_data_availability(queries: QueryManager, start: datetime, end: datetime) -> tuple[Availability, ...]:
    """What is stored of the window at each resolution."""
    return tuple(adapters.availability(queries, table, start, end) for table in ("transmission5", "transmission30"))
