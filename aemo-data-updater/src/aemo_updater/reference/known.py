"""The stored registration list as the collector uses it: to tell which DUIDs nobody knows."""

import logging
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from aemo_updater.errors import ReportError
from aemo_updater.reference.refresh import MAPPING_NAME, load_reference, write_reference
from aemo_updater.reference.units import Unit, is_aggregate

log = logging.getLogger(__name__)

_CHECKOUT = Path(__file__).parents[4] / "shared-data" / "reference" / MAPPING_NAME


class KnownUnits:
    """The units of ``<root>/reference/duid_mapping.csv``, read again when the file changes."""

    def __init__(self, root: Path) -> None:
        self.path = root / "reference" / MAPPING_NAME
        self._stamp: tuple[int, int] | None = None
        self._units: dict[str, Unit] = {}

    def unknown(self, duids: Iterable[str]) -> set[str]:
        """Of these DUIDs, those that no registration list has and that are no named aggregate either."""
        self._reload()
        return {d for d in duids if d not in self._units and not is_aggregate(d)}

    def _reload(self) -> None:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return
        if self._stamp != (stat.st_mtime_ns, stat.st_size):
            self._stamp = (stat.st_mtime_ns, stat.st_size)
            try:
                self._units = load_reference(self.path)
            except ReportError as error:
                log.warning("the registration list is not used: %s", error)


def shipped_reference() -> Path | None:
    """The registration list that comes with the package; None where there is none."""
    shipped = Path(str(files("aemo_updater") / "reference" / MAPPING_NAME))
    return next((p for p in (shipped, _CHECKOUT) if p.exists()), None)


def seed_reference(root: Path) -> None:
    """Give a data folder that has no registration list the one that comes with the package.

    Raises ReportError where that one cannot be read, StoreError where the folder cannot be written.
    """
    path = root / "reference" / MAPPING_NAME
    if path.exists() and (root / "reference" / "gen_info.pkl").exists():
        return
    source = path if path.exists() else shipped_reference()
    if source is None:
        log.warning("%s: there is no registration list; every DUID will be Unknown", path)
        return
    write_reference(load_reference(source).values(), root / "reference")
    log.info("%s and gen_info.pkl are made from %s", path, source)
