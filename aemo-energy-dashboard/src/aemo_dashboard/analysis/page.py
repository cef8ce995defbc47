"""The tab "Average Price Analysis": its choices, its controls and its view."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import param

from aemo_dashboard.analysis import pivot, prices_view
from aemo_dashboard.analysis.data import UNKNOWN
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.fuels import UNIT_SERIES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View
from aemo_dashboard.shared.tables import REGIONS

SORTS = {"label": "Name", **prices_view.COLUMN_NAMES}
ORDERS = {"Largest first": "descending", "Smallest first": "ascending"}
WRAPPED = f"{looks.BUTTONS} .bk-btn-group {{ flex-wrap: wrap; row-gap: 4px; }}"


class Choices(param.Parameterized):
    """What a reader chooses on this tab. What is switched off is kept, so that anything new is on."""

    by: "param.Selector[str]" = param.Selector(default="region-fuel", objects=list(pivot.LEVELS))
    sort: "param.Selector[str]" = param.Selector(default="gwh", objects=list(SORTS))
    order: "param.Selector[str]" = param.Selector(default="descending", objects=list(ORDERS.values()))
    hidden_regions = param.List(default=[], item_type=str)
    hidden_fuels = param.List(default=[], item_type=str)
    hidden_columns = param.List(default=["unpriced"], item_type=str)
    opened = param.List(default=[], item_type=str)


def switches(choices: Choices, field: str, label: str, names: Mapping[str, str]) -> pn.FlexBox:
    """A row of buttons, pressed where a thing is on; ``names``: its words by its key, which ``field`` lists if off."""

    def on() -> list[str]:
        return [key for key in names if key not in getattr(choices, field)]

    group = pn.widgets.CheckButtonGroup(
        options={name: key for key, name in names.items()},
        value=on(),
        variant="outline",
        color="primary",
        stylesheets=[WRAPPED],
        margin=(2, 4),
    )

    def pressed(event: param.parameterized.Event) -> None:
        strangers = [key for key in getattr(choices, field) if key not in names]
        choices.param.update(**{field: [*(key for key in names if key not in event.new), *strangers]})

    def follow(_: param.parameterized.Event) -> None:  # the URL or another tab's visit has changed it
        if set(group.value) != set(on()):
            group.value = on()

    group.param.watch(pressed, "value")
    choices.param.watch(follow, field)
    name = pn.pane.HTML(label, styles=looks.LABEL, width=62)
    return pn.FlexBox(name, group, align_items="center", sizing_mode="stretch_width", flex_wrap="wrap")


def controls(choices: Choices, _: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""

    def select(field: str, options: Mapping[str, str], width: int) -> Any:
        return pn.widgets.Select.from_param(
            choices.param[field], options=dict(options), label="", width=width, stylesheets=[looks.SELECT]
        )

    def button(label: str, opened: list[str]) -> Any:
        made = pn.widgets.Button(label=label, variant="outline", stylesheets=[looks.BUTTONS], margin=(5, 4))

        def pressed(_: param.parameterized.Event) -> None:
            choices.opened = list(opened)

        made.on_click(pressed)
        return made

    groupings = {f"By {words}": key for key, words in prices_view.GROUPINGS.items()}
    sorts = {f"Sort: {words}": key for key, words in SORTS.items()}
    widgets = (
        select("by", groupings, 175),
        select("sort", sorts, 195),
        select("order", ORDERS, 135),
        button("Expand all", [pivot.EVERYTHING]),
        button("Collapse all", []),
        switches(choices, "hidden_regions", "Regions", {name: name for name in (*REGIONS, UNKNOWN)}),
        switches(choices, "hidden_fuels", "Fuels", {name: name for name in UNIT_SERIES}),
        switches(choices, "hidden_columns", "Columns", prices_view.COLUMN_NAMES),
    )
    return [Control(widget) for widget in widgets]


PAGE = Page(
    title="Average Price Analysis",
    slug="prices",
    choices=Choices,
    url_names={
        "by": "price_by",
        "sort": "price_sort",
        "order": "price_order",
        "hidden_regions": "price_no_regions",
        "hidden_fuels": "price_no_fuels",
        "hidden_columns": "price_no_columns",
        "opened": "price_open",
    },
    controls=controls,
    views=(View("Prices", "prices", prices_view.show),),
)
