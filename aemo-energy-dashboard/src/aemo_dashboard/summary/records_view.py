"""The view "Records": the highest and the lowest of all that is stored, and when."""

from collections.abc import Iterator
from datetime import datetime

import pandas as pd

from aemo_dashboard.shared.asked import Asked, newest_end
from aemo_dashboard.shared.charts.lines import Line
from aemo_dashboard.shared.content import Block, Chart, Column, Content, Side, Table
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.region_days import WHOLE_REGION, region_days, together
from aemo_dashboard.shared.tables import NEM_REGION
from aemo_dashboard.shared.theme import REGION_COLOURS, Theme
from aemo_dashboard.summary.data import extremes, prices, scopes_of
from aemo_dashboard.summary.figures import number_at, price_table
from aemo_dashboard.summary.months import month_chart
from aemo_dashboard.summary.periods import EVER, last_half_hour
from aemo_dashboard.summary.words import Card, cards, dollars, heading, notes, number, when

SHARE = "Highest renewable share"
PEAKS = {"Wind": "Highest wind", "Solar": "Highest solar (utility)", "Battery Storage": "Highest battery discharge"}
PRICE_COLUMNS = (
    Column("region", "Region", width=92),
    Column("resolution", "Resolution", width=112),
    Column("greatest", "Highest [$/MWh]", 2, width=130),
    Column("greatest_at", "Highest at (NEM time)", width=172),
    Column("least", "Lowest [$/MWh]", 2, width=130),
    Column("least_at", "Lowest at (NEM time)", width=172),
    Column("since", "Stored since (NEM time)", width=190),
)
COLUMNS = (
    Column("record", "Record", width=210, filtered=True),
    Column("region", "Region", width=92, filtered=True),
    Column("value", "Value", 1, width=110),
    Column("unit", "Unit", width=76),
    Column("at", "at (NEM time)", width=140),
    Column("since", "Stored since (NEM time)", width=190),
)
DEFINITIONS = (
    "Records of all that is stored, up to the newest interval; neither the period nor the range matters. Values are "
    "means of half hours, prices also of 5 minutes as far as they are stored; times are the end of the interval, of "
    "equal ones the first. A share counts where rooftop solar is stored in the same half hour and at least nine tenths "
    "of the units report that are usual in its month and the one before; the NEM's records need all five regions. "
    "There is no NEM price."
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """The records of one region, or of the NEM and its regions."""
    del chosen
    scopes = scopes_of(asked.region)
    until, last = asked.until or newest_end(queries), last_half_hour(queries, asked)
    first = EVER
    months = region_days(queries, first, last, asked.region, months=True)
    records = pd.DataFrame(
        [
            *_output_records(together([months], ["region", "series"]), scopes),
            *_extremes(extremes(queries, "rooftop", first, last, asked.region), "rooftop", scopes, ("greatest",)),
            *_extremes(extremes(queries, "demand", first, last, asked.region), "demand", scopes, ("greatest", "least")),
        ],
        columns=[column.key for column in COLUMNS],
    )
    priced = price_records(queries, first, last, until, asked.region)
    title = heading(
        asked.region, f"all that is stored, to {when(last)} NEM time", "The range on the left is not used here."
    )
    if records.empty and priced.empty:
        return Content((title,), f"Nothing is stored for {asked.region}.", (first, last))
    blocks: list[Block] = [title, cards(headline(records, priced, asked.region))]
    best = _best_by_month(months, scopes)
    if len(best):
        blocks.append(best_chart(best, scopes, last, theme))
    tables = [Table("records", records, COLUMNS, most_height=420)] if len(records) else []
    tables += [Table("price-records", priced, PRICE_COLUMNS, most_height=420)] if len(priced) else []
    blocks.append(Side("tables", tuple(tables), 560))
    return Content((*blocks, notes(DEFINITIONS)), span=(first, last))


def _row(record: str, region: str, value: float, unit: str, at: object, since: object) -> tuple[object, ...]:
    return (record, region, value, unit, when(at), when(since))


def _output_records(output: pd.DataFrame, scopes: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    """Highest share, and highest output of a few series, by region."""
    rows = output.dropna(subset=["peak"]).set_index(["series", "region"])
    for series, record in ((WHOLE_REGION, SHARE), *PEAKS.items()):
        factor, unit = (100, "%") if series == WHOLE_REGION else (1, "MW")
        for scope in scopes:
            if (where := (series, scope)) in rows.index:
                value = factor * number_at(rows, where, "peak")
                yield _row(record, scope, value, unit, rows.at[where, "peak_at"], rows.at[where, "first_at"])


def _extremes(
    found: pd.DataFrame, kind: str, scopes: tuple[str, ...], which: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    """Highest, and of demand also lowest, by region."""
    name = {"rooftop": "rooftop solar", "demand": "demand"}[kind]
    for column in which:
        for scope in scopes:
            if scope in found.index:
                record = f"{'Highest' if column == 'greatest' else 'Lowest'} {name}"
                value, at = number_at(found, scope, column), found.at[scope, f"{column}_at"]
                yield _row(record, scope, value, "MW", at, found.at[scope, "first"])


def price_records(queries: QueryManager, first: datetime, last: datetime, until: datetime, region: str) -> pd.DataFrame:
    """Highest and lowest price of each region, by the half hour and by 5 minutes as far as those are stored."""
    parts = []
    for minutes, end in ((30, last), (5, until)):
        table = price_table(prices(queries, first, end, region, minutes)).reset_index()
        parts.append(table.assign(resolution=f"{minutes}-minute", since=table["first"]))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1])
    rows = rows.sort_values(["region", "resolution"], kind="stable").reset_index(drop=True)
    for column in ("greatest_at", "least_at", "since"):
        rows[column] = rows[column].map(when)
    return rows[[column.key for column in PRICE_COLUMNS]]


def headline(records: pd.DataFrame, priced: pd.DataFrame, region: str) -> list[Card]:
    """The records of the region or of the NEM; the NEM's prices are the extremes of its regions."""
    given = []
    mine = records[records["region"] == region]
    for record, value, unit, at in zip(*(mine[key] for key in ("record", "value", "unit", "at")), strict=True):
        given.append(Card(record, f"{number(value, 1 if unit == '%' else 0)} {unit}", f"{at} NEM time"))
    for label, column in (("Highest price [$/MWh]", "greatest"), ("Lowest price [$/MWh]", "least")):
        if len(priced):
            known = priced[column]
            row = priced.iloc[int(known.argmax() if column == "greatest" else known.argmin())]
            below = f"{row['region']}, {row['resolution']}, {row[f'{column}_at']} NEM time"
            given.append(Card(label, dollars(float(row[column])), below))
    return given


def _best_by_month(months: pd.DataFrame, scopes: tuple[str, ...]) -> pd.DataFrame:
    """The highest half-hour share of each month [%], a column a scope."""
    rows = months[months["series"] == WHOLE_REGION].dropna(subset=["peak"])
    wide = rows.pivot(index="settlementdate", columns="region", values="peak")
    return 100 * wide.reindex(columns=list(scopes))


def best_chart(best: pd.DataFrame, scopes: tuple[str, ...], last: datetime, theme: Theme) -> Chart:
    """How the highest share has moved; a month that runs, perhaps of a few hours only, is marked."""
    said = pd.Series({end: f"so far: to {when(last)}" for end in best.index if end > last}, dtype="object")
    colours = {NEM_REGION: theme.text} | REGION_COLOURS
    lines = [Line(scope, scope, colours[scope], "%", width=2.4 if scope == scopes[0] else 1.3) for scope in scopes]
    title = "Highest half-hour renewable share of each month [%]"
    return month_chart("best-by-month", best, lines, theme, title=title, y_label="%", said=said)
