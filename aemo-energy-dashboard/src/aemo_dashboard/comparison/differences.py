"""The table of differences: a row a thing, beside the first of them."""

import pandas as pd

from aemo_dashboard.comparison.parts import Comparison, Part, missing_hours
from aemo_dashboard.shared.content import Column, Table
from aemo_dashboard.shared.formulas import change_percent, correlation
from aemo_dashboard.shared.resolution_manager import DAILY

NAME = "differences"
HEADINGS = {"regions": "Region", "stations": "Station or unit"}
SPANS = {5: "5 min", 30: "half hour", 1440: "day"}


def differences(comparison: Comparison) -> Table:
    """Mean over the hours of data, energy where it is MW, least and greatest, what each kind adds, and how far the mean
    lies from the first one's.
    """
    first = comparison.parts[0]
    rows = [
        _row(comparison, part, first) | _extra(comparison, part) | {"missing": missing_hours(part, window)}
        for part, window in zip(comparison.parts, comparison.windows, strict=True)
    ]
    columns = _columns(comparison)
    return Table(NAME, pd.DataFrame(rows, columns=[column.key for column in columns]), columns)


def _row(comparison: Comparison, part: Part, first: Part) -> dict[str, object]:
    alone = part is first
    nan = float("nan")
    return {
        "name": part.name,
        "mean": part.mean,
        "energy": part.energy_mwh / 1000 if comparison.measure.power else nan,
        "least": part.lowest,
        "greatest": part.highest,
        "difference": nan if alone else part.mean - first.mean,
        "change": nan if alone else change_percent(part.mean, first.mean),
        "correlation": nan if alone else _correlation(part, first),
    }


def _correlation(part: Part, first: Part) -> float:
    """By position: periods have other stamps, and the same number of them."""
    return correlation(part.values.reset_index(drop=True), first.values.reset_index(drop=True))


def _extra(comparison: Comparison, part: Part) -> dict[str, object]:
    return {column.key: comparison.extra.loc[part.name, column.key] for column in comparison.extra_columns}


def _columns(comparison: Comparison) -> tuple[Column, ...]:
    measure, unit = comparison.measure, comparison.measure.unit
    span, digits = span_of(comparison), comparison.measure.digits
    heading = "Period" if comparison.periods else HEADINGS.get(comparison.what, "Fuel")
    points = "points" if unit == "%" else unit
    energy = (Column("energy", "Energy [GWh]", 3),) if measure.power and comparison.energy else ()
    return (
        Column("name", heading, width=230 if comparison.periods or heading.startswith("Station") else 130),
        Column("mean", f"Mean [{unit}]", digits),
        Column("difference", f"Difference [{points}]", digits),
        Column("change", "Difference [%]", 1),
        *energy,
        *comparison.extra_columns,
        Column("least", f"Least {span} [{unit}]", digits),
        Column("greatest", f"Greatest {span} [{unit}]", digits),
        Column("correlation", "Correlation", 3),
        Column("missing", "Without data [h]", 1),
    )


def span_of(comparison: Comparison) -> str:
    """What least and greatest are of: the points drawn, or the half hours behind days where they are known."""
    resolution = comparison.window.resolution
    behind = resolution is DAILY and all(part.least is not None for part in comparison.parts if not part.empty)
    return SPANS[resolution.stored if behind else resolution.minutes]


def notes(comparison: Comparison) -> list[str]:
    """What is to be said of the numbers: how the first one counts, and what holds no data."""
    first, resolution = comparison.parts[0], comparison.window.resolution
    said = [
        f"Differences and correlations are to the first, {first.name}; % are of the size of its mean, correlations of "
        f"{resolution.name} values."
    ]
    for part, window in zip(comparison.parts, comparison.windows, strict=True):
        if part.empty:
            said.append(f"{part.name}: nothing is stored in its window.")
        elif lost := missing_hours(part, window):
            hours = f"{lost:,.1f} of {window.expected_hours:,.1f} h"
            said.append(f"{part.name}: {hours} hold no data; mean and energy are of the others.")
    of_note: dict[str, list[str]] = {}
    for part in comparison.parts:
        for note in part.notes:
            of_note.setdefault(note, []).append(part.name)
    return [*said, *(f"{', '.join(names)}: {note}" for note, names in of_note.items()), *comparison.notes]
