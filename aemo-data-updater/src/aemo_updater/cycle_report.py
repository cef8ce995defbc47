"""What a cycle says of itself, to the log, the ledger and `aemo-updater once --json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from aemo_updater.nemtime import isoformat
from aemo_updater.storage.merging import Commit

SAID = 20
"""Failures of one source that are told."""


def spoken_holes(holes: Mapping[str, npt.NDArray[np.datetime64]]) -> dict[str, dict[str, Any]]:
    """How many intervals each table lacks, the first and the last of them, in the types of JSON."""
    return {
        name: {"count": len(stamps), "first": isoformat(stamps[0].item()), "last": isoformat(stamps[-1].item())}
        for name, stamps in sorted(holes.items())
    }


def _first(said: list[str]) -> list[str]:
    """Some of many sentences, and how many more there are: each cycle is remembered for a month."""
    return said if len(said) <= SAID else [*said[:SAID], f"and {len(said) - SAID:,} more"]


@dataclass
class SourceReport:
    """What a cycle did with one report. ``newest`` is the latest interval that it brought."""

    name: str
    listed: int = 0
    new: int = 0
    stored: int = 0
    commits: dict[str, Commit] = field(default_factory=dict)
    newest: datetime | None = None
    bad: list[str] = field(default_factory=list)
    """Files that were set aside, with the reason."""
    failures: list[str] = field(default_factory=list)
    """What could not be fetched, with the reason."""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Nothing failed and no file was bad."""
        return not self.failures and not self.bad

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON."""
        return {
            "name": self.name,
            "ok": self.ok,
            "listed": self.listed,
            "new": self.new,
            "stored": self.stored,
            "rows": {t: {"inserted": c.inserted, "replaced": c.replaced} for t, c in sorted(self.commits.items())},
            "newest": isoformat(self.newest),
            "bad": _first(self.bad),
            "failures": _first(self.failures),
            "seconds": round(self.seconds, 3),
        }


@dataclass
class CycleReport:
    """What a cycle did: one report a source, and what it asked of the server."""

    started: datetime
    ended: datetime
    sources: list[SourceReport]
    requests: int
    received_bytes: int
    holes: Mapping[str, npt.NDArray[np.datetime64]]
    """Intervals that are missing now, by table, of the days that the collector looks after."""

    @property
    def ok(self) -> bool:
        """No source failed."""
        return all(s.ok for s in self.sources)

    def spoken(self) -> str:
        """The report as a sentence."""
        failing = [s.name for s in self.sources if not s.ok]
        newest = max((s.newest for s in self.sources if s.newest), default=None)
        missing = sum(len(stamps) for stamps in self.holes.values())
        return (
            f"Cycle ended {self.ended:%Y-%m-%d %H:%M} NEM time: {sum(s.stored for s in self.sources)} files stored"
            + (f", newest interval {newest:%Y-%m-%d %H:%M}" if newest else "")
            + (f", {missing:,} intervals are missing" if missing else "")
            + (f"; with failures: {', '.join(failing)}" if failing else "")
        )

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON."""
        return {
            "started": isoformat(self.started),
            "ended": isoformat(self.ended),
            "ok": self.ok,
            "requests": self.requests,
            "received_bytes": self.received_bytes,
            "sources": [s.as_dict() for s in self.sources],
            "holes": spoken_holes(self.holes),
        }
