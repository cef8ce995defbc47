"""The arithmetic of the market, once. Pure functions; units are in the names; hours come from the data's resolution.

Series that go together have one index. Missing values are NaN: a gap is a row of NaN, never an absent row.

References: AEMO, "NEMWEB" dispatch tables (METEREDMWFLOW runs from → to), NER 3.8.21 (settlement by trading interval);
R. Henderson (1916), "Note on graduation by adjusted average".
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pandas as pd

Quantity = TypeVar("Quantity", float, pd.Series)

RENEWABLE_FUELS = ("Wind", "Solar", "Rooftop Solar", "Hydro", "Biomass")
ROOFTOP_FUEL = "Rooftop Solar"
UNKNOWN_FUEL = "Unknown"
"""Of units whose fuel nobody knows: they are in no registration list, or in one that doesn't say it."""
NOT_GENERATION = (  # each by its name as a whole and by those of its two signs
    *("Battery Storage", "Battery discharge", "Battery charge"),
    *("Load", "Net import", "Net export"),
)

INTERCONNECTORS = {  # (from, to): a positive flow leaves the first region and enters the second
    "NSW1-QLD1": ("NSW1", "QLD1"),
    "N-Q-MNSP1": ("NSW1", "QLD1"),
    "VIC1-NSW1": ("VIC1", "NSW1"),
    "V-SA": ("VIC1", "SA1"),
    "V-S-MNSP1": ("VIC1", "SA1"),
    "T-V-MNSP1": ("TAS1", "VIC1"),
}

PRICE_BANDS = {  # label: [from, to) in $/MWh, half-open and without a gap
    "Below $0": (float("-inf"), 0.0),
    "$0 to $300": (0.0, 300.0),
    "$300 to $1,000": (300.0, 1_000.0),
    "$1,000 and above": (1_000.0, float("inf")),
}

LIMIT_MARKS = (0.80, 0.95)  # shares of the limit in force at which a flow is marked as high and as congested
CONGESTED_FROM = LIMIT_MARKS[-1]

RUNNING_SHARE, RUNNING_LEAST_MW = 0.01, 0.5  # our definition of a unit that runs, see running_threshold_mw

LEAST_PRICED_MWH = 0.5  # what tables show as 0.000 GWh has no price

ROOFTOP_HOLD_MINUTES = 25  # a half hour without a successor reaches as far as interpolation would have


def energy_mwh(mw: Quantity, hours: Quantity) -> Quantity:
    """Energy of a mean power over a time [MWh]; of numbers, or of two series of one index."""
    return mw * hours


def revenue_dollars(mw: float, dollars_per_mwh: float, hours: float) -> float:
    """Value of a mean power at a price over a time [$]."""
    return mw * dollars_per_mwh * hours


def average_mw(mwh: float, hours: float) -> float:
    """Mean power of an energy over the hours that hold data [MW]; NaN without hours."""
    return mwh / hours if hours > 0 else float("nan")


def vwap_dollars_per_mwh(mw: pd.Series, dollars_per_mwh: pd.Series) -> float:
    """Volume-weighted average price, Σ(MW·price) ÷ Σ MW, over the equally long intervals that have both [$/MWh]."""
    both = mw.notna() & dollars_per_mwh.notna()
    volume = float(mw[both].sum())
    return float((mw[both] * dollars_per_mwh[both]).sum()) / volume if volume else float("nan")


def price_of(revenue_dollars: float, mwh: float) -> float:
    """VWAP from sums, Σ$ ÷ Σ MWh, of one unit or a group [$/MWh]; charging has both negative.

    NaN below ``LEAST_PRICED_MWH``, of either sign: auxiliary load and output that all but cancel leave no energy that a
    price would be of.
    """
    return revenue_dollars / mwh if abs(mwh) >= LEAST_PRICED_MWH else float("nan")


def time_weighted_price(dollars_per_mwh: pd.Series, hours: pd.Series) -> float:
    """Average price over time, Σ(price·h) ÷ Σ h, whatever the volume [$/MWh]; over the known prices, NaN without."""
    return weighted_mean(dollars_per_mwh, hours)


def weighted_mean(values: pd.Series, weights: pd.Series) -> float:
    """Σ(value·weight) ÷ Σ weight over the rows that have both; with hours as weights: over time. NaN without."""
    known = weights.where(values.notna())
    total = float(known.sum())
    return float((values * known).sum()) / total if total > 0 else float("nan")


def change_percent(value: float, first: float) -> float:
    """How far a value lies above another one, in % of the latter's size, so that a fall is negative below zero, too.

    NaN where the other one is zero or either is missing.
    """
    return 100 * (value - first) / abs(first) if first else float("nan")


def correlation(one: pd.Series, other: pd.Series) -> float:
    """Pearson's, over the rows that have both [−1 … 1]; NaN with fewer than three of them, or where one never moves."""
    both = one.notna() & other.notna()
    a, b = one[both].to_numpy("float64"), other[both].to_numpy("float64")
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def capture_rate(vwap: float, average: float) -> float:
    """VWAP ÷ time-weighted average price [both $/MWh → 0 …]; NaN where the average is not above 0: no ratio then."""
    return vwap / average if average > 0 else float("nan")


def round_trip_efficiency(discharged_mwh: float, charged_mwh: float) -> float:
    """Discharged ÷ charged energy, both positive [MWh → 0 …]; NaN without charging.

    Over a short window what is in the store at its ends weighs: it may exceed 1.
    """
    return discharged_mwh / charged_mwh if charged_mwh > 0 else float("nan")


def capacity_factor(mwh: float, capacity_mw: float, window_hours: float) -> float:
    """MWh ÷ (capacity [MW] × hours of the asked window) [0 …, may exceed 1]; NaN without capacity or window.

    The hours are the window's and not those with data: a gap counts as no energy and is to be said beside the number.
    """
    return mwh / (capacity_mw * window_hours) if capacity_mw > 0 and window_hours > 0 else float("nan")


def utilisation_percent(mw: pd.Series, capacity_mw: float) -> pd.Series:
    """MW ÷ capacity [%], of each interval; may exceed 100, negative while consuming. All NaN without a capacity."""
    return 100 * mw / (capacity_mw if capacity_mw > 0 else float("nan"))


def price_band(dollars_per_mwh: pd.Series) -> pd.Series:
    """Label of ``PRICE_BANDS`` of every price [$/MWh], as an ordered categorical; NaN stays NaN."""
    edges = [*(low for low, _ in PRICE_BANDS.values()), float("inf")]
    return pd.cut(dollars_per_mwh.astype("float64"), edges, right=False, labels=list(PRICE_BANDS))


def renewable_shares(power_or_energy: pd.DataFrame) -> pd.Series:
    """Renewables ÷ (all generation + rooftop) by row, fuels as columns [MW or MWh → 0 … 1]; the one definition.

    Only positive values count, a missing one counts as none. Storage, loads and interconnectors are in neither part.
    NaN where a row holds no generation, and where the fuel of most of what units generate isn't known: without a
    registration list all of it would count as not renewable.
    """
    generation = power_or_energy[[fuel for fuel in power_or_energy if fuel not in NOT_GENERATION]].clip(lower=0)
    renewable = generation[[fuel for fuel in generation if fuel in RENEWABLE_FUELS]].sum(axis="columns")
    unknown = generation[[fuel for fuel in generation if fuel == UNKNOWN_FUEL]].sum(axis="columns")
    known = generation[[fuel for fuel in generation if fuel not in (UNKNOWN_FUEL, ROOFTOP_FUEL)]].sum(axis="columns")
    return (renewable / generation.sum(axis="columns")).where(unknown <= known)


def renewable_share(power_or_energy: Mapping[str, float]) -> float:
    """``renewable_shares`` of one row, from MW or MWh by fuel [0 … 1]; NaN without generation."""
    return float(renewable_shares(pd.DataFrame([dict(power_or_energy)], dtype="float64")).iloc[0])


def net_import_signs(region: str) -> dict[str, int]:
    """``{interconnector: +1 or −1}``: what a positive flow means for the region's import."""
    return {name: 1 if region == to else -1 for name, (origin, to) in INTERCONNECTORS.items() if region in (origin, to)}


def unplaced_interconnectors(seen: Iterable[str]) -> tuple[str, ...]:
    """Interconnectors that report flows and whose regions are not known here: to be shown and warned about."""
    return tuple(sorted(set(seen) - set(INTERCONNECTORS)))


def net_import_mw(flows_wide: pd.DataFrame, region: str) -> pd.Series:
    """Net import of a region [MW, import positive] from metered flows [MW], interconnectors as columns.

    NaN in a row where one of the region's interconnectors among the columns is missing, and where none is a column.
    """
    signs = pd.Series({name: sign for name, sign in net_import_signs(region).items() if name in flows_wide})
    if signs.empty:
        return pd.Series(float("nan"), index=flows_wide.index)
    return (flows_wide[signs.index] * signs).sum(axis="columns", skipna=False)


def price_difference(interconnector: str, prices_wide: pd.DataFrame) -> pd.Series:
    """Price of the to-region minus that of the from-region [$/MWh], regions as columns; NaN where either is missing.

    Positive: a forward flow runs towards the dearer region. KeyError for an interconnector or a region not there.
    """
    origin, to = INTERCONNECTORS[interconnector]
    return prices_wide[to] - prices_wide[origin]


def limit_in_force(flow_mw: pd.Series, export_limit_mw: pd.Series, import_limit_mw: pd.Series) -> pd.Series:
    """EXPORTLIMIT for a flow ≥ 0, else IMPORTLIMIT [MW, signed as AEMO does: import negative]; NaN without a flow."""
    return export_limit_mw.where(flow_mw >= 0, import_limit_mw).where(flow_mw.notna())


def limit_use(flow_mw: pd.Series, export_limit_mw: pd.Series, import_limit_mw: pd.Series) -> pd.Series:
    """|flow| ÷ |limit in force| [0 …, may exceed 1]; NaN where the flow or that limit is missing.

    A limit of 0, or one that has changed sign against the flow (import is forced and the flow still exports), is
    reached: 1, or the ratio where that is larger. A limit of 0 has no ratio: 1, with and without a flow.
    """
    limit = limit_in_force(flow_mw, export_limit_mw, import_limit_mw)
    room = limit.where(flow_mw >= 0, -limit)  # what may flow in the direction of the flow
    ratio = flow_mw.abs() / room.abs().where(room != 0)
    return ratio.where(room > 0, ratio.clip(lower=1).fillna(1.0)).where(room.notna())


def against_price(flow_mw: pd.Series, difference_dollars_per_mwh: pd.Series) -> pd.Series:
    """True where a flow runs from the dearer to the cheaper region: flow and ``price_difference`` of opposite signs.

    False for a flow or a difference of 0, and where either is missing.
    """
    return flow_mw * difference_dollars_per_mwh < 0


def congestion_hours(use: pd.Series, hours: pd.Series) -> float:
    """Hours in which the ``limit_use`` is ``CONGESTED_FROM`` or more [h]; a missing use counts as none."""
    return float(hours[use >= CONGESTED_FROM].sum())


def duration_curve(values: pd.Series, hours: pd.Series) -> pd.DataFrame:
    """Values from the greatest, and the share of the time [0 … 1] in which they are reached or exceeded.

    ``share_of_time`` is cumulative by hours, at the end of each step. NaN values take no part, nor in the time.
    """
    known = values.notna() & (hours > 0)
    value, width = values[known].to_numpy("float64"), hours[known].to_numpy("float64")
    order = np.argsort(-value, kind="stable")
    until = np.cumsum(width[order])
    return pd.DataFrame({"share_of_time": until / until[-1:], "value": value[order]})


def running_threshold_mw(capacity_mw: float) -> float:
    """Power above which a unit counts as running [MW]: 1 % of its capacity and at least 0.5 MW, also without capacity.

    Our definition, no rule of the market: it keeps a meter's noise and auxiliary load out of hours and starts.
    """
    share = RUNNING_SHARE * capacity_mw
    return share if share > RUNNING_LEAST_MW else RUNNING_LEAST_MW


def operating_hours(mw: pd.Series, hours: pd.Series, threshold_mw: float) -> float:
    """Hours with power above the threshold [h]; a missing value counts as none."""
    return float(hours[mw > threshold_mw].sum())


def starts(mw: pd.Series, threshold_mw: float) -> int:
    """How often power rises above the threshold [MW] from a known value at or below it in the interval before.

    Takes all stamps of the window in their order, gaps as NaN: an interval after a gap is no start.
    """
    return int(((mw > threshold_mw) & (mw.shift() <= threshold_mw)).sum())


def time_of_day(mw: pd.DataFrame, step: timedelta) -> pd.DataFrame:
    """Mean MW by hour of day (index 0 … 23, NEM time) of each column, over the intervals in which it is known.

    The hour is that of the interval's start, stamp − ``step``: 00:00 belongs to hour 23. An hour without values is NaN.
    Sum units into groups before: means of units that are known at different times do not add up.
    """
    if step > timedelta(hours=1):
        raise ValueError(f"Intervals of {step} have no hour of the day.")
    hour = (pd.DatetimeIndex(mw.index) - step).hour
    return mw.groupby(hour).mean().reindex(pd.RangeIndex(24, name="hour")).astype("float64")


def henderson(values: pd.Series, terms: int = 13) -> pd.Series:
    """Henderson moving average over an odd number of equally spaced values; for display only, never in stored data.

    Weights are those of the symmetric filter, which leaves a cubic as it is. The first and last ``terms // 2`` values
    are left as they are; between them, a value whose average would span a gap is NaN.
    """
    if terms < 3 or terms % 2 == 0:
        raise ValueError(f"A Henderson filter has an odd number of terms, 3 or more, and not {terms}.")
    half = terms // 2
    smooth = values.astype("float64")
    if len(values) < terms:
        return smooth
    n, j = half + 2.0, np.arange(-half, half + 1.0)
    shape = ((n - 1) ** 2 - j**2) * (n**2 - j**2) * ((n + 1) ** 2 - j**2) * (3 * n**2 - 16 - 11 * j**2)
    scale = 8 * n * (n**2 - 1) * (4 * n**2 - 1) * (4 * n**2 - 9) * (4 * n**2 - 25)
    averages = np.convolve(smooth.to_numpy(), 315 * shape / scale, mode="valid")
    ends = smooth.to_numpy()
    return pd.Series(np.concatenate([ends[:half], averages, ends[-half:]]), index=values.index, name=values.name)


def rooftop_five_minutes(
    half_hours: pd.Series, hold_minutes_at_end: int = ROOFTOP_HOLD_MINUTES
) -> tuple[pd.Series, pd.Series]:
    """Spread half-hourly rooftop power [MW, index: end of the half hour] over 5-minute stamps.

    The stamp j·5 minutes after a half hour's end (j = 0 … 5) gets ((6−j)·current + j·next) / 6. Where the next half
    hour is missing, the current one is held for 25 minutes, and the last of all for ``hold_minutes_at_end``.
    Returns the power [MW] and a boolean series: True where it is held, that is estimated.
    """
    known = half_hours.dropna().sort_index()
    if known.empty:
        nothing = pd.DatetimeIndex([], dtype="datetime64[us]")
        return pd.Series([], index=nothing, dtype="float64"), pd.Series([], index=nothing, dtype="bool")
    stamps: list[pd.DatetimeIndex] = []
    values: list[np.ndarray] = []
    held: list[np.ndarray] = []
    step = pd.Timedelta(minutes=5)
    ends = [*known.index, pd.Timestamp.max.as_unit("us")]
    powers = [*known.to_numpy(dtype="float64"), float("nan")]
    for (start, following), (current, nxt) in zip(pairwise(ends), pairwise(powers), strict=True):
        has_next = following - start == 6 * step
        last = following is ends[-1]
        count = 6 if not last else hold_minutes_at_end // 5 + 1
        j = np.arange(count)
        stamps.append(pd.date_range(start, periods=count, freq=step, unit="us"))
        values.append(((6 - j) * current + j * nxt) / 6 if has_next else np.full(count, current))
        held.append(np.zeros(count, dtype=bool) if has_next else j > 0)
    index = pd.DatetimeIndex(np.concatenate([stamp.to_numpy() for stamp in stamps]))
    return pd.Series(np.concatenate(values), index=index), pd.Series(np.concatenate(held), index=index)
