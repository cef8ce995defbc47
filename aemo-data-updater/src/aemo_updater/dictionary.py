"""The data dictionary of the docs, made from the declarations: ``python -m aemo_updater.dictionary``."""

from aemo_updater.catalogue import FEEDS, TABLES
from aemo_updater.tables import Column, Table

_HEAD = """# Data dictionary

Made from the declarations in the code by `python -m aemo_updater.dictionary > docs/data-dictionary.md`.

Each table is a folder `<table>.parquet/` of part files below `SHARED_DATA_DIR`, sorted and unique by key.
`settlementdate` is the *end* of the interval in NEM time: UTC+10 all year, stored naive. A part file holds one day or
month by the interval's *start*: 00:00 of the first of September is in the part of August. Source: AEMO, by NEMWEB.
"""


def render() -> str:
    """The whole dictionary as Markdown."""
    return "\n".join([_HEAD, *(_table(t) for t in TABLES.values())])


def _table(table: Table) -> str:
    lines = [
        f"## {table.name}",
        "",
        f"{table.doc} Interval: {table.minutes} minutes. Part files: one a {table.partition}. "
        f"Key: {', '.join(table.key_names)}.",
        "",
        _origin(table),
        "",
        "| column | type | unit | meaning | AEMO's column |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(c) for c in table.columns]
    return "\n".join(lines) + "\n"


def _origin(table: Table) -> str:
    said = [
        f"{'.'.join(f.mms)} in {f.report.name} (`Reports/CURRENT/{f.report.folder}`; monthly archive: {f.mmsdm})"
        for f in FEEDS
        if f.table is table
    ]
    if table.mean_of:
        said.append(f"the mean of six rows of {table.mean_of}, where all six are there")
    text = "From " + "; and ".join(said) + "."
    if table.prefer:
        text += f" Of two rows of one key the better is decided by {', then '.join(p.column for p in table.prefer)}."
    return text


def _row(column: Column) -> str:
    return f"| {column.name} | {column.type} | {column.unit} | {column.doc} | {column.source} |"


if __name__ == "__main__":
    print(render(), end="")
