"""Query → tidy frames for "Transmission". No figures and no widgets here."""

from dataclasses import dataclass

import pandas as pd

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import flows_adapter, transmission_adapter
from aemo_dashboard.shared.adapters import Loaded, spoken_window
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.flows_adapter import Flows, touching
from aemo_dashboard.shared.formulas import INTERCONNECTORS, average_mw, energy_mwh, time_weighted_price
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.status import sentences
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS

ALL = ""
"""The choice of every interconnector."""
NAN = float("nan")
LEAST_GAP = 0.5
"""A half hour [h]: less is only that the window ends within one."""


@dataclass(frozen=True)
class Lines:
    """The flows that are asked for, and what the reader has to know of them."""

    region: str
    flows: Flows
    notes: tuple[str, ...]

    @property
    def window(self) -> Window:
        """The window of the flows."""
        return self.flows.window

    @property
    def empty(self) -> bool:
        """True where no flow is stored."""
        return self.flows.rows.empty


def way(name: str) -> str:
    """``NSW1 → QLD1``: where a positive flow runs."""
    ends = INTERCONNECTORS.get(name)
    return "regions not known" if ends is None else f"{ends[0]} → {ends[1]}"


def load_lines(queries: QueryManager, asked: Asked, interconnector: str = ALL) -> Lines:
    """The flows of a region's interconnectors, or of one chosen by name, wherever it runs.

    Raises RequestError for a name that is neither known nor stored in the window.
    """
    window = window_of(queries, asked)
    flows = flows_adapter.load(queries, window)
    if interconnector == ALL:
        known = touching(asked.region, tuple(INTERCONNECTORS))
        wanted = touching(asked.region, flows.names)
    elif interconnector in INTERCONNECTORS or interconnector in flows.names:
        known = wanted = (interconnector,)
    else:
        raise RequestError(f"No flow of {interconnector!r} is stored {spoken_window(window)}.")
    mine = flows.only(wanted)
    notes = [*mine.notes, *gap_sentences(mine, known), *part_sentences(mine), *_strange_sentence(mine, asked.region)]
    return Lines(asked.region, mine, sentences([*notes, *last_day_sentence(window)]))


def gap_sentences(flows: Flows, known: tuple[str, ...]) -> list[str]:
    """Which interconnectors are absent, and how much of each other one is missing."""
    if flows.rows.empty:
        return [f"No interconnector flows {spoken_window(flows.window)}."]
    present = flows.names
    absent = [name for name in known if name not in present]
    said = [f"No flow of {', '.join(absent)} is stored {spoken_window(flows.window)}."] if absent else []
    by_name = flows.rows.groupby("interconnectorid")["hours"]
    if flows.window.resolution is DAILY:
        hours = flows.window.hours - by_name.sum()
        gaps = [
            f"{name} {hours[name]:,.1f} of {flows.window.hours:,.1f}" for name in present if hours[name] >= LEAST_GAP
        ]
        return [*said, f"Hours without flow: {', '.join(gaps)}."] if gaps else said
    expected = len(flows.window.stamps)
    counts = expected - by_name.size()
    gaps = [f"{name} {counts[name]:,} of {expected:,}" for name in present if counts[name]]
    return [*said, f"Intervals without flow: {', '.join(gaps)}."] if gaps else said


def part_sentences(flows: Flows) -> list[str]:
    """How many flows have no limit, loss or price beside them."""
    sums = flows.rows.groupby("interconnectorid")[["hours", "without_limits", "losses_hours", "difference_hours"]].sum()
    names = flows.names
    without = {name: int(sums["without_limits"][name]) for name in names if sums["without_limits"][name]}
    said = []
    if without:
        counts = ", ".join(f"{name} {count:,}" for name, count in without.items())
        said.append(f"Limits are not stored for {sum(without.values()):,} intervals ({counts}): no use is known there.")
    for key, what, among in (
        ("losses_hours", "Losses are not stored", names),
        ("difference_hours", "A price is missing", tuple(name for name in names if name in INTERCONNECTORS)),
    ):
        lost = {name: sums["hours"][name] - sums[key][name] for name in among}
        hours = ", ".join(f"{name} {value:,.1f} h" for name, value in lost.items() if value > 0.01)
        if hours:
            said.append(f"{what} for some of the flows: {hours}.")
    return said


def _strange_sentence(flows: Flows, region: str) -> list[str]:
    strange = [name for name in flows.names if name not in INTERCONNECTORS]
    if not strange:
        return []
    where = "" if region == NEM_REGION else " They are shown with every region."
    return [
        f"Which regions {', '.join(strange)} join is not known here: flow and limits are shown, but in no net import "
        f"and without a price difference.{where}"
    ]


def last_day_sentence(window: Window) -> list[str]:
    """At daily resolution, that the last day is a part of one."""
    if window.resolution is not DAILY or window.end == window.stamps[-1]:
        return []
    return [f"The last day is not over: its means are of the time to {spoken(window.end)} NEM time."]


def summary(flows: Flows) -> pd.DataFrame:
    """A row an interconnector over the window; energies in GWh, backward positive; NaN where nothing is known.

    interconnector, way, mean_mw, forward_gwh, backward_gwh, losses_gwh, high_hours, congested_hours, congested_share [%
    of the hours with limits], difference [$/MWh, mean over time], apart [$/MWh, mean |difference| over the congested
    hours], value [$M, Σ flow × difference × h], against_hours, against_gwh, against_value [$M].
    """
    rows = [_summary_row(name, rows.astype({"hours": "float64"})) for name, rows in flows.by_name.items()]
    return pd.DataFrame(rows, columns=list(_summary_row("", flows.rows.iloc[:0])))


def _summary_row(name: str, rows: pd.DataFrame) -> dict[str, object]:
    sums = rows.drop(columns=["settlementdate", "interconnectorid"]).sum()
    limits, prices = sums["limit_hours"] > 0, sums["difference_hours"] > 0
    return {
        "interconnector": name,
        "way": way(name),
        "mean_mw": average_mw(sums["forward_mwh"] + sums["backward_mwh"], sums["hours"]),
        "forward_gwh": sums["forward_mwh"] / 1000,
        "backward_gwh": -sums["backward_mwh"] / 1000,
        "losses_gwh": sums["losses_mwh"] / 1000 if sums["losses_hours"] > 0 else NAN,
        "high_hours": sums["high_hours"] if limits else NAN,
        "congested_hours": sums["congested_hours"] if limits else NAN,
        "congested_share": 100 * sums["congested_hours"] / sums["limit_hours"] if limits else NAN,
        "difference": time_weighted_price(rows["difference"], rows["difference_hours"]),
        "apart": sums["apart_dollar_hours"] / sums["apart_hours"] if sums["apart_hours"] > 0 else NAN,
        "value": sums["value"] / 1e6 if prices else NAN,
        "against_hours": sums["against_hours"] if prices else NAN,
        "against_share": 100 * sums["against_hours"] / sums["difference_hours"] if prices else NAN,
        "against_gwh": sums["against_mwh"] / 1000 if prices else NAN,
        "against_value": sums["against_value"] / 1e6 if prices else NAN,
    }


@dataclass(frozen=True)
class NetImport:
    """Net import by region.

    mw: one row a stamp of the window, one column a region [MW, import positive]; NaN where a flow is missing.
    table: a row a region: region, hours, import_gwh, export_gwh (positive), net_gwh, mean_mw.
    """

    window: Window
    mw: pd.DataFrame
    table: pd.DataFrame
    notes: tuple[str, ...]


def load_net_import(queries: QueryManager, asked: Asked) -> NetImport:
    """Net import of the asked region, or of all five."""
    window = window_of(queries, asked)
    regions = REGIONS if asked.region == NEM_REGION else (asked.region,)
    key = window.resolution.key
    loaded = {
        region: transmission_adapter.load_data(queries, window.start, window.end, key, region=region)
        for region in regions
    }
    known = {region: each for region, each in loaded.items() if not each.empty}
    mw = pd.DataFrame({region: each.frame.sum(axis=1, skipna=False) for region, each in known.items()}, window.stamps)
    notes = [note for each in loaded.values() for note in each.notes]
    absent = [region for region in regions if region not in known]
    if absent:
        notes.insert(0, f"No interconnector flows of {', '.join(absent)} {spoken_window(window)}.")
    gaps = _net_gaps(known, window)
    table = pd.DataFrame(
        [_net_row(region, each) for region, each in known.items()],
        columns=["region", "hours", "import_gwh", "export_gwh", "net_gwh", "mean_mw"],
    )
    return NetImport(window, mw, table, sentences([*notes, *gaps, *last_day_sentence(window)]))


def _net_gaps(known: dict[str, Loaded], window: Window) -> list[str]:
    if window.resolution is DAILY:
        gaps = [f"{region} {it.missing_hours:,.1f}" for region, it in known.items() if it.missing_hours >= LEAST_GAP]
        return [f"Hours without net import, of {window.hours:,.1f}: {', '.join(gaps)}."] if gaps else []
    gaps = [f"{region} {it.missing:,}" for region, it in known.items() if it.missing]
    return [f"Intervals without net import, of {len(window.stamps):,}: {', '.join(gaps)}."] if gaps else []


def _net_row(region: str, loaded: Loaded) -> dict[str, object]:
    """Import and export are split by stored interval: both may occur in one day."""
    frame, hours = loaded.frame, loaded.hours["Net import"]
    up, down = (
        float(sum(map(energy_mwh, frame[column].fillna(0.0), hours.fillna(0.0)))) / 1000
        for column in transmission_adapter.COLUMNS
    )
    return {
        "region": region,
        "hours": float(hours.sum()),
        "import_gwh": up,
        "export_gwh": -down,
        "net_gwh": up + down,
        "mean_mw": average_mw(1000 * (up + down), float(hours.sum())),
    }
