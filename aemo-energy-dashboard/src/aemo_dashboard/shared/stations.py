"""Stations: the units of one name in one region. Pure; the list of units comes from `unit_adapter.units`."""

import pandas as pd

COLUMNS = ["label", "station", "region", "duids"]


def stations(units: pd.DataFrame) -> pd.DataFrame:
    """A row a station, by name: label (``Bayswater (NSW1)``), station, region (None where the list has none), duids
    (tuple).

    ``units``: a row a unit with duid, station_name and region.
    """
    rows = []
    named = units.assign(region=units["region"].fillna(""))
    for (station, region), group in named.groupby(["station_name", "region"], sort=True):
        place = str(region) or None
        label = str(station) if place is None else f"{station} ({place})"
        rows.append((label, str(station), place, tuple(group["duid"])))
    return pd.DataFrame(rows, columns=COLUMNS)
