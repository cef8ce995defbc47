"""Units into groups, whose numbers are computed as a whole: a group's price is its revenue by its energy.

Generation and consumption never share a group: what a battery paid would be taken from what a region earned, and a
price made of both is nobody's. A region therefore has two groups, one for each side.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from aemo_dashboard.analysis.data import CONSUMPTION, GENERATION, UNKNOWN, Earned
from aemo_dashboard.shared.formulas import capacity_factor, price_of
from aemo_dashboard.shared.fuels import in_order
from aemo_dashboard.shared.tables import REGIONS

LEVELS = {
    "region-fuel": ("region", "fuel"),
    "fuel-region": ("fuel", "region"),
    "region": ("region",),
    "fuel": ("fuel",),
}
MEASURES = ("gwh", "revenue_m", "price", "utilisation", "capacity", "unpriced")
TEXTS = ("station", "owner")
NET = "net"
TOTALS = {GENERATION: "All generation", CONSUMPTION: f"All {CONSUMPTION}", NET: "Net"}
EVERYTHING = "*"
"""Stands for every group among those that are open."""
TOTAL, GROUP, UNIT = "total", "group", "unit"


def kept(rows: pd.DataFrame, hidden_regions: Collection[str], hidden_fuels: Collection[str]) -> pd.DataFrame:
    """The rows without the regions and fuels that are switched off. One that nobody knows can't be, and stays."""
    off = rows["region"].isin(list(hidden_regions)) | rows["fuel"].isin(list(hidden_fuels))
    return rows[~off].reset_index(drop=True)


def measured(rows: pd.DataFrame, keys: Sequence[str], hours: float) -> pd.DataFrame:
    """The measures of each group of rows of `Earned`, indexed by ``keys``; ``hours``: of the window [h].

    gwh [GWh, consumption negative], revenue_m [$M, a cost negative], price [$/MWh], utilisation [%], capacity [MW],
    unpriced [h of units]: NaN for a revenue without any hour that has a price, a price without priced energy, and a
    capacity or utilisation without a registered one.
    """
    group = list(keys)
    counted = rows.assign(known_mwh=rows["mwh"].where(rows["counted"]))
    sums = counted.groupby(group, sort=False)[["mwh", "priced_hours", "priced_mwh", "revenue", "known_mwh"]].sum()
    units = rows.drop_duplicates([*group, "duid"])
    unpriced = units.groupby(group, sort=False)["unpriced_hours"].sum()
    capacity = _capacity(units, group).reindex(sums.index)
    return pd.DataFrame(
        {
            "gwh": sums["mwh"] / 1e3,
            "revenue_m": sums["revenue"].where(sums["priced_hours"] > 0) / 1e6,
            "price": list(map(price_of, sums["revenue"], sums["priced_mwh"])),
            "utilisation": [
                100 * capacity_factor(mwh, mw, hours) for mwh, mw in zip(sums["known_mwh"], capacity, strict=True)
            ],
            "capacity": capacity,
            "unpriced": unpriced.reindex(sums.index),
        }
    )


def _capacity(units: pd.DataFrame, group: list[str]) -> pd.Series:
    """Registered MW of each group. A battery of two units, one for each direction, is one plant and counts once."""
    plants = units.drop_duplicates([*group, "place"])
    return plants.groupby(group, sort=False)["place_mw"].sum(min_count=1)


def tree(earned: Earned, rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """All totals, groups and units of some rows, not none, in the natural order: a group before what it holds.

    kind (``TOTAL``, ``GROUP``, ``UNIT``), depth (0 …), path and parent (text, the parent of the outermost is empty),
    label, side, region, fuel, duid, station, owner (empty where a group has none), and the ``MEASURES``.
    """
    levels = LEVELS[by]
    rows = rows.assign(whose=rows["region"])
    if levels[0] == "region":
        rows["whose"] = rows["region"].where(rows["side"] == GENERATION, rows["region"] + f" · {CONSUMPTION}")
    keys = ["side", *("whose" if level == "region" else level for level in levels)]
    hours = earned.hours
    parts = [_totals(rows, hours)]
    for depth in range(len(levels)):
        parts.append(_groups(rows, keys, levels, depth, hours))
    parts.append(_units(rows, keys, hours))
    whole = pd.concat(parts, ignore_index=True)
    return _nested(whole, _natural(whole))


def _totals(rows: pd.DataFrame, hours: float) -> pd.DataFrame:
    sides = [side for side in (GENERATION, CONSUMPTION) if (rows["side"] == side).any()]
    found = [_total(rows[rows["side"] == side], side, hours) for side in sides]
    if len(sides) > 1:
        net = _total(rows, NET, hours)
        net[["price", "utilisation"]] = np.nan  # of two directions at once: a ratio of differences says nothing
        found.append(net)
    return pd.concat(found, ignore_index=True)


def _total(rows: pd.DataFrame, side: str, hours: float) -> pd.DataFrame:
    label = TOTALS[side]
    part = measured(rows.assign(total=label), ["total"], hours).reset_index(drop=True)
    texts = {"region": "", "fuel": "", "duid": "", **_counts(rows)}
    return part.assign(kind=TOTAL, depth=0, path=label, parent="", label=label, side=side, **texts)


def _groups(rows: pd.DataFrame, keys: list[str], levels: Sequence[str], depth: int, hours: float) -> pd.DataFrame:
    mine = keys[: depth + 2]
    part = measured(rows, mine, hours).reset_index()
    within = rows.groupby(mine, sort=False)
    firsts = within[["region", *TEXTS]].first().reset_index(drop=True)
    counts = within[list(TEXTS)].nunique().reset_index(drop=True)
    part = part.assign(
        kind=GROUP,
        depth=depth,
        path=_joined(part, mine[1:]),
        parent=_joined(part, mine[1:-1]) if depth else "",
        label=part[mine[-1]],
        region=firsts["region"] if "region" in levels[: depth + 1] else "",
        fuel=part["fuel"] if "fuel" in mine else "",
        duid="",
    )
    return part.assign(**{text: list(map(_say, counts[text], firsts[text], [text] * len(part))) for text in TEXTS})


def _units(rows: pd.DataFrame, keys: list[str], hours: float) -> pd.DataFrame:
    facts = ["fuel", "region", "duid", "station", "owner"]
    mine = list(dict.fromkeys([*keys, *facts]))
    alone = rows.assign(place=rows["duid"], place_mw=rows["capacity_mw"], counted=rows["capacity_mw"].notna())
    part = measured(alone, mine, hours).reset_index()
    parent = _joined(part, keys[1:])
    path = parent + "/" + part["duid"] + "/" + part["fuel"]
    return part.assign(kind=UNIT, depth=len(keys) - 1, path=path, parent=parent, label=part["duid"])


def _joined(part: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    path = part[keys[0]]
    for key in keys[1:]:
        path = path + "/" + part[key]
    return path


def _counts(rows: pd.DataFrame) -> dict[str, str]:
    return {text: _say(rows[text].nunique(), rows[text].iloc[0], text) for text in TEXTS}


def _say(count: int, first: str, what: str) -> str:
    """The only one by its name, several by their number."""
    return first if count == 1 else f"{count:,} {what}s"


def _natural(whole: pd.DataFrame) -> list[int]:
    """Positions in the order that needs no sorting: generation first, regions by name, fuels as stacks have them."""
    fuels = {fuel: place for place, fuel in enumerate(in_order(sorted(set(whole["fuel"]))))}
    regions = {region: place for place, region in enumerate([*REGIONS, *sorted(set(whole["region"]) - set(REGIONS))])}
    regions[UNKNOWN] = len(regions) + 1
    sides = {GENERATION: 0, CONSUMPTION: 1, NET: 2}
    places = pd.DataFrame(
        {
            "kind": whole["kind"].map({TOTAL: 0, GROUP: 1, UNIT: 2}),
            "side": whole["side"].map(sides),
            "fuel": whole["fuel"].map(fuels).fillna(-1),
            "region": whole["region"].map(regions).fillna(-1),
            "label": whole["label"],
        }
    )
    return list(places.sort_values(list(places.columns), kind="stable").index)


def _nested(whole: pd.DataFrame, order: Sequence[int]) -> pd.DataFrame:
    """Each group followed by what it holds; siblings in the given order."""
    children: dict[str, list[int]] = {}
    paths, parents, kinds = whole["path"].to_list(), whole["parent"].to_list(), whole["kind"].to_list()
    for position in order:
        children.setdefault(parents[position], []).append(position)

    def below(parent: str) -> Iterator[int]:
        for position in children.get(parent, []):
            yield position
            if kinds[position] == GROUP:
                yield from below(paths[position])

    return whole.iloc[list(below(""))].reset_index(drop=True)


def sorted_tree(whole: pd.DataFrame, column: str, *, descending: bool) -> pd.DataFrame:
    """The siblings of each level by a column; what has no number comes last, totals stay in front."""
    # Groups have no station or owner of their own, only a count: they stay in their order, their units move.
    values = (
        whole[column].str.lower().where(whole["kind"] == UNIT, "") if column in (*TEXTS, "label") else whole[column]
    )
    if column == "label":
        values = whole["label"].str.lower()
    ranked = values.rank(method="dense", ascending=not descending).where(whole["kind"] != TOTAL, -1.0)
    order = ranked.sort_values(kind="stable", na_position="last").index
    return _nested(whole, list(order))


def groups_of(whole: pd.DataFrame) -> tuple[str, ...]:
    """The paths of all groups."""
    return tuple(whole.loc[whole["kind"] == GROUP, "path"])


def shown(whole: pd.DataFrame, opened: Collection[str]) -> pd.DataFrame:
    """The rows whose groups are all open, with a column ``open`` (bool)."""
    everything = EVERYTHING in opened
    visible = {""}  # the outermost are always there
    keep = []
    for path, parent, kind in zip(whole["path"], whole["parent"], whole["kind"], strict=True):
        keep.append(parent in visible)
        if kind == GROUP and keep[-1] and (everything or path in opened):
            visible.add(path)
    part = whole[keep].reset_index(drop=True)
    return part.assign(open=part["path"].isin(visible))


def toggled(opened: Sequence[str], path: str, groups: Sequence[str]) -> list[str]:
    """The open groups after a press on one of them."""
    now = list(groups) if EVERYTHING in opened else list(opened)
    return [each for each in now if each != path] if path in now else [*now, path]
