"""What is compared: things of one measure on the stamps of one window. No queries and no figures here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from aemo_dashboard.shared.content import Column
from aemo_dashboard.shared.formulas import energy_mwh, time_of_day, weighted_mean
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.shares import LEAST_GAP_HOURS


@dataclass(frozen=True)
class Measure:
    """``unit``: a key of `hover.UNITS`; things of different measures never share an axis."""

    key: str
    name: str
    unit: str
    digits: int

    @property
    def power(self) -> bool:
        """True where an energy belongs to it."""
        return self.unit == "MW"


PRICE = Measure("price", "Price", "$/MWh", 2)
DEMAND = Measure("demand", "Demand", "MW", 1)
GENERATION = Measure("generation", "Generation", "MW", 1)
RENEWABLES = Measure("renewables", "Renewable share", "%", 1)
ROOFTOP = Measure("rooftop", "Rooftop solar", "MW", 1)
NET_IMPORT = Measure("net-import", "Net import", "MW", 1)
OUTPUT = Measure("output", "Output", "MW", 1)
CAPACITY_FACTOR = Measure("capacity-factor", "Capacity factor", "%", 1)


@dataclass(frozen=True)
class Part:
    """One of the things compared.

    values: in the measure's unit, a value for every stamp of the window, NaN where nothing is stored.
    hours: hours of data behind each value.  weights: what a value weighs in a mean where that is not its hours: a share
    weighs the energy that it is a share of [MWh].
    least, greatest: of the stored intervals behind each value, where they are known; else those of the values count.
    """

    name: str
    values: pd.Series
    hours: pd.Series
    weights: pd.Series | None = None
    least: pd.Series | None = None
    greatest: pd.Series | None = None
    notes: tuple[str, ...] = ()
    colour: str = ""
    dash: str = "solid"

    @property
    def known_hours(self) -> float:
        """Hours that hold data [h]."""
        return float(self.hours.where(self.values.notna()).sum())

    @property
    def empty(self) -> bool:
        """True where nothing at all is stored."""
        return bool(self.values.isna().all())

    @property
    def mean(self) -> float:
        """The mean over the time that holds data; of a share, that of all energy in that time. NaN without data."""
        return weighted_mean(self.values, self.hours if self.weights is None else self.weights)

    @property
    def energy_mwh(self) -> float:
        """The energy of a power over the time that holds data [MWh]; NaN without data."""
        known = self.values.notna()
        return sum(map(energy_mwh, self.values[known], self.hours[known])) if known.any() else float("nan")

    @property
    def lowest(self) -> float:
        """The least value; NaN without data."""
        return float((self.values if self.least is None else self.least.fillna(self.values)).min())

    @property
    def highest(self) -> float:
        """The greatest value; NaN without data."""
        return float((self.values if self.greatest is None else self.greatest.fillna(self.values)).max())

    def by_hour(self, window: Window) -> pd.Series:
        """The mean by hour of the day (0 … 23, of the interval's start), weighed as ``mean`` is."""
        if self.weights is None:
            return time_of_day(self.values.to_frame(), window.resolution.step).iloc[:, 0]
        known = self.weights.where(self.values.notna())
        sums = time_of_day(pd.DataFrame({"value": self.values * known, "weight": known}), window.resolution.step)
        return (sums["value"] / sums["weight"].where(sums["weight"] != 0)).astype("float64")


@dataclass(frozen=True)
class Comparison:
    """Two or more things of one measure.

    what: words for the heading.  windows: of each part; periods have one each, of equal length, and ``values`` there
    are compared by their position in it.  hours_of_day: the profiles of days, which are no longer in their means.
    extra: further columns of the table, a row a part (index: its name).
    """

    what: str
    measure: Measure
    parts: tuple[Part, ...]
    windows: tuple[Window, ...]
    hours_of_day: Callable[[], Mapping[str, pd.Series]]
    extra: pd.DataFrame = field(default_factory=pd.DataFrame)
    extra_columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()
    periods: bool = False
    energy: bool = True

    @property
    def window(self) -> Window:
        """The first part's."""
        return self.windows[0]

    @property
    def empty(self) -> bool:
        """True where there is nothing to draw at all."""
        return all(part.empty for part in self.parts)


def missing_hours(part: Part, window: Window) -> float:
    """Hours of the window in which nothing of a part is stored [h]."""
    lost = window.stored_hours - part.known_hours
    return lost if lost >= LEAST_GAP_HOURS else 0.0
