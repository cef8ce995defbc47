"""The tab "Generation by Fuel": its choices, its controls and its views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Sequence

import panel as pn
import param

from aemo_dashboard.generation import stack_view
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.charts.price_axis import SCALES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View
from aemo_dashboard.transmission import lines_view


class Choices(param.Parameterized):
    """What a reader chooses on this tab."""

    scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))


def controls(choices: Choices, _: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""
    scales = {f"Price: {scale}": scale for scale in SCALES}
    scale = pn.widgets.Select.from_param(
        choices.param.scale, options=scales, label="", width=150, stylesheets=[looks.SELECT]
    )
    return (Control(scale, ("stack",)),)


PAGE = Page(
    title="Generation by Fuel",
    slug="generation",
    choices=Choices,
    url_names={"scale": "scale"},
    controls=controls,
    views=(
        View("Generation Stack", "stack", stack_view.show),
        View("Transmission lines", "lines", lines_view.show),
    ),
)
