"""What a run of backfill says of itself, while it goes on and at its end."""

from dataclasses import dataclass, field
from datetime import datetime

from aemo_updater.backfill.plan import Tally
from aemo_updater.storing import Commits


@dataclass(frozen=True)
class Progress:
    """How far a run is; the totals grow where a first choice proved not to be enough."""

    files: int = 0
    files_total: int = 0
    size: int = 0
    size_total: int = 0
    """Bytes, by the listings."""
    rows: int = 0


@dataclass(frozen=True)
class Gap:
    """Intervals that a table still lacks."""

    table: str
    count: int
    first: datetime
    last: datetime
    bad: tuple[str, ...] = ()
    """Files that should have some of them and cannot be read."""


@dataclass
class BackfillReport:
    """What a run chose, did and could not do."""

    planned: list[Tally] = field(default_factory=list)
    """The files of its first choice, which is all of them where names say what files hold."""
    progress: Progress = field(default_factory=Progress)
    commits: Commits = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    """What could not be fetched or read, with the reason."""
    gaps: list[Gap] = field(default_factory=list)
    received_bytes: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Nothing failed and nothing is missing."""
        return not self.failures and not self.gaps
