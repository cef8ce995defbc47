"""Query → tidy frames for "Summary". No figures and no widgets here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from aemo_dashboard.errors import RequestError
from aemo_dashboard.nemtime import HALF_HOUR
from aemo_dashboard.shared.adapters import oldest
from aemo_dashboard.shared.asked import REGION_CHOICES
from aemo_dashboard.shared.duckdb_views import Source
from aemo_dashboard.shared.formulas import renewable_shares
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.region_days import WHOLE_REGION, region_days, together
from aemo_dashboard.shared.resolution_manager import THIRTY, Window
from aemo_dashboard.shared.rollups import BANDS
from aemo_dashboard.shared.tables import NEM_REGION, REGIONS
from aemo_dashboard.shared.value_adapter import split_storage
from aemo_dashboard.summary.periods import TABLES, Period

ROOFTOP = "Rooftop Solar"
UNPLACED = "Not listed"
"""In the place of a region: that of units in no registration list."""
ENERGY = ["mwh", "priced_mwh", "revenue"]
HALF_HOURS = {"fuels": "fuel_half_hours", "prices": "prices30"}
"""Of which days are made, by the query's names for them."""


@dataclass(frozen=True)
class Summary:
    """All numbers of a period, of one region or of all of them and the NEM.

    energy: a row a region (``UNPLACED`` for units in no list), series of units and price band (None where the price
      is missing): mwh [MWh], priced_mwh [MWh] (where there is a price), revenue [$].
    output: a row a region (and NEM) and series, as the roll-up region_days: hours [h], share_hours [h],
      positive_mwh [MWh], peak [MW; the share of the whole], peak_at, first_at.
    prices: a row a region and band: hours [h], rrp, least, greatest [$/MWh] and their times.
    demand, rooftop: a row a region (and NEM, where all regions are there): hours [h], mw (mean), least, greatest [MW].
    """

    period: Period
    region: str
    energy: pd.DataFrame
    output: pd.DataFrame
    prices: pd.DataFrame
    demand: pd.DataFrame
    rooftop: pd.DataFrame

    @property
    def empty(self) -> bool:
        """True where nothing of the period is stored."""
        return all(frame.empty for frame in (self.energy, self.prices, self.demand, self.rooftop))

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions, without the NEM."""
        return regions_of(self.region)


def regions_of(region: str) -> tuple[str, ...]:
    """All regions for the NEM, else the one; RequestError for what isn't a region."""
    if region not in REGION_CHOICES:
        raise RequestError(f"{region!r} is not a region: use one of {', '.join(REGION_CHOICES)}.")
    return REGIONS if region == NEM_REGION else (region,)


def scopes_of(region: str) -> tuple[str, ...]:
    """What gets a row: the NEM and its regions, or the one region."""
    return (NEM_REGION, *REGIONS) if regions_of(region) == REGIONS else (region,)


def load(queries: QueryManager, period: Period, region: str) -> Summary:
    """The numbers of a period, as far as they are stored."""
    regions_of(region)
    output = region_days(queries, period.start, period.end, region)
    return Summary(
        period,
        region,
        energy(queries, period.start, period.end, region),
        together([output], ["region", "series"]),
        prices(queries, period.start, period.end, region),
        extremes(queries, "demand", period.start, period.end, region),
        extremes(queries, "rooftop", period.start, period.end, region),
    )


def load_before(queries: QueryManager, period: Period, region: str) -> tuple[Summary | None, tuple[str, ...]]:
    """The same period a year before, and the tables that are left out of it since they begin within or after it."""
    before = period.year_before()
    firsts = {table: oldest(queries, table) for table in TABLES}
    late = tuple(table for table, first in firsts.items() if first is None or first > before.start + HALF_HOUR)
    if len(late) == len(TABLES):
        return None, late
    old = _without(load(queries, before, region), late)
    return (None if old.empty else old), late


def _without(old: Summary, tables: Sequence[str]) -> Summary:
    """Nothing of these tables: a part of a period is not compared with a whole one."""
    if "prices30" in tables:
        old = replace(old, prices=old.prices.iloc[:0], energy=old.energy.assign(priced_mwh=0.0, revenue=0.0))
    if "regions30" in tables:
        old = replace(old, demand=old.demand.iloc[:0])
    if "rooftop30" in tables:
        output = old.output.assign(share_hours=0.0, positive_mwh=0.0)
        old = replace(old, rooftop=old.rooftop.iloc[:0], output=output)
    if "scada30" in tables:
        old = replace(old, energy=old.energy.iloc[:0], output=old.output.iloc[:0])
    return old


def energy(queries: QueryManager, start: datetime, end: datetime, region: str) -> pd.DataFrame:
    """Energy and its value by region, series and band: see ``Summary``. Storage by its two signs."""
    first, last = Window(start, end, THIRTY).whole_days
    days = {"days": Source("band_days", first, last)}
    frames = [queries.frame("fuel_sums", days, start=first, end=last, region=region)]
    for begin, until in ((start, first), (last, end)):
        if begin < until:
            sources = {name: Source(table, begin, until) for name, table in HALF_HOURS.items()}
            rows = queries.frame("band_days", sources, start=begin, end=until, **BANDS)
            frames.append(rows if region == NEM_REGION else rows[rows["region"] == region])
    rows = split_storage(pd.concat(frames, ignore_index=True))
    rows = rows.assign(region=rows["region"].astype("object").fillna(UNPLACED))
    rows = rows.groupby(["region", "series", "band"], dropna=False, as_index=False)[ENERGY].sum()
    return rows.astype({"band": "object"})


def shares(output: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Renewable share by energy [0 … 1] of each combination of the keys, with the hours behind it: index: keys;
    share, hours [h] (units report), share_hours [h] (rooftop, too), peak (greatest half-hour share), peak_at.

    Over the half hours that count: units report and rooftop is stored, in the NEM of all regions. NaN without any.
    """
    whole = output[output["series"] == WHOLE_REGION].set_index(keys)
    parts = output[output["series"] != WHOLE_REGION]
    wide = parts.pivot_table(index=keys, columns="series", values="positive_mwh", aggfunc="sum")
    share = renewable_shares(wide) if len(wide) else pd.Series(dtype="float64")
    found = whole[["hours", "share_hours", "peak", "peak_at"]].copy()
    found.insert(0, "share", share.reindex(found.index).astype("float64"))
    return found


def prices(queries: QueryManager, start: datetime, end: datetime, region: str, minutes: int = 30) -> pd.DataFrame:
    """Prices by region and band, of half hours or of 5 minutes: see ``Summary``."""
    sources = {"prices": Source(f"prices{minutes}", start, end)}
    return queries.frame("price_bands", sources, start=start, end=end, region=region, step=minutes, **BANDS)


def extremes(queries: QueryManager, kind: str, start: datetime, end: datetime, region: str) -> pd.DataFrame:
    """``demand`` or ``rooftop`` by region: see ``Summary``; the index is the region."""
    sources = {kind: Source({"demand": "regions30", "rooftop": "rooftop30"}[kind], start, end)}
    rows = queries.frame(f"{kind}_extremes", sources, start=start, end=end, region=region, regions=list(REGIONS))
    return rows.set_index("region")
