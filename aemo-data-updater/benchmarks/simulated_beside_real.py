"""The simulated market beside the real one: prices, their daily shape, demand, rooftop and flows, as Markdown tables.

For the days that real files are there for, the same days are simulated with several seeds: the real market is one draw,
and so each figure of the simulation is the mean of its seeds with their least and most behind it.

Usage: python aemo-data-updater/benchmarks/simulated_beside_real.py [--real FOLDER] [--seeds 5]
"""

import argparse
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from aemo_updater.catalogue import FEEDS, TABLES
from aemo_updater.collectors.extract import extract
from aemo_updater.collectors.rows import best_rows
from aemo_updater.market import INTERCONNECTORS, REGIONS
from aemo_updater.nemweb.reports import TRADING_IS
from aemo_updater.replica.simulation.market import Market

REAL = Path(__file__).resolve().parents[3] / "shared" / "realdata" / "nemweb"
MONTHS = ("201804", "202408", "202501")
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def month_rows(table: str, mmsdm: str, month: str) -> pd.DataFrame:
    """Rows of one of the months in the folder (their footers are those of the untrimmed files)."""
    found = [p for p in REAL.glob(f"Data_Archive/**/*{month}010000.zip") if p.name.split("%23")[1:2] == [mmsdm]]
    found = found or list(REAL.glob(f"Data_Archive/**/PUBLIC_DVD_{mmsdm}_{month}010000.zip"))
    feed = next(f for f in FEEDS if f.table.name == table and f.mmsdm == mmsdm)
    pieces = [
        piece
        for path in found
        for piece in extract(path.read_bytes(), path.name, [feed], check_footer=False).rows[TABLES[table]]
    ]
    return pd.concat([best_rows(p, TABLES[table]).to_pandas() for p in pieces], ignore_index=True)


def ten_days() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prices and flows of the real TradingIS files from 26 May to 5 June 2025."""
    feeds = [f for f in FEEDS if f.report is TRADING_IS and f.table.minutes == 5]
    rows: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(REAL.glob("Reports/CURRENT/TradingIS_Reports/PUBLIC_TRADINGIS_2025*.zip")):
        for table, pieces in extract(path.read_bytes(), path.name, feeds).rows.items():
            rows.setdefault(table.name, []).extend(p.to_pandas() for p in pieces)
    prices, flows = (pd.concat(rows[name], ignore_index=True) for name in ("prices5", "transmission5"))
    return prices, flows


def simulated(first: pd.Timestamp, last: pd.Timestamp, seed: int) -> dict[str, pd.DataFrame]:
    """The same span, a column a region or interconnector, indexed by settlementdate."""
    market, day, frames = Market(seed), (first - timedelta(hours=4, minutes=1)).date(), []
    while day <= last.date():
        frames.append(market.day(day))
        day += timedelta(days=1)
    index = pd.DatetimeIndex(np.concatenate([d.settlementdate for d in frames]))
    half_hours = index[(index.minute % 30) == 0]
    whole = {
        "rrp": pd.DataFrame(np.vstack([d.rrp for d in frames]), index, list(REGIONS)),
        "totaldemand": pd.DataFrame(np.vstack([d.regionsum["TOTALDEMAND"] for d in frames]), index, list(REGIONS)),
        "mwflow": pd.DataFrame(
            np.vstack([d.interconnectorres["MWFLOW"] for d in frames]), index, list(INTERCONNECTORS)
        ),
        "power": pd.DataFrame(np.vstack([d.rooftop for d in frames]), half_hours, list(REGIONS)),
    }
    return {name: frame.loc[first:last] for name, frame in whole.items()}


def table(title: str, real: pd.DataFrame, made: list[pd.DataFrame], figures: dict[str, Callable], digits: int) -> None:
    """One Markdown table: a row a column of the data and a side, a column a figure."""
    print(f"\n{title}\n\n| | | {' | '.join(figures)} |\n|---|---|{'---:|' * len(figures)}")
    for name in real.columns:
        print(f"| {name} | real | {' | '.join(f'{f(real[name]):,.{digits}f}' for f in figures.values())} |")
        cells = []
        for figure in figures.values():
            drawn = [figure(m[name]) for m in made]
            cells.append(f"{np.mean(drawn):,.{digits}f} ({min(drawn):,.{digits}f} … {max(drawn):,.{digits}f})")
        print(f"| | simulated | {' | '.join(cells)} |")


def daily(title: str, real: pd.DataFrame, made: list[pd.DataFrame]) -> None:
    """The mean by hour of the day (of an interval's start), every second hour."""
    hours = {f"{h:02}": _hour_mean(h) for h in range(0, 24, 2)}
    print(f"\n{title}\n\n| | | {' | '.join(hours)} |\n|---|---|{'---:|' * len(hours)}")
    for name in real.columns:
        print(f"| {name} | real | {' | '.join(f'{f(real[name]):,.0f}' for f in hours.values())} |")
        print(f"| | simulated | {' | '.join(f'{np.mean([f(m[name]) for m in made]):,.0f}' for f in hours.values())} |")


def _hour_mean(hour: int) -> Callable[[pd.Series], float]:
    return lambda s: float(s[(s.index - pd.Timedelta("1s")).hour == hour].mean())


def _quantile(q: float) -> Callable[[pd.Series], float]:
    return lambda s: float(s.quantile(q))


PRICE_FIGURES: dict[str, Callable] = {
    "mean": lambda s: s.mean(),
    "< 0, %": lambda s: 100 * (s < 0).mean(),
    "> 300, %": lambda s: 100 * (s > 300).mean(),
    **{f"{100 * q:g} %": _quantile(q) for q in QUANTILES},
    "max": lambda s: s.max(),
    "step": lambda s: s.diff().abs().median(),
    "same, %": lambda s: 100 * (s.round(2).diff() == 0).mean(),
}
LEVEL_FIGURES: dict[str, Callable] = {
    "mean": lambda s: s.mean(),
    **{f"{100 * q:g} %": _quantile(q) for q in (0.01, 0.25, 0.5, 0.75, 0.99)},
    "max": lambda s: s.max(),
}


def compare(title: str, seeds: int, **real: pd.DataFrame) -> None:
    """All tables of one span. ``real`` by its column: a column a region, indexed by settlementdate."""
    index = next(iter(real.values())).index
    made = [simulated(index[0], index[-1], seed) for seed in range(1, seeds + 1)]
    print(f"\n### {title}: {index[0]:%Y-%m-%d %H:%M} to {index[-1]:%Y-%m-%d %H:%M}, {len(index):,} intervals")
    names = {"rrp": "Price, $/MWh", "totaldemand": "TOTALDEMAND, MW", "mwflow": "MWFLOW, MW", "power": "Rooftop, MW"}
    for column, frame in real.items():
        same = [m[column].reindex(frame.index)[list(frame.columns)] for m in made]
        figures = PRICE_FIGURES if column == "rrp" else LEVEL_FIGURES
        table(names[column], frame, same, figures, 1 if column == "rrp" else 0)
        if column in ("rrp", "totaldemand"):
            daily(f"{names[column]}, mean by hour", frame, same)


def wide(rows: pd.DataFrame, key: str, value: str) -> pd.DataFrame:
    """A column a key."""
    return rows.pivot_table(index="settlementdate", columns=key, values=value).rename_axis(columns=None)


def main() -> None:
    """Print the page's tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    prices, flows = ten_days()
    real = {"rrp": wide(prices, "regionid", "rrp"), "mwflow": wide(flows, "interconnectorid", "mwflow")}
    compare("Ten days of all regions", seeds, **real)
    for month in MONTHS:
        real = {
            "rrp": wide(month_rows("prices5", "DISPATCHPRICE", month), "regionid", "rrp"),
            "totaldemand": wide(month_rows("regions5", "DISPATCHREGIONSUM", month), "regionid", "totaldemand"),
        }
        if list(REAL.glob(f"Data_Archive/**/*ROOFTOP_PV_ACTUAL*{month}010000.zip")):
            real["power"] = wide(month_rows("rooftop30", "ROOFTOP_PV_ACTUAL", month), "regionid", "power")
        compare(f"{date(int(month[:4]), int(month[4:]), 1):%B %Y}, as far as it is in the file", seeds, **real)


if __name__ == "__main__":
    main()
