"""What a check found, as text for people and as JSON for programs."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from aemo_updater.integrity.finding import KINDS, counted, spoken
from aemo_updater.integrity.run import Checked
from aemo_updater.nemtime import isoformat

LINES = 10
"""Of each kind of finding; the JSON has all."""


def as_dict(checked: Checked) -> dict[str, Any]:
    """In the types of JSON."""
    return {
        "checked": {
            "now": isoformat(checked.now),
            "from": isoformat(checked.after),
            "to": isoformat(checked.until),
            "simulated": checked.simulated,
            "tables": {
                name: {
                    "rows": looked.rows,
                    "parts": looked.parts,
                    "first": isoformat(looked.first),
                    "last": isoformat(looked.last),
                }
                for name, looked in checked.tables.items()
            },
        },
        "findings": [finding.as_dict() for finding in checked.findings],
    }


def lines(checked: Checked) -> Iterator[str]:
    """By kind, and at the end how much was looked at."""
    for kind, found in groupby(checked.findings, key=lambda f: f.kind):
        those = list(found)
        remark = "for information: " if those[0].is_remark else ""
        yield f"{remark}{KINDS[kind]} ({len(those):,}):"
        yield from (f"  {finding.text}" for finding in those[:LINES])
        if len(those) > LINES:
            yield f"  and {len(those) - LINES:,} more (--json has all)"
    count = sum(not finding.is_remark for finding in checked.findings)
    rows = sum(looked.rows for looked in checked.tables.values())
    firsts = [looked.first for looked in checked.tables.values() if looked.first is not None]
    lasts = [looked.last for looked in checked.tables.values() if looked.last is not None]
    span = f", from {spoken(min(firsts))} to {spoken(max(lasts))} (NEM time)" if firsts else ""
    found_what = counted(count, "finding") if count else "nothing found"
    yield f"{found_what} in {counted(len(checked.tables), 'table')}, {counted(rows, 'row')}{span}"
