"""Real and simulated numbers never meet: a data folder is of one market, for good.

Which one, each part file says in its metadata, so that no other file can be lost that matters; `datapackage.json`
repeats it. A part file without a mark is of the real market.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aemo_updater.errors import StoreError
from aemo_updater.market import spoken
from aemo_updater.storage.datapackage import NAME, described_mark, holds_rows, set_mark
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.part import part_mark


def mark_of(root: Path) -> str | None:
    """Which simulated market the data folder is of; None where it is of the real one, or nobody's yet.

    Asked are the newest part of each table, and where there are no rows the description. Raises StoreError where they
    contradict each other. Parts without a mark beside a description that has one do so, too: that it is missing in
    them proves nothing.
    """
    described = described_mark(root)
    marks = {path: part_mark(path) for path in _newest_parts(root)}
    if not marks:
        return described
    if described is not None and set(marks.values()) == {None}:
        marks[root / NAME] = described
    (first, mark), *others = marks.items()
    for path, other in others:
        if other != mark:
            raise StoreError(
                f"{path} is of {spoken(other)}, {first} of {spoken(mark)}; they are never mixed: take out of the "
                "folder what is not of it, or set SHARED_DATA_DIR to another one"
            )
    return mark


def claim(dataset: Dataset, simulated: str | None, *, keep: bool = True) -> Dataset:
    """The folder taken for the market that a server is of: None for the real one, else what its header says.

    To be called between a server's listing and the first commit of what it offers; the caller holds the folder's
    lock, and the dataset says what `mark_of` does. A folder without rows is anybody's, whatever its description says;
    that is put right, on the disk, before the first row can be, unless ``keep`` is off. Raises StoreError where rows
    are of another market; then nothing has changed.
    """
    if simulated != dataset.simulated and holds_rows(dataset.root):
        raise StoreError(
            f"{dataset.root}: is of {spoken(dataset.simulated)}, the server of {spoken(simulated)}; they are never "
            "mixed: set SHARED_DATA_DIR to another folder"
        )
    if keep and described_mark(dataset.root) != simulated:
        set_mark(dataset.root, simulated)
    return replace(dataset, simulated=simulated)


def _newest_parts(root: Path) -> Iterator[Path]:
    """The last part of each folder that has one; only their names are looked at."""
    for folder in sorted(root.glob("*.parquet")):
        if parts := [path for path in folder.glob("*.parquet") if not path.name.startswith(".")]:
            yield max(parts)
