"""Real and simulated numbers never meet: a data folder is of one market, for good.

Which one, its `datapackage.json` says. A part file without the mark is of the real market.
"""

from pathlib import Path

from aemo_updater.errors import StoreError
from aemo_updater.storage.datapackage import holds_rows, mark_of, set_mark


def claim(root: Path, simulated: str | None) -> None:
    """Take the folder for the market that a server is of: None for the real one, else what its header says.

    To be called between a server's listing and the first commit of what it offers; the caller holds the folder's
    lock. An empty folder is anybody's, and the mark is on the disk before the first row can be. Raises StoreError
    where the folder is of another market; then nothing has changed.
    """
    mark = mark_of(root)
    if simulated == mark:
        return
    if mark is None and not holds_rows(root):
        set_mark(root, str(simulated))
        return
    folder, server = (f"a simulated market ({m})" if m else "the real market" for m in (mark, simulated))
    raise StoreError(
        f"{root}: is of {folder}, the server of {server}; they are never mixed: set SHARED_DATA_DIR to another folder"
    )
