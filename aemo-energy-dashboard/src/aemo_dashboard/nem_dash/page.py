"""The tab "Today": its choice and its view."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Sequence

import panel as pn
import param

from aemo_dashboard.nem_dash import today_view
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.charts.price_axis import SCALES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View


class Choices(param.Parameterized):
    """What a reader chooses on this tab."""

    scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))


def controls(choices: Choices, _: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""
    scales = {f"Price: {scale}": scale for scale in SCALES}
    scale = pn.widgets.Select.from_param(
        choices.param.scale, options=scales, label="", width=150, stylesheets=[looks.SELECT]
    )
    return (Control(scale),)


PAGE = Page(
    title="Today",
    slug="today",
    choices=Choices,
    url_names={"scale": "today_scale"},
    controls=controls,
    views=(View("Today", "overview", today_view.show, follows_clock=True),),
)
