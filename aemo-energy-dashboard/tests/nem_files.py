"""Writes small data folders as the collector would: parts by day or month of the interval start, replaced at once."""

import csv
import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

DAILY_PARTS = {"scada5"}
UNIT_FIELDS = ("duid", "station_name", "owner", "region", "fuel_type", "fuel_detail", "technology", "capacity_mw")
UNIT_FIELDS += ("storage_mwh", "dispatch_type", "first_seen", "last_seen")

UNITS = (  # duid, region, fuel, dispatch type
    ("COAL1", "NSW1", "Coal", "Generating Unit"),
    ("COAL2", "NSW1", "Coal", "Generating Unit"),
    ("SUN1", "NSW1", "Solar", "Generating Unit"),
    ("BATT1", "NSW1", "Battery Storage", "Bidirectional Unit"),
    ("BATT2", "NSW1", "Battery Storage", "Bidirectional Unit"),
    ("BATL1", "NSW1", "Battery Storage", "Load"),
    ("PUMP9", "NSW1", "Load", "Load"),
    ("WIND1", "VIC1", "Wind", "Generating Unit"),
    ("GAS1", "SA1", "Gas", "Generating Unit"),
)


def at(text: str) -> datetime:
    """``2026-08-31 18:10`` as a naive NEM time."""
    return datetime.fromisoformat(text)


def stamps(end: str, count: int, minutes: int = 5) -> list[datetime]:
    """``count`` interval ends up to ``end``."""
    last = at(end)
    return [last - timedelta(minutes=minutes) * back for back in reversed(range(count))]


def part_names(table: str, stamps: pd.Series) -> pd.Series:
    """The part that each interval lies in, by its end."""
    begun = stamps - timedelta(microseconds=1)
    return begun.dt.to_period("D" if table in DAILY_PARTS else "M").astype(str)


def replace(path: Path, table: pa.Table) -> None:
    """Write beside, then rename: what a reader opens is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.tmp")
    pq.write_table(table, beside, compression="zstd")
    beside.replace(path)


def write(root: Path, table: str, **columns: object) -> None:
    """Put rows into a table: by key over what is there, as the collector does. Columns by name."""
    frame = pd.DataFrame(columns)
    frame["settlementdate"] = frame["settlementdate"].astype("datetime64[us]")
    key = list(frame.columns[:2])
    for name, part in frame.groupby(part_names(table, frame["settlementdate"])):
        path = root / f"{table}.parquet" / f"{name}.parquet"
        whole = pd.concat([pd.read_parquet(path), part]) if path.exists() else part
        whole = whole.drop_duplicates(key, keep="last").sort_values(key)
        replace(path, pa.Table.from_pandas(whole, preserve_index=False))


def scada(root: Path, rows: list[tuple[datetime, str, float]], table: str = "scada5") -> None:
    times, duids, values = zip(*rows, strict=True)
    write(root, table, settlementdate=times, duid=duids, scadavalue=values)


def prices(root: Path, rows: list[tuple[datetime, str, float | None]], table: str = "prices5") -> None:
    times, regions, values = zip(*rows, strict=True)
    write(
        root, table, settlementdate=times, regionid=regions, rrp=pd.array(values, dtype="float64"), source="DISPATCHIS"
    )


def flows(root: Path, rows: list[tuple[datetime, str, float]], table: str = "transmission5") -> None:
    times, names, values = zip(*rows, strict=True)
    write(root, table, settlementdate=times, interconnectorid=names, meteredmwflow=values, mwflow=values)


def rooftop(root: Path, rows: list[tuple[datetime, str, float | None]]) -> None:
    times, regions, values = zip(*rows, strict=True)
    write(root, "rooftop30", settlementdate=times, regionid=regions, power=pd.array(values, dtype="float64"))


def units(root: Path, rows: tuple[tuple[str, str, str, str], ...] = UNITS) -> None:
    path = root / "reference" / "duid_mapping.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, UNIT_FIELDS)
        writer.writeheader()
        for duid, region, fuel, dispatch in rows:
            writer.writerow({"duid": duid, "region": region, "fuel_type": fuel, "dispatch_type": dispatch})


def registered(root: Path, rows: Sequence[tuple[str, str, str, str, str, str, str]]) -> None:
    """The list of units in more words: duid, station, owner, region, fuel, dispatch type, capacity [MW]."""
    path = root / "reference" / "duid_mapping.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("duid", "station_name", "owner", "region", "fuel_type", "dispatch_type", "capacity_mw")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, UNIT_FIELDS)
        writer.writeheader()
        writer.writerows(dict(zip(names, row, strict=True)) for row in rows)


def rate(root: Path, capacities: dict[str, str], station: Sequence[str] = ()) -> None:
    """Give the listed units their capacities [MW], as text; all others get none. ``station``: units that are one."""
    path = root / "reference" / "duid_mapping.csv"
    with path.open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, UNIT_FIELDS)
        writer.writeheader()
        for unit in listed:
            name = "One Station" if unit["duid"] in station else unit["station_name"]
            writer.writerow(unit | {"capacity_mw": capacities.get(unit["duid"], ""), "station_name": name})


def package(root: Path, version: str = "1.0", name: str = "nem-energy-data", simulated: str | None = None) -> None:
    root.mkdir(parents=True, exist_ok=True)
    says = {"name": name, "version": version, "resources": []} | ({"simulated": simulated} if simulated else {})
    beside = root / ".datapackage.json.tmp"
    beside.write_text(json.dumps(says))
    beside.replace(root / "datapackage.json")


def mark_parts(root: Path, simulated: str, tables: str = "*") -> None:
    """Say in the newest part of each table, as the collector does in every part, that it is of a simulated market."""
    for folder in root.glob(f"{tables}.parquet"):
        path = max(folder.glob("*.parquet"))
        rows = pq.read_table(path)
        replace(path, rows.replace_schema_metadata({**(rows.schema.metadata or {}), "nem_simulated": simulated}))


def day(root: Path, end: str = "2026-08-31 18:10", count: int = 288) -> None:
    """A day of 5-minute data whose numbers are easy to recompute: the i-th interval (0 …) of ``count``.

    NSW1: COAL1 = 500 + i, COAL2 = −5, SUN1 = 100, BATT1 = 80 and BATT2 = −30 (discharging and charging at once),
    BATL1 = 20 (charging, reported positive), PUMP9 = 200 (pumping, reported positive); VIC1: WIND1 = 300;
    SA1: GAS1 = 50; in no list: STRANGE1 = 7. Prices: 50 + i in NSW1, 40 elsewhere. Flows: 100 MW each.
    Rooftop: 600 MW in every region and half hour.
    """
    package(root)
    units(root)
    times = stamps(end, count)
    steady = {"COAL2": -5.0, "SUN1": 100.0, "BATT1": 80.0, "BATT2": -30.0, "BATL1": 20.0, "PUMP9": 200.0}
    steady |= {"WIND1": 300.0, "GAS1": 50.0, "STRANGE1": 7.0}
    rows = [(time, duid, mw) for time in times for duid, mw in steady.items()]
    scada(root, rows + [(time, "COAL1", 500.0 + i) for i, time in enumerate(times)])
    regions = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
    prices(root, [(time, r, 50.0 + i if r == "NSW1" else 40.0) for i, time in enumerate(times) for r in regions])
    names = ("NSW1-QLD1", "N-Q-MNSP1", "VIC1-NSW1", "V-SA", "V-S-MNSP1", "T-V-MNSP1")
    flows(root, [(time, name, 100.0) for time in times for name in names])
    last = pd.Timestamp(end).floor("30min").to_pydatetime()
    halves = [last - timedelta(minutes=30) * back for back in range(count // 6 + 2)]
    rooftop(root, [(half, r, 600.0) for half in halves for r in regions])


def write_without_pause(root: Path, rows: int, parent: int) -> None:
    """Replace a part again and again until ``parent`` is gone; every version's prices are all equal to its number.

    It stands here and not in a test, so that a new process can import it.
    """
    stamped = {"settlementdate": stamps("2026-08-31 12:00", rows), "regionid": ["NSW1"] * rows}
    version = 0
    while os.getppid() == parent:
        version += 1
        write(root, "prices5", **stamped, rrp=[float(version)] * rows)
