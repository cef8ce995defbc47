"""How fresh and how much: what `aemo-updater status` says, read from the data folder alone."""

from pathlib import Path
from typing import Any

from aemo_updater.backfill.stock import holes
from aemo_updater.catalogue import TABLES
from aemo_updater.cycle_report import spoken_holes
from aemo_updater.errors import DamagedError, StoreError
from aemo_updater.nemtime import Clock, isoformat
from aemo_updater.reference.known import KnownUnits
from aemo_updater.storage.datapackage import described_mark
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.ledger import LEDGER_NAME, Ledger
from aemo_updater.storage.provenance import mark_of


def status(root: Path, clock: Clock) -> dict[str, Any]:
    """Tables with their extent and lag, sources with their counts, the last cycle, bad files and unknown DUIDs.

    In the types of JSON; ``simulated`` is None for the real market, else which simulated one the folder is of;
    ``damaged`` are part files that cannot be read, ``ledger`` what is wrong with the ledger, None where nothing is;
    ``holes`` are the intervals that a table lacks of the last 14 days, but for the last hour;
    ``lag_minutes`` is from the newest interval's end to now, None for an empty table.
    """
    now = clock()
    damaged: list[DamagedError] = []
    dataset = Dataset(root, mend=damaged.append)  # told, and passed over
    tables = {}
    for table in TABLES.values():
        extent = dataset.extent(table)
        tables[table.name] = {
            "rows": extent.rows,
            "oldest": isoformat(extent.oldest),
            "newest": isoformat(extent.newest),
            "lag_minutes": None if extent.newest is None else round((now - extent.newest).total_seconds() / 60, 1),
            "parts": extent.parts,
            "size_bytes": extent.size_bytes,
        }
    missing = holes(dataset, now)
    answer: dict[str, Any] = {
        "now": isoformat(now),
        "simulated": _mark(root, damaged),
        "tables": tables,
        "holes": spoken_holes(missing),
        "damaged": sorted({str(error) for error in damaged}),
        "ledger": None,
        "sources": {},
        "last_cycle": None,
        "bad_files": [],
        "unknown_duids": [],
    }
    if (root / LEDGER_NAME).exists():
        try:
            with Ledger.to_look(root / LEDGER_NAME) as ledger:
                answer |= _told(ledger, root)
        except StoreError as error:
            answer["ledger"] = str(error)
    return answer


def _mark(root: Path, damaged: list[DamagedError]) -> str | None:
    try:
        return mark_of(root)
    except DamagedError as error:
        damaged.append(error)
        return described_mark(root)


def _told(ledger: Ledger, root: Path) -> dict[str, Any]:
    """What the ledger knows."""
    last = next(iter(ledger.cycles(1)), None)
    return {
        "sources": {name: {"done": d, "bad": b} for name, (d, b) in ledger.counts().items()},
        "last_cycle": None
        if last is None
        else {
            "started": isoformat(last.started),
            "ended": isoformat(last.ended),
            "ok": last.ok,
            "sources": last.sources,
        },
        "bad_files": [
            {"report": b.report, "name": b.name, "attempts": b.attempts, "reason": b.reason, "at": isoformat(b.at)}
            for b in ledger.bad_files()
        ],
        # a refresh of the registration list may have made some known since
        "unknown_duids": sorted(KnownUnits(root).unknown(ledger.unknown_duids())),
    }
