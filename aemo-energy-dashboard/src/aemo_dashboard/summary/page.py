"""The tab "Summary": its choices, its controls and its views."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn
import param

from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen, Control, Page, View
from aemo_dashboard.summary import glance_view, prices_view, records_view, renewables_view
from aemo_dashboard.summary.periods import stored_months, stored_years, whole

NEWEST = "Newest month"
MONTH, YEAR = "Month", "Year"
KINDS = (MONTH, YEAR)
OF_A_PERIOD = ("glance", "prices", "renewables")


class PeriodName(param.String):  # type: ignore[type-arg]  # it can't be subscripted when it runs
    """A string that takes a number, too: Panel reads the year in a URL as one."""

    def __set__(self, obj: object, val: object) -> None:
        """Set it as text."""
        super().__set__(obj, str(val) if isinstance(val, int) else val)


class Choices(param.Parameterized):
    """What a reader chooses on this tab. ``period``: ``2026-08``, ``2026``, or empty for the newest month."""

    period = PeriodName(default="")


def options_of(kind: str, queries: QueryManager, chosen: str) -> dict[str, str]:
    """What can be chosen: months or years with data, newest first, and what is chosen even without any."""
    if kind == YEAR:
        names = stored_years(queries)
        options = {name: name for name in names}
    else:
        names = stored_months(queries)
        options = {NEWEST: ""} | {whole(name).title: name for name in names}
    return options if chosen in options.values() else options | {chosen: chosen}


def kind_of(period: str) -> str:
    """Of a chosen period."""
    return YEAR if len(period) == 4 and period.isdecimal() else MONTH


def fitted(queries: QueryManager, _: Asked, chosen: Chosen) -> Mapping[str, Any]:
    """The list of periods as it is now: a month or a year may have begun since it was made."""
    return {"options": options_of(kind_of(chosen.period), queries, chosen.period)}


class PeriodControl:
    """Month or year, and which; in step with ``Choices.period``, which the URL may set at any time."""

    def __init__(self, choices: Choices, queries: QueryManager) -> None:
        self._choices = choices
        self._queries = queries
        self.kind = pn.widgets.RadioButtonGroup(
            options=list(KINDS), variant="outline", color="primary", stylesheets=[looks.BUTTONS], width=130
        )
        self.period = pn.widgets.Select(label="", width=170, stylesheets=[looks.SELECT])
        self._show()
        self.kind.param.watch(self._kind_chosen, "value")
        self.period.param.watch(self._period_chosen, "value")
        choices.param.watch(self._show, "period")

    def _show(self, *_: param.parameterized.Event) -> None:
        """Show what is chosen; the lists are looked up anew, since months come."""
        chosen = self._choices.period
        kind = kind_of(chosen)
        self.kind.value = kind
        self.period.param.update(options=options_of(kind, self._queries, chosen), value=chosen)

    def _kind_chosen(self, event: param.parameterized.Event) -> None:
        """From a month to its year, and back to the newest month that is stored of a year."""
        chosen = self._choices.period
        if event.new == kind_of(chosen):
            return  # it only follows what was chosen
        if event.new == YEAR:
            months = stored_months(self._queries)
            named = chosen or (months[0] if months else "")
            self._choices.period = named[:4]
        elif chosen:
            of_year = [month for month in stored_months(self._queries) if month[:4] == chosen[:4]]
            self._choices.period = of_year[0] if of_year else ""

    def _period_chosen(self, event: param.parameterized.Event) -> None:
        self._choices.period = event.new or ""  # the same again asks nothing


def controls(choices: Choices, queries: QueryManager) -> Sequence[Control]:
    """The widgets of the tab; records are of all times."""
    control = PeriodControl(choices, queries)
    return (Control(control.kind, OF_A_PERIOD), Control(control.period, OF_A_PERIOD, fitted))


PAGE = Page(
    title="Summary",
    slug="summary",
    choices=Choices,
    url_names={"period": "period"},
    controls=controls,
    views=(
        View("At a glance", "glance", glance_view.show),
        View("Prices", "prices", prices_view.show),
        View("Renewables", "renewables", renewables_view.show),
        View("Records", "records", records_view.show),
    ),
)
