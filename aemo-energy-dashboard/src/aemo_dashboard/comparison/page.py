"""The tab "Comparison": its choices, its controls and its views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import param

from aemo_dashboard.comparison import views
from aemo_dashboard.comparison.parts import GENERATION, PRICE
from aemo_dashboard.comparison.periods import EARLIER, FUELS
from aemo_dashboard.comparison.periods import MEASURES as PERIOD_MEASURES
from aemo_dashboard.comparison.side_by_side import MEASURES, MOST_REGIONS, SERIES
from aemo_dashboard.comparison.stations import MEASURES as STATION_MEASURES
from aemo_dashboard.comparison.stations import MOST_STATIONS, offered
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.charts.price_axis import SCALES
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Control, Page, View
from aemo_dashboard.shared.tables import REGIONS

KINDS = {"Regions": "regions", "Fuels": "fuels", "Stations": "stations", "Periods": "periods"}


class Choices(param.Parameterized):
    """What a reader chooses on this tab. Names in lists are checked where they are looked up, which says what is wrong
    with them.
    """

    kind: "param.Selector[str]" = param.Selector(default="regions", objects=list(KINDS.values()))
    regions: "param.List[list[str]]" = param.List(default=list(REGIONS), item_type=str)
    measure: "param.Selector[str]" = param.Selector(default="price", objects=list(MEASURES))
    fuels: "param.List[list[str]]" = param.List(default=["Coal", "Gas", "Wind", "Solar"], item_type=str)
    stations: "param.List[list[str]]" = param.List(default=[], item_type=str)
    output: "param.Selector[str]" = param.Selector(default="output", objects=list(STATION_MEASURES))
    earlier: "param.List[list[str]]" = param.List(default=["previous", "year"], item_type=str)
    first_day = param.CalendarDate(default=None, allow_None=True)
    period_measure: "param.Selector[str]" = param.Selector(default="demand", objects=list(PERIOD_MEASURES))
    period_fuel: "param.Selector[str]" = param.Selector(default=FUELS[0], objects=list(FUELS))
    scale: "param.Selector[str]" = param.Selector(default=SCALES[0], objects=list(SCALES))


URL_NAMES = {
    "kind": "cmp",
    "regions": "cmpregions",
    "measure": "cmpmeasure",
    "fuels": "cmpfuels",
    "stations": "cmpstations",
    "output": "cmpoutput",
    "earlier": "cmpperiods",
    "first_day": "cmpfirst",
    "period_measure": "cmpperiodmeasure",
    "period_fuel": "cmpfuel",
    "scale": "cmpscale",
}


def controls(choices: Choices, queries: QueryManager) -> Sequence[Control]:
    """The widgets: what is compared, then those of the chosen kind.

    They stand in boxes, since the page decides by the view which controls are seen, and these go by the kind, too.
    """
    kind = pn.widgets.RadioButtonGroup.from_param(
        choices.param.kind, options=KINDS, variant="outline", color="primary", stylesheets=[looks.BUTTONS]
    )
    names = {key: measure.name for key, measure in (MEASURES | STATION_MEASURES).items()}
    measures = {names[key]: key for key in MEASURES}
    period_measures = {names[key]: key for key in PERIOD_MEASURES}
    outputs = {"Output [MW]": "output", "Capacity factor [%]": "capacity-factor"}
    fuels = {f"Fuel: {fuel}": fuel for fuel in FUELS}
    of_kind: dict[str, list[Any]] = {
        "regions": [
            _many(choices.param.regions, {name: name for name in REGIONS}, 430, max_items=MOST_REGIONS),
            _one(choices.param.measure, measures),
        ],
        "fuels": [_many(choices.param.fuels, {name: name for name in SERIES}, 560)],
        "stations": [
            _many(
                choices.param.stations,
                offered(queries, choices.stations),
                520,
                max_items=MOST_STATIONS,
                option_limit=60,
                search_option_limit=40,
                placeholder="Search stations and units",
            ),
            _one(choices.param.output, outputs),
        ],
        "periods": [
            _many(choices.param.earlier, EARLIER, 330),
            pn.widgets.DatePicker.from_param(choices.param.first_day, label="Or from the day", width=150),
            _one(choices.param.period_measure, period_measures),
        ],
    }
    for name, widgets in of_kind.items():
        for widget in widgets:
            widget.visible = choices.param.kind.rx() == name
    fuel = _one(choices.param.period_fuel, fuels)
    bind: Any = pn.bind  # its annotations know generators only
    fuel.visible = bind(_asks_for_fuel, choices.param.kind, choices.param.period_measure)
    scale = _one(choices.param.scale, {f"Price: {scale}": scale for scale in SCALES})
    measured = (choices.param.measure, choices.param.period_measure)
    scale.visible = bind(_asks_for_scale, choices.param.kind, *measured)
    whole = pn.FlexBox(
        kind,
        *[widget for widgets in of_kind.values() for widget in widgets],
        fuel,
        align_items="center",
        sizing_mode="stretch_width",
    )
    return Control(whole), Control(pn.Row(scale), ("time",))


def _asks_for_fuel(kind: str, measure: str) -> bool:
    return kind == "periods" and measure == GENERATION.key


def _asks_for_scale(kind: str, measure: str, of_periods: str) -> bool:
    return {"regions": measure, "periods": of_periods}.get(kind) == PRICE.key


def _one(parameter: Any, options: dict[str, str]) -> Any:
    return pn.widgets.Select.from_param(parameter, options=options, label="", width=170, stylesheets=[looks.SELECT])


def _chosen_first(options: Mapping[str, str], chosen: Sequence[str]) -> dict[str, str]:
    """The options, those that are chosen first and in that order: the widget begins with its chips in theirs."""
    words = {name: said for said, name in options.items()}
    order = dict.fromkeys([*(words[name] for name in chosen if name in words), *options])
    return {said: options[said] for said in order}


def _many(parameter: Any, options: Mapping[str, str], width: int, **more: Any) -> Any:
    return pn.widgets.MultiChoice.from_param(
        parameter,
        options=_chosen_first(options, getattr(parameter.owner, parameter.name)),
        label="",
        sizing_mode="stretch_width",
        max_width=width,
        min_width=240,
        stylesheets=[looks.CHOICES],
        **more,
    )


PAGE = Page(
    title="Comparison",
    slug="comparison",
    choices=Choices,
    url_names=URL_NAMES,
    controls=controls,
    views=(View("Over time", "time", views.show_time), View("Time of day", "profile", views.show_profile)),
)
