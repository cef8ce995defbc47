"""A data folder of the size of five real years, as the collector stores it; nothing in it is real, as its parts say.

The market is made month by month in 5-minute intervals, and what is stored of a half hour is the mean of six of them.
The 30-minute tables hold all years (44 million rows of scada30), the 5-minute tables the last days.

python benchmarks/five_years.py FOLDER [--years 5] [--five-minute-days 60]
"""

import argparse
import csv
import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

MAPPING = Path(__file__).parents[2] / "shared-data" / "reference" / "duid_mapping.csv"
END = datetime(2026, 8, 31, 18, 10)  # noqa: DTZ001 - NEM time is naive in the data
SEED = 20260831
MARK = "benchmark"
UNITS = 500
STRANGE = "STRANGE1"
"""A unit that is in no list, as new ones are for some days."""
GROUP_CELLS = 245_760
"""Rows times columns of a row group, as the collector writes them: 2 MB."""
FIVE = np.timedelta64(5, "m")

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
LATITUDE = np.array([-33.0, -25.0, -34.0, -42.0, -37.0], np.float32)
LONGITUDE = np.array([149.0, 150.0, 138.0, 147.0, 145.0], np.float32)
DEMAND = np.array([8200, 6300, 1500, 1150, 5200], np.float32)  # MW
ROOFTOP = np.array([5200, 4700, 2000, 250, 3900], np.float32)  # MW
FLOWS = {  # name: region that it leaves, region that it enters, and both limits in MW
    "N-Q-MNSP1": ("NSW1", "QLD1", 50, -150),
    "NSW1-QLD1": ("NSW1", "QLD1", 600, -1078),
    "T-V-MNSP1": ("TAS1", "VIC1", 594, -478),
    "V-S-MNSP1": ("VIC1", "SA1", 200, -200),
    "V-SA": ("VIC1", "SA1", 600, -500),
    "VIC1-NSW1": ("VIC1", "NSW1", 1000, -850),
}
NEW_CAP = np.datetime64("2025-07-01", "us")

Floats = npt.NDArray[np.floating]
Stamps = npt.NDArray[np.datetime64]
Columns = Mapping[str, npt.NDArray[np.generic] | str]


@dataclass(frozen=True)
class Unit:
    """One unit; ``side``: 1 where a battery's unit only discharges, −1 where it only charges, 0 where it does both."""

    duid: str
    region: int
    fuel: str
    capacity: float  # MW
    side: int


def fleet() -> list[Unit]:
    """All batteries and loads of the mapping, the largest of the others and one that is in no list, by DUID."""
    with MAPPING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.sort(key=lambda r: (r["fuel_type"] not in ("Battery Storage", "Load"), -float(r["capacity_mw"] or 0)))
    sides = {"Generating Unit": 1, "Load": -1, "Bidirectional Unit": 0}
    units = [
        Unit(
            r["duid"],
            REGIONS.index(r["region"]),
            r["fuel_type"],
            float(r["capacity_mw"] or 10),
            sides[r["dispatch_type"]],
        )
        for r in rows[: UNITS - 1]
    ]
    return sorted([*units, Unit(STRANGE, 0, "", 10, 1)], key=lambda unit: unit.duid)


class Walk:
    """Noise of mean 0 and deviation 1 that forgets: the same whichever month is asked for, and steady between them."""

    def __init__(self, rng: np.random.Generator, span: tuple[datetime, datetime], width: int, knot: int, memory: float):
        """Knots each so many hours, and hours after which noise is forgotten to 1/e."""
        count = int((span[1] - span[0]) / timedelta(hours=knot)) + 3
        keep = float(np.exp(-knot / memory))
        self._knots = rng.standard_normal((count, width), np.float32)
        self._knots[1:] *= np.float32(np.sqrt(1 - keep**2))
        for i in range(1, count):
            self._knots[i] += np.float32(keep) * self._knots[i - 1]
        self._start, self._step = np.datetime64(span[0], "us"), np.timedelta64(knot, "h")

    def at(self, stamps: Stamps) -> Floats:
        """Its values at stamps, a row each."""
        place = (stamps - self._start) / self._step
        whole = place.astype(np.int64)
        part = (place - whole).astype(np.float32)[:, None]
        return np.asarray(self._knots[whole] * (1 - part) + self._knots[whole + 1] * part)


@dataclass(frozen=True)
class Weather:
    """What all of a month's tables share: stamps of 5-minute intervals, and in each region the sun and the hours."""

    stamps: Stamps
    sun: Floats  # 0 … 1 of a clear summer noon, clouds taken off; by region
    wind: Floats  # deviations; by region
    morning: Floats  # 0 … 1, one column
    evening: Floats


class Market:
    """The random courses behind all tables, and the rows that they make."""

    def __init__(self, span: tuple[datetime, datetime]) -> None:
        rng = np.random.default_rng(SEED)
        self.units = fleet()
        self._wind, self._clouds = Walk(rng, span, 5, 3, 30), Walk(rng, span, 5, 1, 8)
        self._demand, self._price = Walk(rng, span, 5, 3, 48), Walk(rng, span, 5, 1, 12)
        self._flow = Walk(rng, span, len(FLOWS), 1, 10)
        self._unit, self._outage = Walk(rng, span, UNITS, 1, 10), Walk(rng, span, UNITS, 24, 240)

    def weather(self, stamps: Stamps) -> Weather:
        """Sun, wind and hours."""
        minutes = (stamps - stamps.astype("datetime64[D]")) / np.timedelta64(1, "m")
        hour = ((minutes - 2.5) % 1440 / 60).astype(np.float32)[:, None]
        year_day = ((stamps - stamps.astype("datetime64[Y]")) / np.timedelta64(1, "D")).astype(np.float32)[:, None]
        tilt = np.radians(23.44) * np.sin(2 * np.pi * (284 + year_day) / 365)
        angle = np.radians(15 * (hour - 12) + LONGITUDE - 150)  # NEM time is that of 150° E
        latitude = np.radians(LATITUDE)
        height = np.sin(latitude) * np.sin(tilt) + np.cos(latitude) * np.cos(tilt) * np.cos(angle)
        clouds = np.clip(0.25 + 0.25 * self._clouds.at(stamps), 0, 0.8)
        return Weather(
            stamps,
            (np.maximum(height, 0) ** 0.8 * (1 - clouds)).astype(np.float32),
            self._wind.at(stamps),
            np.exp(-(((hour - 7.5) / 1.5) ** 2)),
            np.exp(-(((hour - 18.5) / 2.0) ** 2)),
        )

    def scada(self, rng: np.random.Generator, now: Weather) -> Floats:
        """MW of each unit and interval, to 0.01 as meters send it."""
        own, health = self._unit.at(now.stamps), self._outage.at(now.stamps)
        mw = np.zeros((len(now.stamps), UNITS))
        for kind in sorted({(unit.fuel, unit.side) for unit in self.units}):
            at = [i for i, unit in enumerate(self.units) if (unit.fuel, unit.side) == kind]
            region = [self.units[i].region for i in at]
            share = _share(*kind, now, region, own[:, at])
            noise = rng.standard_normal(share.shape, np.float32)
            if kind[0] == "Battery Storage":  # now and then it holds the frequency, and turns within a half hour
                holds = np.abs(own[:, at]) > 1.5
                share = share + holds * (0.08 * noise if kind[1] == 0 else 0.04 * np.abs(noise))
            else:
                share = share * (1 + 0.015 * noise) * (health[:, at] > (-1.2 if kind[0] == "Coal" else -2.0))
            mw[:, at] = np.clip(share, -1, 1.05) * np.array([self.units[i].capacity for i in at])
        return np.round(mw, 2) + 0.0  # no negative zeros

    def prices(self, rng: np.random.Generator, now: Weather) -> Floats:
        """$/MWh of each region and interval, with spikes in the evening and the floor at noon."""
        rrp = 85 + 130 * now.evening + 40 * now.morning - 140 * now.sun + 35 * self._price.at(now.stamps)
        rrp = rrp + 4 * rng.standard_normal(rrp.shape)
        cap = np.where(now.stamps <= NEW_CAP, 17_500.0, 20_300.0)[:, None]
        draws = rng.random((2, len(rrp) // 6 + 1, len(REGIONS)))
        luck, height = np.repeat(draws, 6, axis=1)[:, : len(rrp)]  # half an hour long, so that its mean is there too
        spike = luck < 0.0003 + 0.003 * now.evening
        rrp = np.where(spike, np.minimum(cap, 300 + 1.2 * cap * height**3), rrp)
        sink = luck > 1 - 0.006 * now.sun
        return np.asarray(np.round(np.where(sink, np.maximum(-1000, -1100 * height**2), rrp), 2))

    def flows(self, rng: np.random.Generator, now: Weather) -> dict[str, Floats]:
        """MW of each interconnector and interval: where more is wanted than the limit, the limit."""
        top, bottom = (np.array([flow[side] for flow in FLOWS.values()], float) for side in (2, 3))
        wanted = 0.7 * self._flow.at(now.stamps) + 0.2 * now.evening
        sag = 1 - 0.3 * np.abs(np.round(self._flow.at(now.stamps), 1)).clip(0, 1)
        high, low = np.round(top * sag, 2), np.round(bottom * sag, 2)
        target = np.round(np.clip(np.where(wanted > 0, wanted * top, -wanted * bottom), low, high), 2)
        metered = np.round(np.clip(target + rng.normal(0, 2, target.shape), low, high), 2)
        losses = np.round(0.00005 * target**2, 2)
        names = ("meteredmwflow", "mwflow", "mwlosses", "exportlimit", "importlimit")
        return dict(zip(names, (metered, target, losses, high, low), strict=True))

    def regions(self, now: Weather, mw: Floats, flow: Floats) -> dict[str, Floats]:
        """MW of each region and interval; what units and interconnectors have is their sum."""
        level = 0.8 + 0.22 * now.evening + 0.1 * now.morning - 0.4 * now.sun + 0.05 * self._demand.at(now.stamps)
        demand = DEMAND * level
        net = np.zeros_like(demand)
        for i, (leaves, enters, *_) in enumerate(FLOWS.values()):
            net[:, REGIONS.index(leaves)] += flow[:, i]
            net[:, REGIONS.index(enters)] -= flow[:, i]
        sums = {fuel: self._sum(mw, fuel) for fuel in ("Solar", "Wind", "Load")}
        battery = self._sum(mw, "Battery Storage", 0)
        columns = {
            "totaldemand": demand,
            "availablegeneration": 1.35 * demand + 500,
            "availableload": 1.1 * sums["Load"],
            "dispatchablegeneration": demand + net,
            "dispatchableload": sums["Load"],
            "netinterchange": net,
            "initialsupply": demand - 3,
            "clearedsupply": demand + 5,
            "ss_solar_uigf": 1.08 * sums["Solar"].clip(0),
            "ss_solar_clearedmw": sums["Solar"].clip(0),
            "ss_wind_uigf": 1.03 * sums["Wind"],
            "ss_wind_clearedmw": sums["Wind"],
            "bdu_energy_storage": 0.1 * DEMAND * (1 + now.sun - now.evening),  # MWh
            "bdu_clearedmw_gen": battery.clip(0),
            "bdu_clearedmw_load": -battery.clip(max=0),
        }
        return {name: np.round(values.astype(float), 2) + 0.0 for name, values in columns.items()}

    def _sum(self, mw: Floats, fuel: str, side: int | None = None) -> Floats:
        """MW of a fuel by region."""
        counts = [u.fuel == fuel and side in (None, u.side) for u in self.units]
        places = [[ok and u.region == i for u, ok in zip(self.units, counts, strict=True)] for i in range(len(REGIONS))]
        return np.stack([mw[:, place].sum(axis=1) for place in places], axis=1)


def _share(fuel: str, side: int, now: Weather, region: list[int], own: Floats) -> Floats:
    """Output as a share of capacity, of units of a kind that are in these regions and have a course of their own."""
    sun, wind = now.sun[:, region], now.wind[:, region]
    if fuel == "Solar":
        drawn = np.where(np.arange(own.shape[1]) % 2, -0.004, 0.0)  # at night half of them feed their auxiliaries
        return np.asarray(np.where(sun > 0, np.clip(sun * (1.1 + 0.15 * own), 0, 1), drawn))
    if fuel == "Wind":
        return np.asarray(1 / (1 + np.exp(0.7 - 1.2 * wind - 0.6 * own)))
    if fuel == "Coal":
        return np.asarray(np.clip(0.78 + 0.15 * now.evening - 0.35 * sun + 0.1 * own, 0.35, 1))
    if fuel == "Battery Storage":
        share = 1.1 * now.evening + 0.5 * now.morning - 1.1 * sun + 0.35 * own
        share = np.where(np.abs(share) < 0.3, 0, np.clip(share, -1, 1))
        return np.asarray(share if side == 0 else np.maximum(side * share, 0))
    if fuel == "Load":  # pumps; they report what they consume as positive
        return np.asarray(0.95 * (sun + 0.2 * own > 0.55))
    if fuel in ("Biomass", ""):
        return np.asarray(np.clip(0.6 + 0.1 * own, 0, 1))
    need = now.evening + 0.7 * now.morning - 0.6 * sun + 0.6 * own  # Gas, hydro and the like come when they are needed
    excess = need - {"Gas": 0.5, "Hydro": 0.2, "Distillate": 1.9}.get(fuel, 0.5)
    return np.asarray(np.where(excess > 0, np.clip(0.3 + 0.6 * excess, 0, 1), 0))


def halves(values: Floats) -> Floats:
    """The means of six, of the half hours that are whole."""
    whole = len(values) // 6 * 6
    return np.asarray(values[:whole].reshape(-1, 6, values.shape[1]).mean(axis=1))


def write(folder: Path, table: str, part: str, stamps: Stamps, key: tuple[str, list[str]], columns: Columns) -> None:
    """Write a part; columns are matrices with a row for each stamp and a column for each key, or one word."""
    name, names = key
    count = len(stamps) * len(names)
    arrays = {
        "settlementdate": pa.array(np.repeat(stamps.astype("datetime64[us]"), len(names))),
        name: pa.array(names).take(pa.array(np.tile(np.arange(len(names)), len(stamps)))),
    }
    for column, values in columns.items():
        arrays[column] = pa.repeat(values, count) if isinstance(values, str) else pa.array(values.ravel())
    rows = pa.table(arrays).replace_schema_metadata({"nem_simulated": MARK})
    path = folder / f"{table}.parquet" / f"{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    ordering = pq.SortingColumn.from_ordering(rows.schema, [("settlementdate", "ascending"), (name, "ascending")])
    at_most = GROUP_CELLS // rows.num_columns
    pq.write_table(
        rows,
        path,
        compression="zstd",
        row_group_size=max(at_most // len(names), 1) * len(names),  # an interval is never in two groups
        write_page_checksum=True,
        sorting_columns=ordering,
    )


def make_month(folder: Path, market: Market, start: datetime, until: datetime, five_after: datetime) -> None:
    """Write the intervals of a month that end up to ``until``; of 5-minute tables those that end after a time."""
    put, rng = partial(write, folder), np.random.default_rng([SEED, start.year, start.month])
    stamps = np.arange(np.datetime64(start, "us") + FIVE, np.datetime64(until, "us") + FIVE, FIVE)
    half, part = stamps[5::6], f"{start:%Y-%m}"
    now = market.weather(stamps)
    mw, rrp, flow = market.scada(rng, now), market.prices(rng, now), market.flows(rng, now)
    region = market.regions(now, mw, flow["meteredmwflow"])
    by_unit = ("duid", [unit.duid for unit in market.units])
    by_region, by_flow = ("regionid", list(REGIONS)), ("interconnectorid", list(FLOWS))
    positive = halves(np.maximum(mw, 0))
    put("scada30", part, half, by_unit, {"scadavalue": halves(mw), "scadavalue_positive": positive})
    put("prices30", part, half, by_region, {"rrp": halves(rrp), "source": "MEAN5", **_changed(half, 5)})
    put("regions30", part, half, by_region, {name: halves(values) for name, values in region.items()})
    means = {name: halves(values) for name, values in flow.items()}
    put("transmission30", part, half, by_flow, {**means, "source": "MEAN5", **_changed(half, 6)})
    power = np.round((ROOFTOP * now.sun[5::6]).astype(float), 3)
    trust = np.ones_like(power)
    estimated = {"power": power, "quality_indicator": trust, "type": "MEASUREMENT", **_changed(half, 5)}
    put("rooftop30", part, half, by_region, estimated)

    late = stamps > np.datetime64(five_after, "us")
    if not late.any():
        return
    five = stamps[late]
    nought = {name: np.zeros((len(five), width), np.int64) for name, width in (("apcflag", 5), ("intervention", 6))}
    price = {"rrp": rrp[late], "rop": rrp[late], "apcflag": nought["apcflag"]}
    said = {"price_status": "FIRM", **_changed(five, 5), "source": "DISPATCHIS"}
    put("prices5", part, five, by_region, {**price, **said})
    sums = {name: values[late] for name, values in region.items()} | {"intervention": nought["apcflag"]}
    put("regions5", part, five, by_region, {**sums, **_changed(five, 5)})
    sent = {name: values[late] for name, values in flow.items()} | {"intervention": nought["intervention"]}
    put("transmission5", part, five, by_flow, {**sent, **_changed(five, 6), "source": "DISPATCHIS"})
    days = (five - FIVE).astype("datetime64[D]")
    for day in np.unique(days):
        put("scada5", str(day), five[days == day], by_unit, {"scadavalue": mw[late][days == day]})


def _changed(stamps: Stamps, width: int) -> dict[str, npt.NDArray[np.generic] | str]:
    """``lastchanged``: AEMO writes a row as its last 5 minutes begin."""
    return {"lastchanged": np.repeat(stamps - FIVE, width).astype("datetime64[us]").reshape(-1, width)}


def make(folder: Path, years: int = 5, end: datetime = END, five_minute_days: int = 60) -> None:
    """Make the folder: whole months up to ``end``, and 5-minute tables of the last days.

    Raises FileExistsError where the folder holds anything: it may be real.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: is not empty")
    (folder / "reference").mkdir(parents=True)
    shutil.copyfile(MAPPING, folder / "reference" / MAPPING.name)
    package = {"name": "nem-energy-data", "version": "1.0", "resources": [], "simulated": MARK}
    (folder / "datapackage.json").write_text(json.dumps(package))
    last = end - timedelta(minutes=5)  # the start of the last interval, which says the part
    months = [divmod(last.year * 12 + last.month - back, 12) for back in range(12 * years, -1, -1)]
    firsts = [last.replace(year=year, month=month + 1, day=1, hour=0, minute=0) for year, month in months]
    market = Market((firsts[0], end))
    five_after = last.replace(hour=0, minute=0) - timedelta(days=five_minute_days - 1)
    for first, following in pairwise(firsts):
        make_month(folder, market, first, min(following, end), five_after)


def main() -> None:
    """Make a folder and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--five-minute-days", type=int, default=60)
    asked = parser.parse_args()
    begun = time.monotonic()
    try:
        make(asked.folder, asked.years, five_minute_days=asked.five_minute_days)
    except FileExistsError as error:
        sys.exit(str(error))
    size = sum(path.stat().st_size for path in asked.folder.rglob("*.parquet") if path.is_file())
    print(f"{asked.folder}: {size / 1e6:.0f} MB of parts in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
