"""The tab "Generation by Fuel": its choices, its controls and its views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Sequence

import panel as pn
import param

from aemo_dashboard.generation import hours_view, stack_view, utilisation_view
from aemo_dashboard.generation.hours import DAYS
from aemo_dashboard.generation.hours_view import MEASURES
from aemo_dashboard.generation.utilisation_view import LINES
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.charts.price_axis import SCALES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View
from aemo_dashboard.transmission import lines_view


class Choices(param.Parameterized):
    """What a reader chooses on this tab."""

    scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))
    lines: "param.Selector[str]" = param.Selector(default=LINES[0], objects=list(LINES))
    days: "param.Selector[str]" = param.Selector(default=next(iter(DAYS)), objects=list(DAYS))
    measure: "param.Selector[str]" = param.Selector(default=MEASURES[0], objects=list(MEASURES))


def controls(choices: Choices, _: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""

    def select(name: str, said: str, values: Sequence[str], views: tuple[str, ...]) -> Control:
        options = {f"{said}{value}": value for value in values}
        widget = pn.widgets.Select.from_param(
            choices.param[name], options=options, label="", width=175, stylesheets=[looks.SELECT]
        )
        return Control(widget, views)

    return (
        select("scale", "Price: ", SCALES, ("stack", "time-of-day")),
        select("lines", "Lines: ", LINES, ("utilisation",)),
        select("days", "Days: ", tuple(DAYS), ("time-of-day",)),
        select("measure", "Shown: ", MEASURES, ("time-of-day",)),
    )


PAGE = Page(
    title="Generation by Fuel",
    slug="generation",
    choices=Choices,
    url_names={"scale": "scale", "lines": "gen_lines", "days": "gen_days", "measure": "gen_measure"},
    controls=controls,
    views=(
        View("Generation Stack", "stack", stack_view.show),
        View("Capacity Utilisation", "utilisation", utilisation_view.show),
        View("Transmission lines", "lines", lines_view.show),
        View("Time of Day", "time-of-day", hours_view.show),
    ),
)
