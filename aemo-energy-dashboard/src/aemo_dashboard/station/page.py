"""The tab "Station Analysis": search, the popular stations, the unit, and three views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import param

from aemo_dashboard.errors import RequestError
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen, Control, Page, View
from aemo_dashboard.station import profile_view, series_view, summary_view
from aemo_dashboard.station.data import Subject, all_stations, popular_stations, subject_of
from aemo_dashboard.station.registry import Unit
from aemo_dashboard.station.search import Match, in_region, search

Pick = tuple[str, str]
"""What a button chooses: a station's key and a DUID, or nothing for the whole station."""
LONGEST = 34


class Text(param.String):  # type: ignore[type-arg]  # generic in its stubs only
    """A text as it was written: Panel reads a number in a URL as one."""

    @classmethod
    def deserialize(cls, value: Any) -> Any:
        """A number's text again."""
        return value if value is None or isinstance(value, str) else str(value)


class Choices(param.Parameterized):
    """What a reader chooses on this tab. ``station``: a key or DUID, empty for the region's largest."""

    station = Text(default="")
    unit = Text(default="")
    search = Text(default="")
    drawn: "param.Selector[str]" = param.Selector(default=series_view.STACK, objects=list(series_view.DRAWN.values()))
    price: "param.Selector[str]" = param.Selector(default="right-log", objects=list(series_view.PRICE_PLACES.values()))


def controls(choices: Choices, _: QueryManager) -> Sequence[Control]:
    """The widgets of the tab."""
    select = {"label": "", "stylesheets": [looks.SELECT]}
    drawn = pn.widgets.Select.from_param(choices.param.drawn, options=series_view.DRAWN, width=150, **select)
    price = pn.widgets.Select.from_param(choices.param.price, options=series_view.PRICE_PLACES, width=180, **select)
    label = {"styles": looks.LABEL | {"width": "100%"}, "sizing_mode": "stretch_width"}
    return (
        Control(_search_box(choices)),
        Control(_unit_select(choices), fit=_fit_unit),
        Control(drawn, ("series",)),
        Control(price, ("series",)),
        Control(pn.pane.HTML("", **label), fit=_fit_matches_label),
        Control(_buttons(choices), fit=_fit_matches),
        Control(pn.pane.HTML("", **label), fit=_fit_popular_label),
        Control(_buttons(choices), fit=_fit_popular),
    )


def _search_box(choices: Choices) -> pn.widgets.TextInput:
    """A text box that is heard while one types."""
    box = pn.widgets.TextInput(
        value=choices.search,
        placeholder="Search name, DUID or owner",
        label="",
        width=220,
        stylesheets=[looks.TEXT_INPUT],
    )

    def typed(event: param.parameterized.Event) -> None:
        choices.search = event.new.strip()

    def named(event: param.parameterized.Event) -> None:
        if event.new != str(box.value_input or "").strip():  # by the URL, and not by what is being typed
            box.param.update(value=event.new, value_input=event.new)

    box.param.watch(typed, ["value_input", "value"])
    choices.param.watch(named, "search")
    return box


def _unit_select(choices: Choices) -> pn.widgets.Select:
    widget = pn.widgets.Select(options={"Whole station": ""}, value="", label="", width=190, stylesheets=[looks.SELECT])

    def pressed(event: param.parameterized.Event) -> None:
        if event.new != choices.unit.strip().upper():
            choices.unit = event.new

    widget.param.watch(pressed, "value")
    return widget


def _buttons(choices: Choices) -> pn.widgets.RadioButtonGroup:
    widget = pn.widgets.RadioButtonGroup(
        options={},
        value=None,
        variant="outline",
        color="primary",
        sizing_mode="stretch_width",
        stylesheets=[looks.BUTTONS, looks.WRAPPED_BUTTONS],
    )

    def pressed(event: param.parameterized.Event) -> None:
        if event.new is not None and event.new != (choices.station, choices.unit):
            choices.param.update(station=event.new[0], unit=event.new[1])

    widget.param.watch(pressed, "value")
    return widget


def _subject(queries: QueryManager, asked: Asked, chosen: Chosen) -> Subject | None:
    """What is looked at; None where the choices name nothing that there is: the view says so."""
    try:
        return subject_of(queries, asked, chosen)
    except RequestError:
        return None


def _fit_unit(queries: QueryManager, asked: Asked, chosen: Chosen) -> Mapping[str, Any]:
    """Whole station, or one of its units."""
    subject = _subject(queries, asked, chosen)
    units = subject.station.units if subject is not None else ()
    options = {"Whole station": ""} | {unit_label(unit): unit.duid for unit in units}
    value = chosen.unit.strip().upper() if subject is None or subject.unit is None else subject.unit.duid
    if value not in options.values():
        options[value] = value  # what the URL says; the view says that there is no such unit
    return {"options": options, "value": value}


def unit_label(unit: Unit) -> str:
    """``BW01 · Coal 660 MW``; the registered capacity where it is known."""
    size = "" if math.isnan(unit.capacity_mw) else f" {unit.capacity_mw:,.0f} MW"
    return f"{unit.duid} · {unit.fuel}{size}"


def _matches(queries: QueryManager, asked: Asked, chosen: Chosen) -> list[Match]:
    if not chosen.search:
        return []
    return search(in_region(all_stations(queries, window_of(queries, asked)), asked.region), chosen.search)


def _fit_matches_label(queries: QueryManager, asked: Asked, chosen: Chosen) -> Mapping[str, Any]:
    if not chosen.search:
        return {"object": "", "visible": False}
    count = len(_matches(queries, asked, chosen))
    where = "" if asked.region == "NEM" else f" in {asked.region}"
    said = f"Best matches{where}" if count else f"Nothing{where} is like “{chosen.search}”"
    return {"object": html.escape(said), "visible": True}


def _fit_matches(queries: QueryManager, asked: Asked, chosen: Chosen) -> Mapping[str, Any]:
    picks = [
        (match.station.key, match.unit.duid if match.unit is not None else "")
        for match in _matches(queries, asked, chosen)
    ]
    return _fitted(picks, chosen) | {"visible": bool(picks)}


def _fit_popular_label(_: QueryManager, asked: Asked, __: Chosen) -> Mapping[str, Any]:
    return {"object": f"Largest stations in {html.escape(asked.region)} that report"}


def _fit_popular(queries: QueryManager, asked: Asked, chosen: Chosen) -> Mapping[str, Any]:
    window = window_of(queries, asked)
    stations = popular_stations(queries, all_stations(queries, window), asked.region, window)
    return _fitted([(station.key, "") for station in stations], chosen)


def _fitted(picks: Sequence[Pick], chosen: Chosen) -> dict[str, Any]:
    """The buttons, with the one pressed that was chosen; the largest station, without a choice, is nobody's choice."""
    names = [f"{unit} · {_short(key)}" if unit else _short(key) for key, unit in picks]
    # two that are alike without their endings are named in full
    options = {name if names.count(name) == 1 else pick[0]: pick for name, pick in zip(names, picks, strict=True)}
    pressed = (chosen.station, chosen.unit.strip().upper())
    return {"options": options, "value": pressed if pressed in picks else None}


def _short(name: str) -> str:
    """A name as a button has it: without the words that most stations have."""
    for ending in (" Power Station", " Battery Energy Storage System"):
        name = name.removesuffix(ending)
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


PAGE = Page(
    title="Station Analysis",
    slug="stations",
    choices=Choices,
    url_names={
        "station": "station",
        "unit": "unit",
        "search": "q",
        "drawn": "station_units",
        "price": "station_price",
    },
    controls=controls,
    views=(
        View("Time series", "series", series_view.show),
        View("Time of day", "profile", profile_view.show),
        View("Summary", "summary", summary_view.show),
    ),
)
