"""Everything that is collected: the tables and feeds of all collectors, gathered in one place."""

from aemo_updater.collectors import (
    generation_collector,
    price_collector,
    region_collector,
    rooftop_collector,
    transmission_collector,
)
from aemo_updater.collectors.generation_collector import SCADA5, SCADA30
from aemo_updater.collectors.price_collector import PRICES5, PRICES30
from aemo_updater.collectors.region_collector import REGIONS5, REGIONS30
from aemo_updater.collectors.rooftop_collector import ROOFTOP30
from aemo_updater.collectors.transmission_collector import TRANSMISSION5, TRANSMISSION30
from aemo_updater.nemweb.reports import REPORTS
from aemo_updater.tables import Feed, Report, Table

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        PRICES5,
        PRICES30,
        SCADA5,
        SCADA30,
        TRANSMISSION5,
        TRANSMISSION30,
        ROOFTOP30,
        REGIONS5,
        REGIONS30,
    )
}

FEEDS: tuple[Feed, ...] = (
    *price_collector.FEEDS,
    *generation_collector.FEEDS,
    *transmission_collector.FEEDS,
    *rooftop_collector.FEEDS,
    *region_collector.FEEDS,
)


def feeds_of(report: Report) -> tuple[Feed, ...]:
    """The feeds that read a report's files."""
    return tuple(f for f in FEEDS if f.report is report)


def table_named(name: str) -> Table:
    """A table by its name; raises ValueError with the names that there are."""
    if name not in TABLES:
        raise ValueError(f"no table {name!r}; there are {', '.join(TABLES)}")
    return TABLES[name]


def means_of(table: Table) -> Table | None:
    """The 30-minute table that is made from a 5-minute one."""
    return next((t for t in TABLES.values() if t.mean_of == table.name), None)


__all__ = ["FEEDS", "REPORTS", "TABLES", "feeds_of", "means_of", "table_named"]
