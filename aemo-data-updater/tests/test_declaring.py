"""A new source is a declaration: the example of the README, on a real file that nothing else reads."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.collectors.columns import LASTCHANGED, REGIONID, megawatts
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.rooftop_collector import INTERVAL_DATETIME
from aemo_updater.collectors.rows import strings
from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.nemweb.listing import files_of, parse_listing
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.merging import Commit
from aemo_updater.tables import Feed, Prefer, Report, Table

OPERATIONAL_DEMAND = Report(
    name="Operational_Demand",
    folder="Operational_Demand/ACTUAL_HH",
    pattern=r"PUBLIC_ACTUAL_OPERATIONAL_DEMAND_HH_(?P<stamp>\d{12})_\d{14,16}\.zip",
    cadence=HALF_HOUR,
    kept=timedelta(days=60),
)
DEMAND30 = Table(
    name="demand30",
    doc="Operational demand of each region and half hour.",
    minutes=30,
    key=(INTERVAL_DATETIME, REGIONID),
    values=(megawatts("operational_demand", "demand met by local scheduled generation and net imports"),),
    origin=(LASTCHANGED,),
    prefer=(Prefer("lastchanged"),),
)


def demand(rows: pa.Table) -> pa.Table:
    return strings(rows, "regionid")


FEED = Feed(
    table=DEMAND30,
    report=OPERATIONAL_DEMAND,
    mms=("OPERATIONAL_DEMAND", "ACTUAL"),
    mmsdm="",
    columns=(INTERVAL_DATETIME, REGIONID, *DEMAND30.values, LASTCHANGED),
    rows=demand,
)


def test_declared_report_finds_its_files(nemweb: Path) -> None:
    page = nemweb / "listings/2026-04-20_nemweb.com.au_full/Reports/CURRENT/Operational_Demand/ACTUAL_HH/index.html"
    found = files_of(OPERATIONAL_DEMAND, parse_listing(page.read_text(), page.name))
    assert found[0].name == "PUBLIC_ACTUAL_OPERATIONAL_DEMAND_HH_202602191500_20260219150017.zip"
    assert len(found) > 2_800


def test_declared_table_is_read_and_stored(nemweb: Path, tmp_path: Path) -> None:
    folder = nemweb / "Reports/CURRENT/Operational_Demand/ACTUAL_DAILY"
    path = folder / "PUBLIC_ACTUAL_OPERATIONAL_DEMAND_DAILY_20260520_20260521044000.CSV"
    rows = pa.concat_tables(extract(path.read_bytes(), path.name, [FEED]).rows[DEMAND30])
    dataset = Dataset(tmp_path)
    assert dataset.commit(DEMAND30, rows) == Commit(inserted=240)
    stored = dataset.read(DEMAND30)
    first = stored.filter(pc.equal(stored["regionid"], "NSW1")).slice(0, 1).to_pylist()[0]
    assert first["settlementdate"].isoformat() == "2026-05-20T04:30:00"
    assert first["operational_demand"] == 6656
