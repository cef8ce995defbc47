"""The table of a window by fuel: average MW, GWh, share and VWAP, beside the same period a year before."""

from dataclasses import dataclass, replace

import pandas as pd

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.generation.data import GenerationView, load_view, summary
from aemo_dashboard.nemtime import spoken
from aemo_dashboard.shared.adapters import oldest
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import FIVE, THIRTY, Window

COLUMNS = (
    Column("Fuel", "Fuel", width=140),
    Column("Average MW", "Average [MW]", 1),
    Column("GWh", "Energy [GWh]", 3),
    Column("Share %", "Share [%]", 1),
    Column("VWAP", "VWAP [$/MWh]", 2),
)
BEFORE = (
    Column("Average MW before", "Year before: average [MW]", 1),
    Column("GWh before", "Year before: energy [GWh]", 3),
    Column("Share % before", "Year before: share [%]", 1),
    Column("VWAP before", "Year before: VWAP [$/MWh]", 2),
    Column("Change %", "Change of average [%]", 1),
)
YEAR = pd.DateOffset(years=1)


@dataclass(frozen=True)
class YearOnYear:
    """The table, and what a reader should know of the year before."""

    table: Table
    notes: tuple[str, ...]


def year_before(window: Window) -> Window:
    """The window that ends a year earlier and is as long; of whole calendar months, the same months.

    As long, so that a leap day neither shortens nor empties it: 29 February looks back to the 28th, and 24 hours that
    end on it to 24 hours. A whole February is compared with a whole February, though one is a day longer.
    """
    start, end = pd.Timestamp(window.start), pd.Timestamp(window.end)
    whole_months = all(moment == moment.normalize() and moment.day == 1 for moment in (start, end))
    earlier_end = end - YEAR
    earlier_start = start - YEAR if whole_months else earlier_end - (end - start)
    return replace(window, start=earlier_start.to_pydatetime(), end=earlier_end.to_pydatetime())


def year_on_year(queries: QueryManager, view: GenerationView) -> YearOnYear:
    """A row a series, in merit order. The columns of the year before are there where it is stored; else a note says so.

    The change is that of the average MW, which neither a gap nor a leap day distorts; NaN where a series is in one year
    only, or its sign has changed.
    """
    now, window = summary(view), year_before(view.window)
    when = f"{spoken(window.start)} to {spoken(window.end)} NEM time"
    old = _before(queries, view.region, window)
    if isinstance(old, str):
        return YearOnYear(Table("by-fuel", now, COLUMNS), (f"No comparison with the year before ({when}): {old}",))
    before = summary(old)
    both = now.merge(before, on="Fuel", how="outer", suffixes=("", " before"), sort=False)
    both = both.set_index("Fuel").loc[in_order(list(both["Fuel"]))].reset_index()
    ratio = both["Average MW"] / both["Average MW before"].where(both["Average MW before"] != 0)
    both["Change %"] = 100 * (ratio - 1).where(ratio >= 0)
    notes = (f"Year before: {when}.", *(f"Of the year before: {gap}" for gap in old.gaps))
    return YearOnYear(Table("by-fuel", both, (*COLUMNS, *BEFORE)), notes)


def _before(queries: QueryManager, region: str, window: Window) -> GenerationView | str:
    """The view of the earlier window, or why there is none."""
    stored = [(oldest(queries, f"scada{of.stored}"), of.step) for of in (THIRTY, FIVE)]
    firsts = [(stamp - step, stamp) for stamp, step in stored if stamp is not None]
    if not firsts:
        return "no output of units is stored."
    begins, first = min(firsts)
    if window.end <= first or window.start < begins:
        # half of it would be compared with the whole
        return f"the stored output of units begins at {spoken(first)}."
    try:
        old = load_view(queries, region, window, units_noted=False)
    except DashboardError as error:
        return str(error)
    return "nothing is stored of it." if old.mw.empty else old
