"""The tab "Transmission": its choices, its controls and its views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Sequence

import panel as pn
import param

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.charts.price_axis import SCALES
from aemo_dashboard.shared.flows_adapter import reporting
from aemo_dashboard.shared.formulas import INTERCONNECTORS
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View
from aemo_dashboard.transmission import difference_view, duration_view, flows_view, net_import_view
from aemo_dashboard.transmission.data import ALL


class Choices(param.Parameterized):
    """What a reader chooses on this tab.

    ``interconnector``: its name, also one that is not known here (new ones are being built); ``ALL`` for every one.
    """

    interconnector = param.String(default=ALL)
    difference_scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))


def controls(choices: Choices, queries: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""
    try:
        seen = reporting(queries)
    except DashboardError:  # the views say what is wrong with the data
        seen = ()
    names = [*INTERCONNECTORS, *(name for name in seen if name not in INTERCONNECTORS)]
    options = {"All interconnectors": ALL, **{name: name for name in names}}
    one = pn.widgets.Select(options=options, value=ALL, width=190, label="", stylesheets=[looks.SELECT])

    def follow(*_: param.parameterized.Event) -> None:
        """The choice, from the URL or a press on a row, in the widget; one that nobody knew becomes an option."""
        if choices.interconnector not in one.options.values():
            one.options = {**one.options, choices.interconnector: choices.interconnector}
        one.value = choices.interconnector

    choices.param.watch(follow, "interconnector")
    one.param.watch(lambda event: choices.param.update(interconnector=event.new), "value")
    follow()
    scales = {f"Price: {scale}": scale for scale in SCALES}
    scale = pn.widgets.Select.from_param(
        choices.param.difference_scale, options=scales, label="", width=150, stylesheets=[looks.SELECT]
    )
    return (Control(one, ("flows", "difference", "duration")), Control(scale, ("difference",)))


PAGE = Page(
    title="Transmission",
    slug="transmission",
    choices=Choices,
    url_names={"interconnector": "interconnector", "difference_scale": "difference-scale"},
    controls=controls,
    views=(
        View("Flows", "flows", flows_view.show),
        View("Price difference", "difference", difference_view.show),
        View("Net import", "net-import", net_import_view.show),
        View("Duration curve", "duration", duration_view.show),
    ),
)
