"""The families of files on NEMWEB that feed the tables, with the folders and lifetimes seen there in 2026."""

from datetime import timedelta

from aemo_updater.nemtime import FIVE_MINUTES, HALF_HOUR
from aemo_updater.tables import Report

DISPATCH_IS = Report(
    name="DispatchIS",
    folder="DispatchIS_Reports",
    pattern=r"PUBLIC_DISPATCHIS_(?P<stamp>\d{12})_\d{16}\.zip",
    cadence=FIVE_MINUTES,
    kept=timedelta(days=2),
    doc="prices, interconnector flows and regional sums of each dispatch interval",
)
DISPATCH_SCADA = Report(
    name="Dispatch_SCADA",
    folder="Dispatch_SCADA",
    pattern=r"PUBLIC_DISPATCHSCADA_(?P<stamp>\d{12})_\d{16}\.zip",
    cadence=FIVE_MINUTES,
    kept=timedelta(days=2),
    doc="output of each unit at the start of the dispatch interval",
)
TRADING_IS = Report(
    name="TradingIS",
    folder="TradingIS_Reports",
    pattern=r"PUBLIC_TRADINGIS_(?P<stamp>\d{12})_\d{16}\.zip",
    cadence=FIVE_MINUTES,
    kept=timedelta(days=14),
    doc="settlement prices and flows, rounded to cents and 0.01 MW",
)
ROOFTOP_PV = Report(
    name="Rooftop_PV",
    folder="ROOFTOP_PV/ACTUAL",
    pattern=r"PUBLIC_ROOFTOP_PV_ACTUAL_(?:DAILY|MEASUREMENT|SATELLITE)_(?P<stamp>\d{8,14})_\d{16}\.zip",
    cadence=HALF_HOUR,
    kept=timedelta(days=14),
    doc="estimated output of rooftop solar by region",
)

REPORTS: tuple[Report, ...] = (DISPATCH_IS, DISPATCH_SCADA, TRADING_IS, ROOFTOP_PV)
