"""What stands in the columns that the simulated market does not work out: what is usual in real files.

A column that is neither here nor worked out is empty, as most of REGIONSUM's are in real files.
"""

from collections.abc import Mapping
from typing import NamedTuple

from aemo_updater.nemweb.mms import MmsKey
from aemo_updater.replica.simulation import eras

FCAS_PRICES = {
    "RAISE6SEC": "0.38", "RAISE60SEC": "0.38", "RAISE5MIN": "0.38", "RAISEREG": "3", "RAISE1SEC": "0.37",
    "LOWER6SEC": "0.1", "LOWER60SEC": "0.38", "LOWER5MIN": "0.38", "LOWERREG": "1.2", "LOWER1SEC": "0",
}  # fmt: skip
"""$/MW per hour of frequency control, on a day when nothing happens."""
FCAS_MEGAWATTS = {
    "RAISE6SEC": "89", "RAISE60SEC": "92", "RAISE5MIN": "74", "RAISEREG": "44", "RAISE1SEC": "20",
    "LOWER6SEC": "53", "LOWER60SEC": "70", "LOWER5MIN": "54", "LOWERREG": "42", "LOWER1SEC": "1",
}  # fmt: skip
"""MW enabled in a region."""
WEEK_OF_INTERVALS = 2016
"""The cumulative price is the sum over seven days."""


class Line(NamedTuple):
    """An interconnector's usual limiting constraints and its nominal limits."""

    export_constraint: str
    import_constraint: str
    export_limit: str
    import_limit: str


LINES = {
    "N-Q-MNSP1": Line("NQTE_ROC", "N^Q_NIL_B", "264", "-264"),
    "NSW1-QLD1": Line("N^^Q_NIL_MAXGEN", "Q^^N_NIL_SRAR", "2204", "-2478"),
    "T-V-MNSP1": Line("T_V_NIL_BL1", "VTBL_ROC", "594", "-478"),
    "V-S-MNSP1": Line("VSML_ROC_80", "SVML_ROC_80", "220", "-200"),
    "V-SA": Line("V_S_NIL_ROCOF", "S_V_NIL_ROCOF", "1050", "-1050"),
    "VIC1-NSW1": Line("V^^N_NIL_1", "N^^V_NIL_1", "2399", "-2299"),
}


def _cumulative(price: str) -> str:
    return f"{float(price) * WEEK_OF_INTERVALS:.2f}"


def _dispatch_prices() -> dict[str, str]:
    found = {"RUNNO": "1", "EEP": "0", "APCFLAG": "0", "MARKETSUSPENDEDFLAG": "0"}
    for service, price in FCAS_PRICES.items():
        pre_ap = f"PRE_AP_{service.removesuffix('SEC')}_PRICE"
        found |= {f"{service}RRP": price, f"{service}ROP": price, f"{service}APCFLAG": "0"}
        found |= {pre_ap: price, f"CUMUL_{pre_ap}": _cumulative(price)}
    return found | {
        "CUMUL_PRE_AP_ENERGY_PRICE": _cumulative("90"),
        "OCD_STATUS": "NOT_OCD",
        "MII_STATUS": "NOT_MII",
    }


FILLINGS: Mapping[MmsKey, Mapping[str, str]] = {
    eras.PRICE: _dispatch_prices(),
    eras.REGIONSUM: {
        "RUNNO": "1",
        **dict.fromkeys(("AVAILABLELOAD", "DEMANDFORECAST", "EXCESSGENERATION", "AGGREGATEDISPATCHERROR"), "0"),
        **dict.fromkeys(("TOTALINTERMITTENTGENERATION", "SEMISCHEDULE_COMPLIANCEMW"), "0"),
        **dict.fromkeys(("SS_SOLAR_COMPLIANCEMW", "SS_WIND_COMPLIANCEMW"), "0"),
        **dict.fromkeys(("WDR_INITIALMW", "WDR_AVAILABLE", "WDR_DISPATCHED"), "0"),
        **{f"{service}LOCALDISPATCH": megawatts for service, megawatts in FCAS_MEGAWATTS.items()},
        **{f"{service}ACTUALAVAILABILITY": f"{3 * float(mw):g}" for service, mw in FCAS_MEGAWATTS.items()},
    },
    eras.INTERCONNECTORRES: {
        "RUNNO": "1",
        "MARGINALVALUE": "0",
        "VIOLATIONDEGREE": "0",
        "MARGINALLOSS": "1",
        **dict.fromkeys(("LOCAL_PRICE_ADJUSTMENT_EXPORT", "LOCALLY_CONSTRAINED_EXPORT"), "0"),
        **dict.fromkeys(("LOCAL_PRICE_ADJUSTMENT_IMPORT", "LOCALLY_CONSTRAINED_IMPORT"), "0"),
    },
    eras.CASE_SOLUTION: {
        "RUNNO": "1",
        "SOLUTIONSTATUS": "1",
        "NONPHYSICALLOSSES": "0",
        **{
            f"TOTAL{what}VIOLATION": "0"
            for what in ("AREAGEN", "INTERCONNECTOR", "GENERIC", "RAMPRATE", "UNITMWCAPACITY", "ASPROFILE")
        },
        **dict.fromkeys(("TOTALFASTSTARTVIOLATION", "TOTALENERGYOFFERVIOLATION"), "0"),
        "SWITCHRUNINITIALSTATUS": "1",
        "SWITCHRUNBESTSTATUS": "1",
    },
    eras.LOCAL_PRICE: {"LOCALLY_CONSTRAINED": "1"},
    eras.CONSTRAINT: {"RUNNO": "1", "MARGINALVALUE": "0", "VIOLATIONDEGREE": "0", "GENCONID_VERSIONNO": "1"},
    eras.INTERCONNECTION: {"RUNNO": "1", "IRLF": "1"},
    eras.UNIT_SCADA: {},
    eras.TRADING_PRICE: {
        "RUNNO": "1",
        "EEP": "0",
        "INVALIDFLAG": "0",
        **{f"{service}{price}": value for service, value in FCAS_PRICES.items() for price in ("RRP", "ROP")},
    },
    eras.TRADING_INTERCONNECTORRES: {"RUNNO": "1"},
    eras.ROOFTOP: {},
}
