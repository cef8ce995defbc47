"""One commit of collected rows: the table itself, and the half hours that the rows complete."""

from collections.abc import Callable

import pyarrow as pa

from aemo_updater.aggregate import half_hour_means, spans
from aemo_updater.storage.dataset import Commit, Dataset
from aemo_updater.tables import Table


def commit_rows(
    dataset: Dataset, table: Table, rows: pa.Table, means_of: Callable[[Table], Table | None]
) -> dict[Table, Commit]:
    """Commit rows and then every half hour that they touch and that is now whole.

    All that is touched is made again, not only what changed: a process killed between the two commits finds its rows
    stored already when it repeats them.
    """
    done = {table: dataset.commit(table, rows)}
    halves = means_of(table)
    if halves is not None and len(rows):
        for after, until in spans(rows):
            means = half_hour_means(dataset.read(table, after, until), halves)
            done[halves] = done.get(halves, Commit()) + dataset.commit(halves, means)
    return done
