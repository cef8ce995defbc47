"""Query → tidy frames for "Generation by Fuel". No figures and no widgets here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared import (
    generation_adapter,
    price_adapter,
    rooftop_adapter,
    transmission_adapter,
    value_adapter,
)
from aemo_dashboard.shared.adapters import Loaded, spoken_window
from aemo_dashboard.shared.asked import REGION_CHOICES
from aemo_dashboard.shared.formulas import average_mw, energy_mwh
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import DAILY, Window
from aemo_dashboard.shared.shares import Counted, counted
from aemo_dashboard.shared.status import sentences, simulated_mark
from aemo_dashboard.shared.tables import NEM_REGION

NOT_PRICED_BY_UNIT = (rooftop_adapter.COLUMN, *transmission_adapter.COLUMNS, "Unknown")
PRICED_FROM = 0.995
"""Share of the energy from which a VWAP is that of all of it; a newest interval may wait for its price."""


@dataclass(frozen=True)
class GenerationView:
    """Everything that the page shows of a region and a window.

    mw, hours: one row a stamp, one column a series [MW; h], NaN where nothing is stored.
    price: one row a stamp, one column a region [$/MWh].
    counted: the energy that shares are of.
    simulated: which simulated market the numbers are of; None for the real one.
    vwap: the price of each series, over the stored intervals that have one [$/MWh].
    gaps: of the notes, those on what is not stored.
    """

    region: str
    window: Window
    mw: pd.DataFrame
    hours: pd.DataFrame
    price: pd.DataFrame
    counted: Counted
    notes: tuple[str, ...]
    simulated: str | None = None
    vwap: Mapping[str, float] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """True where there is nothing to draw at all."""
        return self.mw.empty and self.price.empty


def load_view(
    queries: QueryManager, region: str, window: Window, *, units_noted: bool = True, priced: bool = True
) -> GenerationView:
    """Load and join generation, rooftop, net import and price on the stamps of one window.

    ``units_noted``: False leaves out the notes on single units.   ``priced``: False leaves out prices and VWAPs.
    """
    if region not in REGION_CHOICES:
        raise RequestError(f"{region!r} is not a region: use one of {', '.join(REGION_CHOICES)}.")
    kinds: dict[str, Loaded] = {
        "SCADA generation": generation_adapter.load_window(queries, window, region),
        "rooftop solar": rooftop_adapter.load_window(queries, window, region),
    }
    if region != NEM_REGION:
        kinds["interconnector flows"] = transmission_adapter.load_window(queries, window, region)
    power = [loaded for loaded in kinds.values() if not loaded.empty]
    mw = _joined([loaded.frame for loaded in power], window)
    hours = _joined([loaded.hours for loaded in power], window)
    shared = counted(queries, window, region, mw, hours)
    prices = pd.DataFrame(index=window.stamps)
    vwap: dict[str, float] = {}
    covered: list[str] = []
    if priced:
        kinds["prices"] = price_adapter.load_window(queries, window, region)
        prices = kinds["prices"].frame.dropna(axis="columns", how="all")
        vwap, covered = _vwap(queries, region, window, energy_of(mw, hours))
    gaps = [*_missing_sentences(kinds, window), *(note for loaded in kinds.values() for note in loaded.notes), *covered]
    gaps += _share_sentence(shared, window)
    notes = list(gaps)
    if units_noted:
        notes += [*unit_gap_sentence(queries, region, window), *_unknown_sentence(queries, region, window)]
    if window.resolution is DAILY and window.end != window.stamps[-1]:
        notes.append(f"The last day is not over: its means are of the time to {spoken(window.end)} NEM time.")
    mark = simulated_mark(queries.data_dir)  # last: rows that were read had their mark before them
    return GenerationView(region, window, mw, hours, prices, shared, sentences(notes), mark, vwap, sentences(gaps))


def _vwap(
    queries: QueryManager, region: str, window: Window, energy: Mapping[str, tuple[float, float, float]]
) -> tuple[dict[str, float], list[str]]:
    """The price of each series that units make and of rooftop solar, and a sentence where it is not of all energy."""
    found = value_adapter.prices_by_series(queries, window, region)
    ours = {series: abs(mwh) for series, (mwh, _, _) in energy.items() if series not in NOT_PRICED_BY_UNIT}
    whole = sum(ours.values())
    priced = sum(min(abs(found.priced_mwh.get(series, 0.0)), mwh) for series, mwh in ours.items())
    covered = list(found.notes)
    if whole and priced < PRICED_FROM * whole:
        covered.append(
            f"The VWAP of units is of {100 * priced / whole:.1f} % of their energy: for the rest no price is stored "
            "beside the units' own output."
        )
    return {**found.vwap, rooftop_adapter.COLUMN: rooftop_adapter.vwap(queries, window, region)}, covered


def _joined(frames: list[pd.DataFrame], window: Window) -> pd.DataFrame:
    """Side by side, in merit order."""
    if not frames:
        return pd.DataFrame(index=window.stamps)
    joined = pd.concat(frames, axis="columns", sort=False)
    return joined[in_order([str(series) for series in joined.columns])]


def _missing_sentences(kinds: dict[str, Loaded], window: Window) -> list[str]:
    absent = [f"No {kind} {spoken_window(window)}." for kind, loaded in kinds.items() if loaded.empty]
    present = {kind: loaded for kind, loaded in kinds.items() if not loaded.empty}
    if window.resolution is DAILY:  # a day may hold some of its hours
        hours = {kind: loaded.missing_hours for kind, loaded in present.items()}
        gaps = [f"{kind} {lost:,.1f} of {window.hours:,.1f}" for kind, lost in hours.items() if lost >= 0.5]
    else:
        missing = {kind: it.missing_any if kind == "prices" else it.missing for kind, it in present.items()}
        gaps = [f"{kind} {missing[kind]:,} of {len(it.frame):,}" for kind, it in present.items() if missing[kind]]
    unit = "Hours" if window.resolution is DAILY else "Intervals"
    return [*absent, f"{unit} without data: {', '.join(gaps)}."] if gaps else absent


def _share_sentence(shared: Counted, window: Window) -> list[str]:
    if not shared.short(window):
        return []
    if not shared.total_hours:
        return ["No shares: in no hour are both the output of units and rooftop solar known."]
    hours = f"{shared.total_hours:,.1f} of {window.stored_hours:,.1f}"
    return [f"Shares are of the {hours} hours in which both the output of units and rooftop solar are known."]


def unit_gap_sentence(queries: QueryManager, region: str, window: Window) -> list[str]:
    """A half hour of a unit exists only with all six intervals: what that leaves out of the sums is counted."""
    if window.resolution is DAILY:
        return []  # a walk through every unit's half hours of years, for a picture of days
    gaps = generation_adapter.unit_gaps(queries, window, region)
    if gaps.empty:
        return []
    names = ", ".join(f"{unit.duid} {unit.missing}" for unit in gaps.head(5).itertuples())
    more = " …" if len(gaps) > 5 else ""
    points = "half hours" if window.resolution.minutes == 30 else "intervals"
    units = "1 unit lacks" if len(gaps) == 1 else f"{len(gaps)} units lack"
    return [f"In the sums {units} {points} in which others report ({names}{more})."]


def _unknown_sentence(queries: QueryManager, region: str, window: Window) -> list[str]:
    unknown = generation_adapter.unknown_units(queries, window)
    if unknown.empty:
        return []
    names = ", ".join(unknown["duid"].head(8)) + (" …" if len(unknown) > 8 else "")
    where = "shown as Unknown" if region == NEM_REGION else "their region is not known, so they are counted in NEM only"
    units = "unit is" if len(unknown) == 1 else "units are"
    return [
        f"{len(unknown)} {units} in no registration list ({names}), {unknown['mw'].sum():,.1f} MW on average: {where}."
    ]


def summary(view: GenerationView) -> pd.DataFrame:
    """A row a series: ``Fuel``, ``Average MW``, ``GWh``, ``Share %``, ``VWAP`` [$/MWh].

    Averages are over the hours that hold data. Shares are of all generation and rooftop, positive values only, over the
    hours in which both are known, and sum to 100; storage, loads and interconnectors have none. The VWAP is over the
    intervals that have a price.
    """
    mwh = energy_by_series(view)
    shares = view.counted.percent
    rows = [
        {
            "Fuel": series,
            "Average MW": average_mw(energy, hours),
            "GWh": energy / 1000,
            "Share %": shares.get(series, float("nan")),
            "VWAP": view.vwap.get(series, float("nan")),
        }
        for series, (energy, _, hours) in mwh.items()
    ]
    return pd.DataFrame(rows, columns=["Fuel", "Average MW", "GWh", "Share %", "VWAP"])


def energy_by_series(view: GenerationView) -> dict[str, tuple[float, float, float]]:
    """``{series: (MWh, positive MWh, hours with data)}``, in the order of the view."""
    return energy_of(view.mw, view.hours)


def energy_of(power: pd.DataFrame, power_hours: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """The same of a frame of mean MW and one of the hours of data behind them [h], a column a series."""
    result = {}
    for series in power.columns:
        known = power[series].notna()
        mw, hours = power.loc[known, series], power_hours.loc[known, series]
        energy, positive = (energy_mwh(part, hours).sum() for part in (mw, mw.clip(lower=0)))
        result[str(series)] = (float(energy), float(positive), float(hours.sum()))
    return result
