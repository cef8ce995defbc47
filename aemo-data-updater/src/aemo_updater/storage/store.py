"""One commit of collected rows: the table itself, and the half hours that the rows complete."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pyarrow as pa

from aemo_updater.aggregate import half_hour_means, spans
from aemo_updater.collectors.rows import between
from aemo_updater.storage.dataset import Dataset
from aemo_updater.storage.merging import Commit
from aemo_updater.tables import Table

_AT_A_TIME = timedelta(hours=6)
"""What means are made of takes three times its own memory on the way."""


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
        done[halves] = make_halves(dataset, table, rows, halves)
    return done


def make_halves(dataset: Dataset, table: Table, rows: pa.Table, halves: Table) -> Commit:
    """Make the half hours in which rows are stamped from what is stored, those that are whole, and commit them."""
    # read a day at a time, or a month's batch would be in memory twice; committed at once, they are few
    means = [m for span in spans(rows) for m in _means_of_day(dataset.read(table, *span), *span, halves)]
    return dataset.commit(halves, pa.concat_tables([halves.schema.empty_table(), *means]))


def _means_of_day(rows: pa.Table, after: datetime, until: datetime, halves: Table) -> Iterator[pa.Table]:
    while after < until:
        yield half_hour_means(between(rows, after, after + _AT_A_TIME), halves)
        after += _AT_A_TIME
