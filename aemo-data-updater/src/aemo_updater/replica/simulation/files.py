"""One issue of one file of CURRENT as NEMWEB writes it: the bytes of its zip."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aemo_updater.nemtime import HALF_HOUR
from aemo_updater.nemweb.mms import MmsKey
from aemo_updater.replica.simulation import eras
from aemo_updater.replica.simulation.model import Issue, MarketDay, trading_day
from aemo_updater.replica.simulation.rows import LINES_OF, Slot
from aemo_updater.replica.simulation.text import LIVE, comment_line, footer_line, header_line, zipped

DayOf = Callable[[date], MarketDay]


@dataclass(frozen=True)
class _Form:
    """What the files of a report are made of."""

    title: str
    event: str
    tables: tuple[MmsKey, ...]
    batch_before: int = 1
    """How far before the file's own serial number lies that of what set it off."""
    suffix: str = ".CSV"


FORMS: Mapping[str, _Form] = {
    "DispatchIS": _Form(
        "DISPATCHIS",
        "DISPATCHIS",
        (
            *(eras.CASE_SOLUTION, eras.LOCAL_PRICE, eras.PRICE, eras.REGIONSUM),
            *(eras.INTERCONNECTORRES, eras.CONSTRAINT, eras.INTERCONNECTION),
        ),
    ),
    "Dispatch_SCADA": _Form("DISPATCHSCADA", "DISPATCHSCADA", (eras.UNIT_SCADA,), batch_before=6),
    "TradingIS": _Form("TRADINGIS", "TRADINGIS", (eras.TRADING_INTERCONNECTORRES, eras.TRADING_PRICE)),
    "Rooftop_PV": _Form("ROOFTOP_PV_ACTUAL_{kind}", "DEMAND", (eras.ROOFTOP,), batch_before=2, suffix=".csv"),
}
"""By the name of the `Report`."""


def body(issue: Issue, day_of: DayOf) -> bytes:
    """The zip of an issue; ``day_of`` gives the market of a trading day."""
    form = FORMS[issue.report]
    ids = (f"{issue.serial:016d}", form.event, f"{issue.serial - form.batch_before:016d}")
    title = form.title.format(kind=issue.kind)
    lines = [comment_line("NEMP.WORLD", title, created=issue.created, ids=ids)]
    slots = [Slot(issue, stamp, day_of(trading_day(stamp)), LIVE) for stamp in _stamps(issue)]
    for table in form.tables:
        header = eras.live_header(table, issue.stamp.date())
        lines.append(header_line(header))
        for slot in slots:
            lines += LINES_OF[table](slot, header)
    lines += (footer_line(len(lines)), "")
    return zipped(issue.name.removesuffix(".zip") + form.suffix, LIVE.end.join(lines), issue.created)


def _stamps(issue: Issue) -> Iterator[datetime]:
    """The intervals that an issue tells of: its own, or with DAILY the half hours of the day that it ends."""
    if issue.kind == "DAILY":
        yield from (issue.stamp - n * HALF_HOUR for n in reversed(range(timedelta(days=1) // HALF_HOUR)))
    else:
        yield issue.stamp
