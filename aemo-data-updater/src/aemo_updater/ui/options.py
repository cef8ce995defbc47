"""What the page's process is told at its start, by the command that read the settings."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

OWN_PAGES = "*"
"""In place of hosts: whatever this machine is called by, its own pages may."""


@dataclass(frozen=True)
class Options:
    """Where to listen, what to look at, where to log. There is no secret in it: other users see it in `ps`."""

    root: Path
    host: str
    port: int
    origins: tuple[str, ...]
    """Of pages that may open a session, such as ``nem.example.org``, besides those under this host's own names."""
    interval_seconds: float
    log_level: str
    log_dir: Path | None
    disk_least_mb: float = 1_000
    """Less free than this is a reason to be not well."""
    let_go_seconds: float = 15
    """How long a session is kept whose page was closed, or was never opened."""

    def as_text(self) -> str:
        """As an argument of a command."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def read(cls, text: str) -> "Options":
        """From such an argument."""
        told = json.loads(text)
        folder = told["log_dir"]
        return cls(
            **told
            | {
                "root": Path(told["root"]),
                "origins": tuple(told["origins"]),
                "log_dir": None if folder is None else Path(folder),
            }
        )

    def allowed(self) -> list[str]:
        """The hosts whose pages may open a session, as Bokeh wants them."""
        everywhere = self.host in ("0.0.0.0", "::")  # noqa: S104 - told apart, not bound
        if everywhere and not self.origins:
            return [OWN_PAGES]
        own = set() if everywhere else {f"[{self.host}]" if ":" in self.host else self.host}
        # also where a proxy is named: when that one is down, the page is looked at from here
        names = [*self.origins, *(f"{name}:{self.port}" for name in sorted(own | {"localhost", "127.0.0.1"}))]
        return [name.lower() for name in names]
