"""The arithmetic of the market, once. Pure functions; units are in the names; hours come from the data's resolution.

References: AEMO, "NEMWEB" dispatch tables (METEREDMWFLOW runs from → to), NER 3.8.21 (settlement by trading interval).
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

RENEWABLE_FUELS = ("Wind", "Solar", "Rooftop Solar", "Hydro", "Biomass")
NOT_GENERATION = ("Battery Storage", "Load", "Net import")

INTERCONNECTORS = {  # (from, to): a positive flow leaves the first region and enters the second
    "NSW1-QLD1": ("NSW1", "QLD1"),
    "N-Q-MNSP1": ("NSW1", "QLD1"),
    "VIC1-NSW1": ("VIC1", "NSW1"),
    "V-SA": ("VIC1", "SA1"),
    "V-S-MNSP1": ("VIC1", "SA1"),
    "T-V-MNSP1": ("TAS1", "VIC1"),
}

ROOFTOP_HOLD_MINUTES = 25  # a half hour without a successor reaches as far as interpolation would have


def energy_mwh(mw: float, hours: float) -> float:
    """Energy of a mean power over a time [MWh]."""
    return mw * hours


def revenue_dollars(mw: float, dollars_per_mwh: float, hours: float) -> float:
    """Value of a mean power at a price over a time [$]."""
    return mw * dollars_per_mwh * hours


def average_mw(mwh: float, hours: float) -> float:
    """Mean power of an energy over the hours that hold data [MW]; NaN without hours."""
    return mwh / hours if hours > 0 else float("nan")


def vwap_dollars_per_mwh(mw: pd.Series, dollars_per_mwh: pd.Series) -> float:
    """Volume-weighted average price, Σ(MW·price) ÷ Σ MW, over the intervals that have both [$/MWh]."""
    both = mw.notna() & dollars_per_mwh.notna()
    volume = float(mw[both].sum())
    return float((mw[both] * dollars_per_mwh[both]).sum()) / volume if volume else float("nan")


def renewable_share(power_or_energy: Mapping[str, float]) -> float:
    """Renewables ÷ (all generation + rooftop), from MW or MWh by fuel; the one definition for every page [0 … 1].

    Only positive values count. Storage, loads and interconnectors are in neither part.
    """
    generation = {fuel: value for fuel, value in power_or_energy.items() if fuel not in NOT_GENERATION and value > 0}
    total = sum(generation.values())
    return (
        sum(value for fuel, value in generation.items() if fuel in RENEWABLE_FUELS) / total if total else float("nan")
    )


def net_import_signs(region: str) -> dict[str, int]:
    """``{interconnector: +1 or −1}``: what a positive flow means for the region's import."""
    return {name: 1 if region == to else -1 for name, (origin, to) in INTERCONNECTORS.items() if region in (origin, to)}


def unplaced_interconnectors(seen: Iterable[str]) -> tuple[str, ...]:
    """Interconnectors that report flows and whose regions are not known here: to be shown and warned about."""
    return tuple(sorted(set(seen) - set(INTERCONNECTORS)))


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
