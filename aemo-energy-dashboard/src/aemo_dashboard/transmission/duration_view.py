"""The view "Duration curve": for how much of the time an interconnector's flow was at or above each level."""

import numpy as np
import pandas as pd

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.charts.curves import SHARE_OF_TIME, Curve, curve_chart
from aemo_dashboard.shared.content import Chart, Column, Content, Side, Table
from aemo_dashboard.shared.flows_adapter import Duration, durations
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.theme import FLOW_COLOUR, Theme
from aemo_dashboard.transmission import drawn
from aemo_dashboard.transmission.data import load_lines, way

MOST_POINTS = 2_000
HEIGHT, ONLY_HEIGHT = 290, 430
SHARES = (5, 25, 50, 75, 95)
COLUMNS = (
    Column("interconnector", "Interconnector", width=116),
    Column("way", "From → to", width=112),
    Column("greatest", "Greatest flow [MW]", 1),
    *(Column(f"at_{share}", f"Reached {share} % of time [MW]", 1) for share in SHARES),
    Column("least", "Least flow [MW]", 1),
    Column("forward", "Forward [% of time]", 1),
    Column("export", "Median export limit [MW]", 1),
    Column("import", "Median import limit [MW]", 1),
    Column("hours", "Hours with data [h]", 1),
)


def show(queries: QueryManager, asked: Asked, chosen: Chosen, theme: Theme) -> Content:
    """A curve an interconnector, and its levels as a table."""
    lines = load_lines(queries, asked, chosen.interconnector)
    heading = drawn.heading(lines, "")
    if lines.empty:
        sentence = f"Nothing is stored of interconnectors for {chosen.interconnector or lines.region} in this window."
        return Content((heading, drawn.notes(lines.notes)), sentence)
    curves = durations(queries, lines.flows)
    height = ONLY_HEIGHT if len(curves) == 1 else HEIGHT
    pictures = Side("curves", tuple(chart(each, theme, height) for each in curves), 400)
    table = Table("levels", pd.DataFrame([_row(each) for each in curves]), COLUMNS)
    stored = drawn.stored_words(lines.window)
    said = (
        f"Each curve is of the stored {stored}s themselves, also where other views show daily means; a gap takes no "
        "part, nor in the time. The limits are the medians over the window; what was in force changes all the time.",
    )
    return Content((heading, pictures, table, drawn.notes(lines.notes, *said)))


def chart(duration: Duration, theme: Theme, height: int = HEIGHT) -> Chart:
    """The curve with the limits' medians."""
    key = drawn.safe(duration.name)
    lines = [(Curve("flow", "Flow", FLOW_COLOUR), _thinned(duration.curve))]
    for name, dash, value in (("Export", "dashed", duration.export_mw), ("Import", "dotdash", duration.import_mw)):
        if not np.isnan(value):
            level = pd.Series([value, value], index=[0.0, 100.0])
            lines.append((Curve(name.lower(), f"{name} limit, median", theme.quiet, dash, 1.3), level))
    return curve_chart(
        f"duration-{key}",
        lines,
        theme,
        unit="MW",
        x_label=SHARE_OF_TIME,
        x_bounds=(0.0, 100.0),
        title=drawn.title(duration.name, "MW"),
        height=height,
    )


def _thinned(curve: pd.DataFrame) -> pd.Series:
    """Flow [MW] by share of time [%], at most ``MOST_POINTS`` with both ends kept; it begins at 0 %."""
    places = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), MOST_POINTS - 1)).round().astype(int))
    kept = curve.iloc[places]
    values = [kept["value"].iloc[0], *kept["value"]]
    return pd.Series(values, index=[0.0, *(100 * kept["share_of_time"])], dtype="float64")


def _row(duration: Duration) -> dict[str, object]:
    """``at_<share>``: the flow that is reached or exceeded in that share of the time."""
    share, value = (duration.curve[key].to_numpy() for key in ("share_of_time", "value"))
    positive = np.flatnonzero(value > 0)
    places = [min(int(np.searchsorted(share, part / 100 - 1e-12)), len(value) - 1) for part in SHARES]
    return {
        "interconnector": duration.name,
        "way": way(duration.name),
        "greatest": value[0],
        **{f"at_{part}": value[place] for part, place in zip(SHARES, places, strict=True)},
        "least": value[-1],
        "forward": 100 * share[positive[-1]] if len(positive) else 0.0,
        "export": duration.export_mw,
        "import": duration.import_mw,
        "hours": duration.hours,
    }
