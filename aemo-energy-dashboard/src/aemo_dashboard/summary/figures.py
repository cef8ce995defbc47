"""The summary's numbers by region: sums, prices and shares out of the loaded frames, by the formulas."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import pandas as pd

from aemo_dashboard.shared.formulas import NOT_GENERATION, PRICE_BANDS, energy_mwh, price_of, time_weighted_price
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.summary.data import ROOFTOP, UNPLACED, Summary, scopes_of, shares

BELOW_ZERO = next(iter(PRICE_BANDS))
COMPARABLE = 0.99
"""Of the hours of both periods that must hold data before their energies are compared."""
NAN = float("nan")


def number_at(frame: pd.DataFrame, row: Any, column: str) -> float:
    """One cell as a number; NaN where the row isn't there or the cell is empty."""
    return float(cast("float", frame.at[row, column])) if row in frame.index else NAN


class Figures:
    """A summary and what is reckoned from it, each table once."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self.period = summary.period
        self.region = summary.region

    @cached_property
    def by_region(self) -> pd.DataFrame:
        """See the function."""
        return by_region(self.summary)

    @cached_property
    def energies(self) -> pd.DataFrame:
        """See the function."""
        return energies(self.summary)

    @cached_property
    def bands(self) -> pd.DataFrame:
        """See the function."""
        return bands(self.summary.prices, self.summary.energy, self.summary.regions)

    def of(self, column: str) -> float:
        """A number of the region, or of the NEM."""
        return number_at(self.by_region, self.region, column)


def energies(summary: Summary) -> pd.DataFrame:
    """GWh, a row a series in merit order, a column a region, rooftop solar included; NaN where a region has none.

    All regions have a column ``NEM`` at the end, and ``UNPLACED`` before it where units in no list report.
    """
    units = summary.energy.pivot_table(index="series", columns="region", values="mwh", aggfunc="sum", sort=True)
    roofs = summary.rooftop.drop(index=NEM_REGION, errors="ignore")
    regions = [*summary.regions, *([UNPLACED] if UNPLACED in units else [])]
    units = units.reindex(columns=regions)  # a region without units may have roofs
    if len(roofs):
        units.loc[ROOFTOP] = pd.Series(
            {region: energy_mwh(row["mw"], row["hours"]) for region, row in roofs.iterrows()}
        )
    table = units.reindex(index=in_order(list(units.index))).astype("float64") / 1000
    if summary.region == NEM_REGION:
        table[NEM_REGION] = table.sum(axis="columns", min_count=1)
    table.columns.name = None
    return table


def generation(energy: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``Summary.energy`` that are generation: no storage, no loads. Signed: less auxiliary load."""
    return energy[~energy["series"].isin(NOT_GENERATION)]


def share_table(summary: Summary) -> pd.DataFrame:
    """``data.shares`` of the whole period, a row a region and NEM."""
    return shares(summary.output, ["region"])


def series_shares(summary: Summary, region: str) -> pd.Series:
    """Each series' part of generation and rooftop [0 … 1], over the half hours that count for the renewable share."""
    rows = summary.output[(summary.output["region"] == region) & (summary.output["positive_mwh"] > 0)]
    positive = rows.set_index("series")["positive_mwh"]
    return positive / positive.sum()


def by_region(summary: Summary) -> pd.DataFrame:
    """A row a region, the NEM first where all are asked for. Units in the names; NaN and NaT where nothing is stored.

    There is no NEM price: its row has a VWAP, and no price besides.
    """
    table = pd.DataFrame(index=pd.Index(scopes_of(summary.region), name="region"))
    energy, made = energies(summary), generation(summary.energy)
    fuels = [series for series in energy.index if series not in NOT_GENERATION and series != ROOFTOP]
    table["generation_gwh"] = energy.loc[fuels].sum(min_count=1).reindex(table.index)
    roof = energy.loc[ROOFTOP] if ROOFTOP in energy.index else pd.Series(dtype="float64")
    table["rooftop_gwh"] = roof.reindex(table.index)
    sums = made.groupby("region")[["priced_mwh", "revenue"]].sum()
    sums.loc[NEM_REGION] = sums.sum()
    table["vwap"] = [price_of(*_pair(sums, region)) for region in table.index]
    found = share_table(summary)
    table["share"], table["share_hours"] = (found[key].reindex(table.index) for key in ("share", "share_hours"))
    table["generation_hours"] = found["hours"].reindex(table.index)
    for kind, frame in (("demand", summary.demand), ("rooftop", summary.rooftop)):
        table[f"{kind}_hours"] = frame["hours"].reindex(table.index)
    table["peak_mw"] = summary.demand["greatest"].reindex(table.index)
    table["peak_at"] = summary.demand["greatest_at"].reindex(table.index)
    return table.join(price_table(summary.prices))


def _pair(sums: pd.DataFrame, region: str) -> tuple[float, float]:
    return number_at(sums, region, "revenue"), number_at(sums, region, "priced_mwh")


def price_table(prices: pd.DataFrame) -> pd.DataFrame:
    """A row a region: average (over time) [$/MWh], below_zero_hours, price_hours [h], least, greatest [$/MWh], their
    times, and first, the end of the first interval; from the rows by region and band.
    """
    rows = []
    for region, bands in prices.groupby("region"):
        low, high = bands["least"].idxmin(), bands["greatest"].idxmax()
        rows.append(
            {
                "region": region,
                "average": time_weighted_price(bands["rrp"], bands["hours"]),
                "below_zero_hours": float(bands.loc[bands["band"] == BELOW_ZERO, "hours"].sum()),
                "price_hours": float(bands["hours"].sum()),
                "least": bands.at[low, "least"],
                "least_at": bands.at[low, "least_at"],
                "greatest": bands.at[high, "greatest"],
                "greatest_at": bands.at[high, "greatest_at"],
                "first": bands["first"].min(),
            }
        )
    columns = ["average", "below_zero_hours", "price_hours", "least", "least_at", "greatest", "greatest_at", "first"]
    return pd.DataFrame(rows, columns=["region", *columns]).set_index("region")


def bands(prices: pd.DataFrame, energy: pd.DataFrame, regions: Sequence[str]) -> pd.DataFrame:
    """From ``Summary.prices`` and ``.energy``: a row a region and price band (all bands of a region that has prices).

    hours [h], time_share [0 … 1], gwh, revenue [$] and revenue_share [of the region's revenue; negative where the band
    cost], price [$/MWh, by volume].

    Energy and revenue are those of generation: see ``generation``. Shares of a revenue that isn't positive are NaN, and
    so is all that is of generation in a region of which no priced generation is stored.
    """
    index = pd.MultiIndex.from_product([list(regions), list(PRICE_BANDS)], names=["region", "band"])
    hours = prices.set_index(["region", "band"])["hours"]
    made = generation(energy)
    sums = made[made["band"].notna()].groupby(["region", "band"])[["priced_mwh", "revenue"]].sum()
    table = pd.DataFrame({"hours": hours.reindex(index).fillna(0.0)}, index=index).join(sums.reindex(index))
    made_here = table.index.get_level_values("region").isin(sums.index.get_level_values("region"))
    table.loc[made_here, ["priced_mwh", "revenue"]] = table.loc[made_here, ["priced_mwh", "revenue"]].fillna(0.0)
    whole = table.groupby("region")[["hours", "revenue"]].transform("sum")
    table["time_share"] = table["hours"] / whole["hours"].where(whole["hours"] > 0)
    table["revenue_share"] = table["revenue"] / whole["revenue"].where(whole["revenue"] > 0)
    table["price"] = [
        price_of(revenue, mwh) for revenue, mwh in zip(table["revenue"], table["priced_mwh"], strict=True)
    ]
    table["gwh"] = table["priced_mwh"] / 1000
    known = whole["hours"] > 0
    return table[known].reset_index()


def comparable(hours: float, period_hours: float, hours_before: float, before_hours: float) -> bool:
    """True where both periods hold data in nearly all of their hours, so that their energies can be compared."""
    return hours >= COMPARABLE * period_hours and hours_before >= COMPARABLE * before_hours


def change(now: pd.Series, before: pd.Series) -> pd.Series:
    """From before to now [%]; NaN where there was nothing, or the sign is another."""
    ratio = now / before.where(before != 0)
    return 100 * (ratio.where(ratio >= 0) - 1)
