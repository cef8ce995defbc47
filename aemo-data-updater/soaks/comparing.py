"""Is what is stored what was true? Row by row, against the simulated market's witness."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aemo_updater.catalogue import TABLES
from aemo_updater.replica.simulation.market import Market
from aemo_updater.replica.simulation.model import Trouble
from aemo_updater.replica.simulation.truth import truth
from aemo_updater.storage.dataset import Dataset
from aemo_updater.tables import Table

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Witness:
    """Knows all that is true of the simulated market of a seed, and what became of it in its troubles."""

    seed: int
    troubles: frozenset[Trouble]
    market: Market

    def assert_true(
        self,
        dataset: Dataset,
        after: datetime,
        until: datetime,
        *,
        now: datetime | None = None,
        tables: Iterable[Table] = tuple(TABLES.values()),
    ) -> int:
        """The tables have each true row with ``after < settlementdate <= until``, and no other; returns how many.

        True is what all files that ever are tell, or with ``now`` those that there are by then.
        """
        rows = 0
        while after < until:  # a day at a time, for what is true is made in memory
            day_ends = min(after + _DAY, until)
            for table in tables:
                expected = truth(table, after, day_ends, self.market, self.seed, self.troubles, now)
                assert_equal(dataset.read(table, after, day_ends), expected, table)
                rows += len(expected)
            after = day_ends
        return rows


def assert_equal(stored: pa.Table, expected: pa.Table, table: Table) -> None:
    """Every row and column; sums of six may differ in the last place."""
    assert stored.schema.names == expected.schema.names
    for name in table.key_names:
        ours, theirs = stored[name].to_pylist(), expected[name].to_pylist()
        assert ours == theirs, _differing(stored, expected, table)
    for column in table.columns[len(table.key) :]:
        ours, theirs = stored[column.name], expected[column.name]
        if pa.types.is_floating(column.type):
            assert pc.is_null(ours).equals(pc.is_null(theirs)), f"{table.name}.{column.name}"
            np.testing.assert_allclose(
                pc.fill_null(ours, 0.0).to_numpy(),
                pc.fill_null(theirs, 0.0).to_numpy(),
                rtol=0,
                atol=1e-9 if table.mean_of else 0,
                err_msg=f"{table.name}.{column.name}",
            )
        else:
            wrong = [i for i, (a, b) in enumerate(zip(ours.to_pylist(), theirs.to_pylist(), strict=True)) if a != b]
            assert not wrong, f"{table.name}.{column.name}: {stored.take(wrong[:3]).to_pylist()}, {len(wrong)} rows"


def _differing(stored: pa.Table, expected: pa.Table, table: Table) -> str:
    """The first keys that only one of the two has."""
    ours, theirs = (
        list(zip(*(rows[name].to_pylist() for name in table.key_names), strict=True)) for rows in (stored, expected)
    )
    lost, unknown = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    doubled = len(ours) - len(set(ours))
    return (
        f"{table.name}: {len(lost)} rows are not there ({lost[:3]}), {len(unknown)} should not be ({unknown[:3]}), "
        f"{doubled} are there twice"
    )
