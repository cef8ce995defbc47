"""Which version and columns each MMS table has from a date on, in live files and in monthly ones.

What real files show stands fast: the months 2018-04, 2021-04, -05, -09, -10, 2024-08 and 2025-01, and live files of
2021-09 (UNIT_SCADA), 2024-05 and 2025-05 (TRADING), 2025-08 (DISPATCH), 2024-03 and 2026-05 (ROOFTOP). Between two of
them a change is put on the day on which the market began what its columns are about, an inference: wholesale demand
response (WDR, 2021-10-24), one-second FCAS (2023-10-09), bidirectional units (BDU, 2024-06-03), reserve information
(BDU_INITIAL_ENERGY_STORAGE, 2025-07-01). Versions 6 and 7 of REGIONSUM follow from that, they were not seen. Any
other change begins with the first file that shows it. Live files older than the ones above take after the months.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from aemo_updater.nemweb.mms import Header, MmsKey

Eras = tuple[tuple[date, Header], ...]

PRICE: MmsKey = ("DISPATCH", "PRICE")
REGIONSUM: MmsKey = ("DISPATCH", "REGIONSUM")
INTERCONNECTORRES: MmsKey = ("DISPATCH", "INTERCONNECTORRES")
UNIT_SCADA: MmsKey = ("DISPATCH", "UNIT_SCADA")
CASE_SOLUTION: MmsKey = ("DISPATCH", "CASE_SOLUTION")
LOCAL_PRICE: MmsKey = ("DISPATCH", "LOCAL_PRICE")
CONSTRAINT: MmsKey = ("DISPATCH", "CONSTRAINT")
INTERCONNECTION: MmsKey = ("DISPATCH", "INTERCONNECTION")
TRADING_PRICE: MmsKey = ("TRADING", "PRICE")
TRADING_INTERCONNECTORRES: MmsKey = ("TRADING", "INTERCONNECTORRES")
ROOFTOP: MmsKey = ("ROOFTOP", "ACTUAL")

SERVICES = ("RAISE6SEC", "RAISE60SEC", "RAISE5MIN", "RAISEREG", "LOWER6SEC", "LOWER60SEC", "LOWER5MIN", "LOWERREG")
FAST_SERVICES = ("RAISE1SEC", "LOWER1SEC")
"""Frequency control within a second, since 2023-10-09."""

BEGINNING = date(1998, 12, 1)
SEEN_2021 = date(2021, 4, 1)
DEMAND_RESPONSE = date(2021, 10, 24)
FAST_FCAS = date(2023, 10, 9)
BIDIRECTIONAL_UNITS = date(2024, 6, 3)
NEW_ARCHIVE = date(2024, 8, 1)
"""The first month of PUBLIC_ARCHIVE# files; those before are PUBLIC_DVD_."""
SEEN_2025 = date(2025, 1, 1)
RESERVE_INFORMATION = date(2025, 7, 1)


def _each(names: Iterable[str], *suffixes: str, prefix: str = "") -> tuple[str, ...]:
    return tuple(f"{prefix}{name}{suffix}" for name in names for suffix in suffixes)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pre_ap(services: Iterable[str]) -> tuple[str, ...]:
    """As the columns of prices before an administered price spell a service: RAISE6SEC is RAISE6."""
    return _each([s.removesuffix("SEC") for s in services], "_PRICE", prefix="PRE_AP_")


_PRICES = (
    *_words("SETTLEMENTDATE RUNNO REGIONID DISPATCHINTERVAL INTERVENTION RRP EEP ROP APCFLAG MARKETSUSPENDEDFLAG"),
    "LASTCHANGED",
    *_each(SERVICES, "RRP", "ROP", "APCFLAG"),
    *("PRICE_STATUS", "PRE_AP_ENERGY_PRICE", *_pre_ap(SERVICES)),
)
_CUMULATIVE = _each(("PRE_AP_ENERGY_PRICE", *_pre_ap(SERVICES)), "", prefix="CUMUL_")
_FAST_PRICES = (*_each(FAST_SERVICES, "RRP", "ROP", "APCFLAG"), *_pre_ap(FAST_SERVICES))
_FAST_CUMULATIVE = _each(_pre_ap(FAST_SERVICES), "", prefix="CUMUL_")
_CONSTRAINED = ("OCD_STATUS", "MII_STATUS")

_BY_NAME = ("LOWER5MIN", "LOWER60SEC", "LOWER6SEC", "RAISE5MIN", "RAISE60SEC", "RAISE6SEC")
_BY_MARKET = ("RAISE5MIN", "RAISEREG", "RAISE60SEC", "RAISE6SEC", "LOWER5MIN", "LOWERREG", "LOWER60SEC", "LOWER6SEC")
_SUMS = (
    *_words("SETTLEMENTDATE RUNNO REGIONID DISPATCHINTERVAL INTERVENTION TOTALDEMAND AVAILABLEGENERATION"),
    *_words("AVAILABLELOAD DEMANDFORECAST DISPATCHABLEGENERATION DISPATCHABLELOAD NETINTERCHANGE EXCESSGENERATION"),
    *_each(_BY_NAME, *_words("DISPATCH IMPORT LOCALDISPATCH LOCALPRICE LOCALREQ PRICE REQ SUPPLYPRICE")),
    *_words("AGGEGATEDISPATCHERROR AGGREGATEDISPATCHERROR LASTCHANGED INITIALSUPPLY CLEAREDSUPPLY"),
    *_each(("LOWERREG", "RAISEREG"), *_words("IMPORT LOCALDISPATCH LOCALREQ REQ")),
    *_each(_BY_MARKET, "LOCALVIOLATION"),
    *_each(_BY_MARKET, "VIOLATION"),
    *_each(SERVICES, "ACTUALAVAILABILITY"),
    *_words("LORSURPLUS LRCSURPLUS TOTALINTERMITTENTGENERATION DEMAND_AND_NONSCHEDGEN UIGF SEMISCHEDULE_CLEAREDMW"),
    "SEMISCHEDULE_COMPLIANCEMW",
)
_SUMS5 = (
    *_SUMS,
    *(f"SS_{fuel}_{what}" for what in _words("UIGF CLEAREDMW COMPLIANCEMW") for fuel in ("SOLAR", "WIND")),
)
_SUMS6 = (*_SUMS5, *_words("WDR_INITIALMW WDR_AVAILABLE WDR_DISPATCHED"))
_AVAILABILITY = ("SS_SOLAR_AVAILABILITY", "SS_WIND_AVAILABILITY")
_FAST_SUMS = (*_each(FAST_SERVICES, "LOCALDISPATCH"), *_each(FAST_SERVICES, "ACTUALAVAILABILITY"))
_STORAGE = _words("BDU_ENERGY_STORAGE BDU_MIN_AVAIL BDU_MAX_AVAIL BDU_CLEAREDMW_GEN BDU_CLEAREDMW_LOAD")

_FLOWS = (
    *_words("SETTLEMENTDATE RUNNO INTERCONNECTORID DISPATCHINTERVAL INTERVENTION METEREDMWFLOW MWFLOW MWLOSSES"),
    *_words("MARGINALVALUE VIOLATIONDEGREE LASTCHANGED EXPORTLIMIT IMPORTLIMIT MARGINALLOSS EXPORTGENCONID"),
    *_words("IMPORTGENCONID FCASEXPORTLIMIT FCASIMPORTLIMIT"),
)
_LOCAL_FLOWS = tuple(
    f"{what}_{way}" for way in ("EXPORT", "IMPORT") for what in ("LOCAL_PRICE_ADJUSTMENT", "LOCALLY_CONSTRAINED")
)

_TRADING_PRICES = (
    *_words("SETTLEMENTDATE RUNNO REGIONID PERIODID RRP EEP INVALIDFLAG LASTCHANGED ROP"),
    *_each(SERVICES, "RRP", "ROP"),
)
_FAST_TRADING = _each(FAST_SERVICES, "RRP", "ROP")


def _eras(key: MmsKey, *eras: tuple[date, int, tuple[str, ...]]) -> Eras:
    return tuple((since, Header(key, str(version), columns)) for since, version, columns in eras)


LIVE: Mapping[MmsKey, Eras] = {
    PRICE: _eras(
        PRICE,
        (BEGINNING, 1, (*_PRICES, *_CUMULATIVE)),
        (SEEN_2021, 4, (*_PRICES, *_CUMULATIVE)),
        (FAST_FCAS, 5, (*_PRICES, *_FAST_PRICES, *_CUMULATIVE, *_FAST_CUMULATIVE, *_CONSTRAINED)),
    ),
    REGIONSUM: _eras(
        REGIONSUM,
        (BEGINNING, 4, _SUMS),
        (SEEN_2021, 5, _SUMS5),
        (DEMAND_RESPONSE, 6, _SUMS6),
        (FAST_FCAS, 7, (*_SUMS6, *_FAST_SUMS, *_AVAILABILITY)),
        (BIDIRECTIONAL_UNITS, 8, (*_SUMS6, *_FAST_SUMS, *_AVAILABILITY, *_STORAGE)),
        (
            RESERVE_INFORMATION,
            9,
            (*_SUMS6, *_FAST_SUMS, *_AVAILABILITY, *_STORAGE, "BDU_INITIAL_ENERGY_STORAGE"),
        ),
    ),
    INTERCONNECTORRES: _eras(
        INTERCONNECTORRES,
        (BEGINNING, 1, _FLOWS),
        (SEEN_2021, 3, _FLOWS),
        (NEW_ARCHIVE, 3, (*_FLOWS, *_LOCAL_FLOWS)),
    ),
    UNIT_SCADA: _eras(
        UNIT_SCADA,
        (BEGINNING, 1, _words("SETTLEMENTDATE DUID SCADAVALUE")),
        (SEEN_2025, 1, _words("SETTLEMENTDATE DUID SCADAVALUE LASTCHANGED")),
    ),
    CASE_SOLUTION: _eras(
        CASE_SOLUTION,
        (
            BEGINNING,
            2,
            (
                *_words("SETTLEMENTDATE RUNNO INTERVENTION CASESUBTYPE SOLUTIONSTATUS SPDVERSION NONPHYSICALLOSSES"),
                "TOTALOBJECTIVE",
                *_each(_words("AREAGEN INTERCONNECTOR GENERIC RAMPRATE UNITMWCAPACITY"), "VIOLATION", prefix="TOTAL"),
                *_each(_words("5MIN REG 6SEC 60SEC ASPROFILE FASTSTART ENERGYOFFER"), "VIOLATION", prefix="TOTAL"),
                *_words("LASTCHANGED SWITCHRUNINITIALSTATUS SWITCHRUNBESTSTATUS SWITCHRUNBESTSTATUS_INT"),
            ),
        ),
    ),
    LOCAL_PRICE: _eras(
        LOCAL_PRICE,
        (BEGINNING, 1, _words("SETTLEMENTDATE DUID LOCAL_PRICE_ADJUSTMENT LOCALLY_CONSTRAINED")),
    ),
    CONSTRAINT: _eras(
        CONSTRAINT,
        (
            BEGINNING,
            5,
            (
                *_words("SETTLEMENTDATE RUNNO CONSTRAINTID DISPATCHINTERVAL INTERVENTION RHS MARGINALVALUE"),
                *_words("VIOLATIONDEGREE LASTCHANGED DUID GENCONID_EFFECTIVEDATE GENCONID_VERSIONNO LHS"),
            ),
        ),
    ),
    INTERCONNECTION: _eras(
        INTERCONNECTION,
        (
            BEGINNING,
            1,
            (
                *_words("SETTLEMENTDATE RUNNO INTERVENTION FROM_REGIONID TO_REGIONID DISPATCHINTERVAL IRLF MWFLOW"),
                *_words("METEREDMWFLOW FROM_REGION_MW_LOSSES TO_REGION_MW_LOSSES LASTCHANGED"),
            ),
        ),
    ),
    TRADING_PRICE: _eras(
        TRADING_PRICE,
        (BEGINNING, 2, (*_TRADING_PRICES, "PRICE_STATUS")),
        (FAST_FCAS, 3, (*_TRADING_PRICES, *_FAST_TRADING, "PRICE_STATUS")),
    ),
    TRADING_INTERCONNECTORRES: _eras(
        TRADING_INTERCONNECTORRES,
        (
            BEGINNING,
            2,
            _words("SETTLEMENTDATE RUNNO INTERCONNECTORID PERIODID METEREDMWFLOW MWFLOW MWLOSSES LASTCHANGED"),
        ),
    ),
    ROOFTOP: _eras(ROOFTOP, (BEGINNING, 2, _words("INTERVAL_DATETIME REGIONID POWER QI TYPE LASTCHANGED"))),
}

# A month has a table's columns in the order that they came to it; a live file has them where they belong.
MONTHLY: Mapping[MmsKey, Eras] = {
    PRICE: (
        *LIVE[PRICE][:-1],
        *_eras(
            PRICE,
            (FAST_FCAS, 5, (*_PRICES, *_CUMULATIVE, *_CONSTRAINED, *_FAST_PRICES, *_FAST_CUMULATIVE)),
        ),
    ),
    REGIONSUM: (
        *LIVE[REGIONSUM][:3],
        *_eras(
            REGIONSUM,
            (FAST_FCAS, 7, (*_SUMS6, *_AVAILABILITY, *_FAST_SUMS)),
            (BIDIRECTIONAL_UNITS, 8, (*_SUMS6, *_AVAILABILITY, *_FAST_SUMS, *_STORAGE)),
            (
                RESERVE_INFORMATION,
                9,
                (*_SUMS6, *_AVAILABILITY, *_FAST_SUMS, *_STORAGE, "BDU_INITIAL_ENERGY_STORAGE"),
            ),
        ),
    ),
    INTERCONNECTORRES: LIVE[INTERCONNECTORRES],
    UNIT_SCADA: LIVE[UNIT_SCADA],
    TRADING_PRICE: (
        *LIVE[TRADING_PRICE][:-1],
        *_eras(TRADING_PRICE, (FAST_FCAS, 3, (*_TRADING_PRICES, "PRICE_STATUS", *_FAST_TRADING))),
    ),
    TRADING_INTERCONNECTORRES: LIVE[TRADING_INTERCONNECTORRES],
    ROOFTOP: (
        *LIVE[ROOFTOP],
        *_eras(ROOFTOP, (NEW_ARCHIVE, 2, _words("INTERVAL_DATETIME REGIONID POWER LASTCHANGED TYPE QI"))),
    ),
}


def live_header(key: MmsKey, day: date) -> Header:
    """The header that a table has in the live files of a day."""
    return _in_force(LIVE[key], day)


def monthly_header(key: MmsKey, year: int, month: int) -> Header:
    """The header that a table has in a month's file, which is written when the month is over."""
    return _in_force(MONTHLY[key], next_month(year, month) - timedelta(days=1))


def next_month(year: int, month: int) -> date:
    """The first day after a month."""
    return date(year + month // 12, month % 12 + 1, 1)


def _in_force(eras: Eras, day: date) -> Header:
    return eras[max(bisect_right(eras, day, key=lambda era: era[0]) - 1, 0)][1]
