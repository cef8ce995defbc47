"""Prices beyond what the rules allow."""

from collections.abc import Iterator

import numpy as np

from aemo_updater.backfill.offers import INSTANT
from aemo_updater.integrity.finding import Extremes, Finding, between, counted, moment, spoken
from aemo_updater.integrity.parts import Block
from aemo_updater.price_limits import PRICE_CAPS, PRICE_FLOOR, price_cap
from aemo_updater.tables import Table

ROUNDING = 0.01
"""$/MWh: TradingIS is rounded to cents."""
NEXT_RISE = 1.25
"""By how much a cap that is not entered yet may be above the last: the largest rise was that of 2010, by a quarter."""


class PriceLimits:
    """Prices below the floor or above the cap of their financial year."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._beyond = Extremes()

    def see(self, block: Block) -> None:
        """Take in rows that are later than all before; those of one part are of one financial year."""
        rrp = block.values("rrp")
        highest = highest_price(block.stamps[0])
        beyond = (rrp > highest + ROUNDING) | (rrp < PRICE_FLOOR - ROUNDING)
        for code in np.unique(block.codes[beyond]):
            own = beyond & (block.codes == code)
            self._beyond.add(block.names[code], block.stamps[own], rrp[own])

    def findings(self) -> Iterator[Finding]:
        """Each region that has such prices."""
        for region, e in self._beyond.of.items():
            said = (
                f"{self.table.name}: {region} has {counted(e.count, 'price')} beyond floor and cap, "
                f"{between(e.first, e.last)}; the worst is {e.worst:,.2f} $/MWh at {spoken(e.at)}"
            )
            yield Finding("price", self.table.name, region, said, e.count, *e.span)


def highest_price(stamp: np.datetime64) -> float:
    """What no price of the interval's financial year is above [$/MWh]."""
    end = moment(stamp)
    start = end - INSTANT
    year = start.year if start.month >= 7 else start.year - 1
    return price_cap(end) * (NEXT_RISE if year > max(PRICE_CAPS) else 1.0)
