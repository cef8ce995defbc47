"""One reader's tab: it owns its choices, asks the active view for its content in a thread, and shows it.

A page is declared, not written: its choices, its controls and its views. A view is a function.
"""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import panel as pn
import param
from bokeh.models import LayoutDOM

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.nemtime import isoformat
from aemo_dashboard.services import Services
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import URL_NAMES, Asked, Frame, newest_end
from aemo_dashboard.shared.charts.panes import figures, say_simulated
from aemo_dashboard.shared.content import Chart, Content, Side
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.showing import Room
from aemo_dashboard.shared.status import simulated_mark, simulated_sentence
from aemo_dashboard.shared.theme import Theme
from aemo_dashboard.shared.url import written

log = logging.getLogger(__name__)

FAULT = "This view could not be made. The server's log says why; the other views are not concerned."
FORMATS = {"CSV": "csv", "Parquet": "parquet"}

Chosen = Any
"""The values of a page's choices by name, as they were when the question was put."""
Show = Callable[[QueryManager, Asked, Chosen, Theme], Content]
Fit = Callable[[QueryManager, Asked, Chosen], Mapping[str, Any]]
"""What a widget is to be like for a question, such as its options: values of its parameters by name."""


def no_controls(_choices: Any, _queries: QueryManager) -> Sequence["Control"]:
    """Of a page that has none."""
    return ()


class NoChoices(param.Parameterized):
    """Of a page that has none."""


@dataclass(frozen=True)
class View:
    """A sub-tab. ``show`` is a function of what is asked for; it runs in any thread, and raises a DashboardError
    whose sentence then stands in the content's place. ``follows_clock``: it shows ages, so it is asked again from time
    to time also without new data.
    """

    title: str
    slug: str
    show: Show
    follows_clock: bool = False


@dataclass(frozen=True)
class Control:
    """A widget above the content; ``views``: the slugs of those that it belongs to, None for all.

    ``fit`` is asked along with the view, in any thread; what it gives is set when the view's answer is shown.
    """

    widget: Any
    views: tuple[str, ...] | None = None
    fit: Fit | None = None


@dataclass(frozen=True)
class Page:
    """A tab. ``slug`` names it in the URL; ``choices`` is what a reader chooses on it, in the URL under ``url_names``;
    ``controls`` makes the widgets for that.
    """

    title: str
    slug: str
    views: tuple[View, ...]
    choices: type[param.Parameterized] = NoChoices
    url_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    controls: Callable[[Any, QueryManager], Sequence[Control]] = no_controls

    def view(self, slug: str) -> View:
        """The view of a name, else the first."""
        return next((view for view in self.views if view.slug == slug), self.views[0])


def at_once(*widgets: Any) -> None:
    """Let presses be told at once: Panel waits a twentieth of a second for more of them, and here the latest wins."""
    for widget in widgets:
        widget._priority_changes = ["active", "value"]  # by Bokeh's names


def chosen(choices: param.Parameterized) -> Chosen:
    """The values of the choices now; later changes don't reach them."""
    return SimpleNamespace(**{name: value for name, value in choices.param.values().items() if name != "name"})


def content_of(view: View, queries: QueryManager, asked: Asked, values: Chosen, theme: Theme) -> Content:
    """What a view shows, or the sentence that stands in its place. Every figure of a simulated market says so."""
    try:
        content = view.show(queries, asked, values, theme)
        mark = simulated_mark(queries.data_dir)  # last: rows that were read had their mark before them
    except DashboardError as error:
        return Content(sentence=str(error))
    if mark is None:
        return content
    sentence = simulated_sentence(mark)
    blocks = tuple(_marked(block, sentence, theme) for block in content.blocks)
    return replace(content, blocks=blocks, source=f"simulated market, {mark}")


def pinned(queries: QueryManager, asked: Asked) -> Asked:
    """The same question with the end that its range has now, so that all parts of an answer are of one window."""
    return asked if asked.until is not None or asked.span == "custom" else replace(asked, until=newest_end(queries))


@dataclass(frozen=True)
class _Answer:
    """``fitted``: a control of the page with what it is to be like."""

    asked: Asked
    content: Content
    fitted: tuple[tuple[Control, Mapping[str, Any]], ...] = ()


def _answer(
    view: View,
    controls: Sequence[Control],
    drawn: Mapping[str, Hashable],
    queries: QueryManager,
    asked: Asked,
    values: Chosen,
    theme: Theme,
) -> _Answer:
    """``drawn``: the shapes of the charts that stand on the page; the others are drawn here, beside the other sessions'
    work and not between it.
    """
    try:
        with queries.views.at_a_glance():
            asked = pinned(queries, asked)
            fitted = tuple((each, each.fit(queries, asked, values)) for each in controls if each.fit is not None)
            content = content_of(view, queries, asked, values, theme)
        for block in content.leaves():
            if isinstance(block, Chart) and drawn.get(block.name) != block.shape:
                _ = block.layout
        return _Answer(asked, content, fitted)
    except DashboardError as error:
        return _Answer(asked, Content(sentence=str(error)))
    except Exception:  # a fault of ours, or of the machine: the reader must not wait for ever, nor see old numbers
        log.exception("The view %s failed for %s with %s", view.slug, asked, values)
        return _Answer(asked, Content(sentence=FAULT))


def _marked(block: Any, sentence: str, theme: Theme) -> Any:
    """A block whose pictures say it themselves: they may be saved and go round without their page."""
    if isinstance(block, Side):
        return replace(block, blocks=tuple(_marked(each, sentence, theme) for each in block.blocks))
    if not isinstance(block, Chart):
        return block

    def draw() -> LayoutDOM:
        layout = block.draw()
        for picture in figures(layout):
            say_simulated(picture, sentence, theme)
        return layout

    return replace(block, draw=draw, shape=(block.shape, sentence))


class TabPage:
    """A page as a session has it. ``begin`` makes the choices what the URL says: no change, so nothing is asked.
    ``asking`` is told 1 when a question is put, and −1 when that is over.
    """

    def __init__(
        self,
        page: Page,
        services: Services,
        theme: Theme,
        frame: Frame,
        view: str = "",
        *,
        begin: Callable[[param.Parameterized], None] = lambda _: None,
        asking: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.page = page
        self._asking = asking
        self.choices = page.choices()
        begin(self.choices)  # before there are widgets, which would take back what they don't offer
        self.view = page.view(view)
        self._services = services
        self._theme = theme
        self._frame = frame
        self._question = 0
        self._asked = frame.asked
        self._rooms = {each.slug: Room(theme, self.choices, partial(self._links, each)) for each in page.views}
        self._tabs = pn.Tabs(
            *[(each.title, self._rooms[each.slug].layout) for each in page.views],
            dynamic=True,
            active=page.views.index(self.view),
            sizing_mode="stretch_width",
            stylesheets=[looks.TABS, looks.SUB_TABS],
        )
        self._controls = list(page.controls(self.choices, services.queries))
        at_once(self._tabs, *(control.widget for control in self._controls))
        self._body: Any = self._tabs if len(page.views) > 1 else self._rooms[self.view.slug].layout
        self.choices.param.watch(self._changed, [name for name in self.choices.param if name != "name"])
        self._tabs.param.watch(self._view_chosen, "active")
        self._tell: Callable[[str], None] | None = None

    def on_view(self, tell: Callable[[str], None]) -> None:
        """Say to whom the name of a chosen view goes."""
        self._tell = tell

    def open_view(self, slug: str) -> None:
        """Turn to a view, as the URL says."""
        self._tabs.active = self.page.views.index(self.page.view(slug))

    def __panel__(self) -> pn.Column:
        """The page: controls, then the views."""
        self._fit_controls()
        row = pn.FlexBox(
            *[control.widget for control in self._controls], align_items="center", sizing_mode="stretch_width"
        )
        return pn.Column(*([row] if self._controls else []), self._body, sizing_mode="stretch_width")

    def _fit_controls(self) -> None:
        for control in self._controls:
            control.widget.visible = control.views is None or self.view.slug in control.views

    async def _view_chosen(self, event: param.parameterized.Event) -> None:
        self.view = self.page.views[event.new]
        self._fit_controls()
        if self._tell is not None:
            self._tell(self.view.slug)
        await self.refresh()

    async def _changed(self, *_: param.parameterized.Event) -> None:
        if pn.state.curdoc is None or pn.state.loaded:  # else the first tick asks with all of the URL
            await self.refresh()

    async def refresh(self) -> None:
        """Ask again with the choices as they are now. The query runs in a thread: other sessions go on."""
        self._question += 1
        mine, view = self._question, self.view
        room = self._rooms[view.slug]
        values = chosen(self.choices)
        question = (self._services.queries, self._frame.asked, values, self._theme)
        pn.state.execute(partial(self._asking, 1), schedule=True)
        answer = await asyncio.to_thread(_answer, view, self._controls, room.drawn(), *question)
        # Bokeh's document is locked while it changes; the lock was let go during the query.
        pn.state.execute(partial(self._show, room, answer, mine, values), schedule=True)

    def _show(self, room: Room, answer: _Answer, mine: int, values: Chosen) -> None:
        with pn.io.hold():
            self._asking(-1)
            if mine != self._question or values != chosen(self.choices):
                return  # the reader has chosen something else meanwhile: what is fitted here would undo that
            self._asked = answer.asked
            room.show(answer.content)
        for control, fitted in answer.fitted:
            changed = {name: value for name, value in fitted.items() if getattr(control.widget, name) != value}
            if changed:
                control.widget.param.update(**changed)

    def _links(self, view: View, block: str) -> dict[str, str]:
        """The addresses of a block's files: the same question, with the end of the window as it is now."""
        asked = self._asked
        query: dict[str, object] = {
            name: getattr(asked, field) for field, name in URL_NAMES.items() if getattr(asked, field) is not None
        }
        if asked.until is not None:
            query["until"] = isoformat(asked.until)
        query |= {name: text for name, text in written(self.choices, self.page.url_names).items() if text is not None}
        address = f"download/{self.page.slug}/{view.slug}/{block}"
        return {label: f"{address}.{ending}?{urlencode(query)}" for label, ending in FORMATS.items()}
