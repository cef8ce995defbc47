"""A folder like NEMWEB's, made to order, for tests that ask what becomes of single intervals, archives and months."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aemo_updater.backfill.offers import month_folder
from aemo_updater.nemweb.reports import DISPATCH_SCADA
from aemo_updater.tables import Report

ONE_DAY = timedelta(days=1)
FIVE = timedelta(minutes=5)
HALF = timedelta(minutes=30)

PRICE = ("SETTLEMENTDATE", "REGIONID", "INTERVENTION", "RRP", "ROP", "APCFLAG", "PRICE_STATUS", "LASTCHANGED")
SUM_NAMES = (
    "TOTALDEMAND", "AVAILABLEGENERATION", "AVAILABLELOAD", "DISPATCHABLEGENERATION", "DISPATCHABLELOAD",
    "NETINTERCHANGE", "INITIALSUPPLY", "CLEAREDSUPPLY",
)  # fmt: skip
FLOW = ("METEREDMWFLOW", "MWFLOW", "MWLOSSES")
LINK = ("SETTLEMENTDATE", "INTERCONNECTORID", "INTERVENTION", *FLOW, "EXPORTLIMIT", "IMPORTLIMIT", "LASTCHANGED")
SCADA = ("SETTLEMENTDATE", "DUID", "SCADAVALUE")
TRADING_PRICE = ("SETTLEMENTDATE", "REGIONID", "RRP", "ROP", "PRICE_STATUS", "LASTCHANGED")
TRADING_FLOW = ("SETTLEMENTDATE", "INTERCONNECTORID", *FLOW, "LASTCHANGED")
ROOFTOP = ("INTERVAL_DATETIME", "REGIONID", "POWER", "QI", "TYPE", "LASTCHANGED")

Files = dict[str, bytes]


def stamps(after: datetime, until: datetime, step: timedelta = FIVE) -> list[datetime]:
    return [after + step * (i + 1) for i in range((until - after) // step)]


def quoted(moment: datetime) -> str:
    return f'"{moment:%Y/%m/%d %H:%M:%S}"'


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@dataclass
class Nemweb:
    """A folder like NEMWEB's, to be filled with the reports of single intervals, archives of them, and months."""

    root: Path
    make: Callable[..., bytes]

    def dispatch(
        self, end: datetime, rrp: float = 50, status: str = "FIRM", issue: int = 1, after: datetime | None = None
    ) -> Files:
        """The report of one interval; of all intervals from ``after`` on, where a test would be slow else."""
        name = f"PUBLIC_DISPATCHIS_{end:%Y%m%d%H%M}_{issue:016d}.zip"
        sums = ("SETTLEMENTDATE", "REGIONID", "INTERVENTION", *SUM_NAMES, "LASTCHANGED")
        ends = [(quoted(e), quoted(e - FIVE + timedelta(seconds=issue))) for e in stamps(after or end - FIVE, end)]
        tables = [
            (("DISPATCH", "PRICE", "5"), PRICE, [(e, "NSW1", 0, rrp, rrp, 0, status, last) for e, last in ends]),
            (("DISPATCH", "REGIONSUM", "9"), sums, [(e, "NSW1", 0, *range(100, 108), last) for e, last in ends]),
            (
                ("DISPATCH", "INTERCONNECTORRES", "3"),
                LINK,
                [(e, "V-SA", 0, 10, 12, 0.5, 100, -100, last) for e, last in ends],
            ),
        ]
        return {name: self.make(name, tables)}

    def scada(self, end: datetime, after: datetime | None = None) -> Files:
        """The report of one interval; of all intervals from ``after`` on, where a test would be slow else."""
        name = f"PUBLIC_DISPATCHSCADA_{end:%Y%m%d%H%M}_0000000000000001.zip"
        rows = [(quoted(e), *unit) for e in stamps(after or end - FIVE, end) for unit in (("BW01", 5), ("HPR1", -5))]
        return {name: self.make(name, [(("DISPATCH", "UNIT_SCADA", "1"), SCADA, rows)])}

    def trading(self, end: datetime, rrp: float = 50) -> Files:
        name = f"PUBLIC_TRADINGIS_{end:%Y%m%d%H%M}_0000000000000001.zip"
        stamp, last = quoted(end), quoted(end - FIVE)
        tables = [
            (("TRADING", "PRICE", "3"), TRADING_PRICE, [(stamp, "NSW1", rrp, rrp, "FIRM", last)]),
            (("TRADING", "INTERCONNECTORRES", "2"), TRADING_FLOW, [(stamp, "V-SA", 10, 12, 0.5, last)]),
        ]
        return {name: self.make(name, tables)}

    def rooftop(self, end: datetime, kind: str = "MEASUREMENT", mw: float | str = 700) -> Files:
        name = f"PUBLIC_ROOFTOP_PV_ACTUAL_{kind}_{end + HALF:%Y%m%d%H%M%S}_0000000000000001.zip"
        rows = [(quoted(end), r, mw, 1, kind, quoted(end + timedelta(minutes=20))) for r in ("QLD1", "QLDN")]
        return {name: self.make(name, [(("ROOFTOP", "ACTUAL", "2"), ROOFTOP, rows)])}

    def put(self, folder: str, files: Files) -> None:
        path = self.root / folder
        path.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (path / name).write_bytes(data)

    def current(self, report: Report, *files: Files) -> None:
        for each in files:
            self.put(f"Reports/CURRENT/{report.folder}", each)

    def archive(self, report: Report, name: str, files: Iterable[Files]) -> None:
        inside = {n: data for each in files for n, data in each.items()}
        self.put(f"Reports/ARCHIVE/{report.folder}", {name: zipped(inside)})

    def month(
        self, month: datetime, name: str, mms: tuple[str, str, str], columns: tuple[str, ...], rows: Iterable[Any]
    ) -> None:
        self.put(month_folder(month), {name: self.make(name, [(mms, columns, list(rows))])})

    def scada_month(
        self, month: datetime, name: str, ends: Iterable[datetime], duids: Iterable[str] = ("BW01",)
    ) -> None:
        rows = [(f"{end:%Y/%m/%d %H:%M:%S}", duid, 7) for end in ends for duid in duids]
        self.month(month, name, ("DISPATCH", "UNIT_SCADA", "1"), SCADA, rows)

    def scada_day(self, day: datetime, ends: Iterable[datetime] | None = None) -> None:
        hours = [self.scada(end, end - 2 * HALF) for end in stamps(day, day + ONE_DAY, 2 * HALF)]
        files = hours if ends is None else map(self.scada, ends)
        self.archive(DISPATCH_SCADA, f"PUBLIC_DISPATCHSCADA_{day:%Y%m%d}.zip", files)
