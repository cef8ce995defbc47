"""The same questions in pandas, as one writes it first: read the whole table, merge, group.

Each takes the folders of its tables, the list of units and what is asked, and gives the number that the answer comes
down to.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

Tables = Mapping[str, Path]
Given = Mapping[str, object]


def generation(tables: Tables, units: Path, given: Given) -> float:
    """MWh of mean MW by fuel and time bucket."""
    rows = _signed(tables["scada"], units, given)
    intervals = rows.groupby(["settlementdate", "fuel"])["mw"].sum().reset_index()
    return _means(intervals, "fuel", "mw", given)


def prices(tables: Tables, units: Path, given: Given) -> float:  # noqa: ARG001 - all take the same
    """$/MWh times hours of mean prices by region and time bucket."""
    return _means(_read(tables["prices"], given), "regionid", "rrp", given)


def revenue(tables: Tables, units: Path, given: Given) -> float:
    """$ by unit."""
    rows = _signed(tables["scada"], units, given).rename(columns={"region": "regionid"})
    priced = rows.merge(_read(tables["prices"], given), on=["settlementdate", "regionid"], how="left")
    priced["revenue"] = priced["mw"] * priced["rrp"] * _hours(given)
    return float(priced.groupby("duid")["revenue"].sum().sum())


def station(tables: Tables, units: Path, given: Given) -> float:  # noqa: ARG001
    """MWh of some units' mean MW by time bucket."""
    rows = _read(tables["scada"], given)
    return _means(rows[rows["duid"].isin(list(given["duids"]))], "duid", "scadavalue", given)  # type: ignore[call-overload]


def flows(tables: Tables, units: Path, given: Given) -> float:  # noqa: ARG001
    """$ of flows at the difference of prices, by interconnector and time bucket."""
    names, origins, destinations = (list(given[key]) for key in ("names", "origins", "destinations"))  # type: ignore[call-overload]
    ends = pd.DataFrame({"interconnectorid": names, "origin": origins, "destination": destinations})
    price = _read(tables["prices"], given)[["settlementdate", "regionid", "rrp"]]
    rows = _read(tables["transmission"], given).merge(ends, on="interconnectorid")
    for end in ("origin", "destination"):
        at_end = price.rename(columns={"regionid": end, "rrp": f"{end}_rrp"})
        rows = rows.merge(at_end, on=["settlementdate", end], how="left")
    rows["value"] = rows["meteredmwflow"] * (rows["destination_rrp"] - rows["origin_rrp"]) * _hours(given)
    return float(rows.groupby([_bucket(rows, given), "interconnectorid"])["value"].sum().sum())


def demand(tables: Tables, units: Path, given: Given) -> float:  # noqa: ARG001
    """MWh of mean demand by region and time bucket, and of the NEM."""
    rows = _read(tables["demand"], given)[["settlementdate", "regionid", "totaldemand"]]
    whole = rows.groupby("settlementdate")["totaldemand"].agg(["sum", "size"])
    nem = whole[whole["size"] == 5]["sum"].rename("totaldemand").reset_index().assign(regionid="NEM")
    return _means(pd.concat([rows, nem]), "regionid", "totaldemand", given)


def summary(tables: Tables, units: Path, given: Given) -> float:
    """$ by region, fuel and price band."""
    rows = _signed(tables["scada"], units, given).rename(columns={"region": "regionid"})
    intervals = rows.groupby(["settlementdate", "regionid", "fuel"], dropna=False)["mw"].sum().reset_index()
    priced = intervals.merge(_read(tables["prices"], given), on=["settlementdate", "regionid"], how="left")
    priced["revenue"] = priced["mw"] * priced["rrp"] * _hours(given)
    bands = pd.cut(priced["rrp"], [-1e9, 0, 300, 1000, 1e9], right=False)
    return float(priced.groupby(["regionid", "fuel", bands], observed=True)["revenue"].sum().sum())


def _read(table: Path, given: Given) -> pd.DataFrame:
    """All of a table, then the window."""
    rows = pd.read_parquet(table)
    return rows[(rows["settlementdate"] > given["start"]) & (rows["settlementdate"] <= given["end"])]


def _signed(table: Path, units: Path, given: Given) -> pd.DataFrame:
    """Readings with fuel and region; what consumes is negative."""
    listed = pd.read_csv(units)
    listed["consumes"] = (listed["dispatch_type"] == "Load") | (listed["fuel_type"] == "Load")
    listed = listed.drop_duplicates("duid")[["duid", "region", "fuel_type", "consumes"]]
    rows = _read(table, given).merge(listed, on="duid", how="left")
    consumes = rows["consumes"].eq(True)
    rows["mw"] = rows["scadavalue"].where(~consumes, -rows["scadavalue"])
    rows["fuel"] = rows["fuel_type"].fillna("Unknown").mask(consumes & (rows["fuel_type"] != "Battery Storage"), "Load")
    return rows


def _bucket(rows: pd.DataFrame, given: Given) -> "pd.Series[pd.Timestamp]":
    begun = rows["settlementdate"] - pd.Timedelta(minutes=given["step"])  # type: ignore[arg-type]
    return begun.dt.floor(f"{given['bucket']}min") + pd.Timedelta(minutes=given["bucket"])  # type: ignore[arg-type]


def _hours(given: Given) -> float:
    return float(given["step"]) / 60  # type: ignore[arg-type]


def _means(rows: pd.DataFrame, by: str, column: str, given: Given) -> float:
    groups = rows.groupby([_bucket(rows, given), by])[column].agg(["mean", "count"])
    return float((groups["mean"] * groups["count"]).sum()) * _hours(given)
