"""The table of a window by fuel: average MW, GWh, share and VWAP, beside the same period a year before."""

from dataclasses import replace

import pandas as pd

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.generation.data import GenerationView, load_view, summary
from aemo_dashboard.shared.adapters import oldest
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.resolution_manager import Window

COLUMNS = (
    Column("Fuel", "Fuel", width=140),
    Column("Average MW", "Average [MW]", 1),
    Column("GWh", "Energy [GWh]", 3),
    Column("Share %", "Share [%]", 1),
    Column("VWAP", "VWAP [$/MWh]", 2),
)
BEFORE = (
    Column("Average MW before", "Year before [MW]", 1),
    Column("GWh before", "Year before [GWh]", 3),
    Column("Change %", "Energy change [%]", 1),
    Column("VWAP before", "Year before VWAP [$/MWh]", 2),
)


def year_before(window: Window) -> Window:
    """The same days and hours of the year before, at the same resolution. 29 February looks back to the 28th."""
    year = pd.DateOffset(years=1)
    start, end = (pd.Timestamp(moment) - year for moment in (window.start, window.end))
    return replace(window, start=start.to_pydatetime(), end=end.to_pydatetime())


def year_on_year(queries: QueryManager, view: GenerationView) -> Table:
    """A row a series. The columns of the year before are there where something of it is stored."""
    now = summary(view)
    before = _before(queries, view)
    if before is None:
        return Table("by-fuel", now, COLUMNS)
    both = now.merge(before, on="Fuel", how="outer", suffixes=("", " before"), sort=False)
    order = [*now["Fuel"], *(fuel for fuel in before["Fuel"] if fuel not in set(now["Fuel"]))]
    both = both.set_index("Fuel").loc[order].reset_index()
    both["Change %"] = 100 * (both["GWh"] / both["GWh before"] - 1).where(both["GWh before"] != 0)
    return Table("by-fuel", both, (*COLUMNS, *BEFORE))


def _before(queries: QueryManager, view: GenerationView) -> pd.DataFrame | None:
    window = year_before(view.window)
    firsts = [stamp for table in ("scada30", "scada5") if (stamp := oldest(queries, table)) is not None]
    if not firsts or window.start < min(firsts) - window.resolution.step:
        return None  # what is stored begins within the period: half of it would be compared with the whole
    try:
        old = load_view(queries, view.region, window)
    except DashboardError:
        return None
    return None if old.mw.empty else summary(old)
