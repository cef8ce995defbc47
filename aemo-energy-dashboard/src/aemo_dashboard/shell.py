"""The frame around every page: header, region and range on the left, tabs that are built when opened, footer, and the
tick that follows new data.
"""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import asyncio
import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import panel as pn
import param
from panel.io.resources import CDN_DIST
from panel.template import MaterialTemplate
from panel.theme.material import Material, MaterialDarkTheme, MaterialDefaultTheme

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.nemtime import nem_now, spoken
from aemo_dashboard.pages import PAGES
from aemo_dashboard.services import Services
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.asked import (
    RESOLUTION_NAMES,
    SPAN_NAMES,
    URL_NAMES,
    Asked,
    Frame,
    first_and_last_day,
    window_of,
)
from aemo_dashboard.shared.page import TabPage, at_once
from aemo_dashboard.shared.status import freshness, simulated_sentence, staleness
from aemo_dashboard.shared.theme import DARK, FONT, LIGHT, THEMES, Theme
from aemo_dashboard.shared.url import taken_one_by_one, written

if TYPE_CHECKING:
    from panel.io.resources import ResourcesType  # exists for type checkers only

log = logging.getLogger(__name__)

TITLE = "Nem Analysis"
TICK_MILLISECONDS = 1_000
CLOCK_TICKS = 30  # staleness depends on the clock, too: look at it this often without new data
SIMULATED_TITLE = f"{TITLE} (simulated)"
FAVICON = "static/extensions/panel/images/favicon.ico"
ASSETS = Path(__file__).with_name("assets")
ASSETS_URL = "assets"
SCRIPTS = ("bokeh", "state", "reconnect", "narrow", "history")
"""Of the page. Not Panel's callbacks in JavaScript: where there is one, Panel walks through every model of the page for
it at each change of the page's parts, and of many figures that takes longer than to make them.
"""
SIDEBAR_WIDTH = 168


MATERIAL_FILES = f"{CDN_DIST}bundled/material-components-web@7.0.0/dist/material-components-web.min"


class LocalMaterial(Material):
    """Material without its links to Google's fonts: the page is drawn with fonts that the reader's machine has.

    The two files of Material itself are named as part of Panel's own distribution, which the server replaces by its
    static folder; by their npm address, components would fetch the style sheet from there.
    """

    _resources: ClassVar["ResourcesType"] = {
        "css": {"material": f"{MATERIAL_FILES}.css"},
        "js": {"material": f"{MATERIAL_FILES}.js"},
    }
    _themes: ClassVar[dict[str, type]] = {"default": MaterialDefaultTheme, "dark": MaterialDarkTheme}

    @classmethod
    def _apply_params(cls, viewable: Any, mref: str, modifiers: dict[str, Any], document: Any = None) -> None:
        """A part that is not in the document yet would get its style sheets from Panel's own host."""
        super()._apply_params(viewable, mref, modifiers, document or pn.state.curdoc)


class Place(param.Parameterized):
    """Which tab is open, and which of its views; in the URL as ``tab`` and ``view``."""

    tab: "param.Selector[str]" = param.Selector(default=PAGES[0].slug, objects=[page.slug for page in PAGES])
    view = param.String(default="")


class Shell:
    """One session."""

    def __init__(self, services: Services, theme: Theme) -> None:
        self._services = services
        self._theme = theme
        self._opened: dict[str, TabPage] = {}
        self._version = -1
        self._ticks = 0
        self._place = Place()
        self._frame = Frame()
        self._simulated = pn.pane.HTML(
            "", styles=looks.SIMULATED, visible=False, sizing_mode="stretch_width", tags=["nem-simulated"]
        )
        self._banner = pn.pane.HTML("", styles=looks.BANNER, visible=False, sizing_mode="stretch_width")
        self._busy = pn.widgets.Checkbox(value=False, visible=False, tags=["nem-busy"])
        self._questions = 0
        self._footer = pn.pane.HTML("", styles=looks.FOOTER, sizing_mode="stretch_width")
        self._rooms = {page.slug: pn.Column(sizing_mode="stretch_width") for page in PAGES}
        self._tabs = pn.Tabs(
            *[(page.title, self._rooms[page.slug]) for page in PAGES],
            dynamic=True,
            sizing_mode="stretch_width",
            stylesheets=[looks.TABS],
        )
        at_once(self._tabs)

    def template(self) -> MaterialTemplate:
        """Build the page, take its state from the URL, and keep both in step from then on."""
        mark = self._services.simulated
        self._show_mark(mark)
        sync(self._place, {"tab": "tab", "view": "view"})
        sync(self._frame, URL_NAMES)
        self._tabs.active = self._index()
        self._tabs.param.watch(self._tab_chosen, "active")
        self._place.param.watch(self._place_named, ["tab", "view"])
        self._frame.param.watch(self._range_chosen, list(URL_NAMES))
        self._open()
        pn.state.onload(self._begin)
        template = MaterialTemplate(
            title=TITLE if mark is None else SIMULATED_TITLE,
            design=LocalMaterial,
            theme=MaterialDarkTheme if self._theme is DARK else MaterialDefaultTheme,
            header_background=self._theme.header,
            header_color="#ffffff",
            header=[_theme_switch(self._theme)],
            sidebar=[_range_controls(self._frame)],
            sidebar_width=SIDEBAR_WIDTH,
            main=[
                pn.Column(
                    self._simulated, self._banner, self._tabs, self._footer, self._busy, sizing_mode="stretch_width"
                )
            ],
            raw_css=[variables(self._theme), (ASSETS / "style.css").read_text(encoding="utf-8")],
            favicon=FAVICON,
            busy_indicator=None,
        )
        template.config.js_files = {name: f"{ASSETS_URL}/{name}.js" for name in SCRIPTS}
        return template

    def _index(self) -> int:
        return [page.slug for page in PAGES].index(self._place.tab)

    def _open(self) -> TabPage:
        """The page of the active tab, built at the first look."""
        page = PAGES[self._index()]
        if page.slug not in self._opened:
            begin = partial(sync, names=page.url_names)
            place = (self._theme, self._frame, self._place.view)
            opened = TabPage(page, self._services, *place, begin=begin, asking=self._asking)
            opened.on_view(self._view_chosen)
            self._opened[page.slug] = opened
            self._rooms[page.slug].append(opened.__panel__())
            self._view_chosen(opened.view.slug)
        return self._opened[page.slug]

    def _asking(self, change: int) -> None:
        """The page shows that it works as long as an answer is to come."""
        self._questions += change
        self._busy.value = self._questions > 0

    async def _tab_chosen(self, event: param.parameterized.Event) -> None:
        slug = PAGES[event.new].slug
        opened = self._opened.get(slug)
        self._place.param.update(tab=slug, view=opened.view.slug if opened is not None else "")
        await self._open().refresh()

    def _view_chosen(self, slug: str) -> None:
        """The first view of a tab goes without saying."""
        first = PAGES[self._index()].views[0].slug
        self._place.view = "" if slug == first else slug

    def _place_named(self, *_: param.parameterized.Event) -> None:
        """The reader has gone back or forward."""
        self._tabs.active = self._index()
        if self._place.tab in self._opened:
            self._opened[self._place.tab].open_view(self._place.view)

    async def _range_chosen(self, *_: param.parameterized.Event) -> None:
        if not await self._fill_days():
            await self._open().refresh()

    async def _fill_days(self) -> bool:
        """A custom range without days begins with those of the last 24 hours; True where that asks anew."""
        frame = self._frame
        if frame.span != "custom" or frame.first is not None or frame.last is not None:
            return False
        days = await asyncio.to_thread(_days_shown, self._services)
        if days is None:
            return False
        frame.param.update(first=days[0], last=days[1])
        return True

    async def _begin(self) -> None:
        """The browser is ready. A change between its fetching the page and that, Panel would keep from it for ever."""
        pn.state.add_periodic_callback(self._tick, period=TICK_MILLISECONDS)  # type: ignore[arg-type]  # awaits it all the same
        await self._fill_days()
        await self._tick()

    async def _tick(self) -> None:
        """Follow the data: the watcher's number says whether anything is new, so most ticks cost nothing."""
        self._ticks += 1
        new = self._version != self._services.watcher.version
        if not new and self._ticks % CLOCK_TICKS:
            return
        self._version = self._services.watcher.version
        status = await asyncio.to_thread(status_now, self._services)
        pn.state.execute(partial(self._show_status, status), schedule=True)  # the document is locked while it changes
        opened = self._open()
        if new or opened.view.follows_clock:
            await opened.refresh()

    def _show_mark(self, mark: str | None) -> None:
        text = "" if mark is None else html.escape(simulated_sentence(mark))
        self._simulated.param.update(object=text, visible=mark is not None)

    def _show_status(self, status: "Status") -> None:
        self._show_mark(status.simulated)
        self._banner.param.update(object=html.escape(status.stale), visible=bool(status.stale))
        said = html.escape(f"Last updated: {status.updated} | {credit_of(status.simulated)}")
        self._footer.object = f"{said} | {API_LINK}"


API_LINK = '<a href="docs" target="_blank" style="color:inherit">API</a>'


def _days_shown(services: Services) -> tuple[date, date] | None:
    """The days of the last 24 hours; None where nothing is stored."""
    try:
        return first_and_last_day(window_of(services.queries, Asked()))
    except DashboardError:
        return None


def _range_controls(frame: Frame) -> pn.Column:
    """Region, range and resolution, on the left of every tab."""
    group, select = pn.widgets.RadioButtonGroup, pn.widgets.Select
    look = {"variant": "outline", "color": "primary", "orientation": "vertical", "stylesheets": [looks.BUTTONS]}
    wide = {"sizing_mode": "stretch_width"}
    dates = pn.Column(
        pn.widgets.DatePicker.from_param(frame.param.first, label="First day", width=SIDEBAR_WIDTH - 40),
        pn.widgets.DatePicker.from_param(frame.param.last, label="Last day", width=SIDEBAR_WIDTH - 40),
        visible=frame.param.span.rx() == "custom",
    )
    region = group.from_param(frame.param.region, **look, **wide)
    span = group.from_param(frame.param.span, options=SPAN_NAMES, **look, **wide)
    resolution = select.from_param(
        frame.param.resolution, options=RESOLUTION_NAMES, label="", stylesheets=[looks.SELECT], **wide
    )
    at_once(region, span, resolution)
    return pn.Column(
        pn.pane.HTML("Region", styles=looks.LABEL),
        region,
        pn.pane.HTML("Range", styles=looks.LABEL),
        span,
        dates,
        pn.pane.HTML("Resolution", styles=looks.LABEL),
        resolution,
        sizing_mode="stretch_width",
        margin=(4, 6),
    )


@dataclass(frozen=True)
class Status:
    """``updated``: the newest interval, in words;  ``stale``: a sentence if that is long ago, else empty.

    ``simulated``: which simulated market the numbers are of; None for the real one.
    """

    updated: str
    stale: str
    simulated: str | None


def status_now(services: Services) -> Status:
    """How new the data is. Runs in any thread."""
    try:
        last = freshness(services.queries).last
    except DashboardError:  # the page itself says why
        return Status("never", "", services.simulated)
    return Status(f"{spoken(last)} NEM time", staleness(last, nem_now()) or "", services.simulated)


def credit_of(mark: str | None) -> str:
    """Whose numbers and whose design, for the footer."""
    return f"data: {'AEMO' if mark is None else f'simulated market ({mark})'}, design ITK"


def sync(parameterized: param.Parameterized, names: Mapping[str, str]) -> None:
    """Take parameters from the URL, and keep it in step from then on: one entry of the history a choice.

    What the URL says wrongly is ignored, each value by itself; what is as at first stays out of it.
    """
    location = pn.state.location
    if location is None:
        return
    refuse = partial(log.info, "The URL asks for something that isn't there: %s")
    taken_one_by_one(parameterized, names, dict(parse_qsl(location.search.removeprefix("?"))), refuse)

    def write(*_: param.parameterized.Event) -> None:
        query = dict(parse_qsl(location.search.removeprefix("?")))
        query |= {name: text or "" for name, text in written(parameterized, names).items()}
        kept = {name: text for name, text in query.items() if name not in names.values() or text}
        location.search = f"?{urlencode(kept)}" if kept else ""

    parameterized.param.watch(write, list(names))


def theme_of_session() -> Theme:
    """Dark, unless the URL says ``theme=light``."""
    asked = (pn.state.session_args or {}).get("theme", [b""])[0].decode("utf-8", "replace")
    return THEMES.get(asked, DARK)


def variables(theme: Theme) -> str:
    """The theme's colours for the style sheet."""
    return (
        f":root {{ --nem-page: {theme.page}; --nem-surface: {theme.surface}; --nem-text: {theme.text};"
        f" --nem-quiet: {theme.quiet}; --nem-line: {theme.grid}; --nem-warning: {theme.warning};"
        f" --nem-accent: {theme.accent}; --nem-font: {FONT}; --bokeh-base-font: {FONT};"
        f" --design-background-color: {theme.page}; --design-background-text-color: {theme.text};"
        f" --design-surface-color: {theme.surface}; --design-surface-text-color: {theme.text};"
        f" --panel-background-color: {theme.page}; --panel-surface-color: {theme.surface}; }}"
    )


def _theme_switch(theme: Theme) -> pn.pane.HTML:
    """A theme is chosen for a whole session, so the switch opens the same URL with the other one."""
    other = LIGHT if theme is DARK else DARK
    sign = "☀" if other is LIGHT else "☾"
    button = f'<button type="button" data-nem-theme="{other.name}">{sign} {other.name.capitalize()}</button>'
    return pn.pane.HTML(button, stylesheets=[looks.SWITCH], align=("end", "center"))


def forget_roots() -> None:
    """Take what is gone out of Panel's list of its templates' roots, which every change of every model is looked up in.

    Panel 1.9.4 means to do so when a session ends, by a dictionary that it never fills (``BaseTemplate._refs``).
    """
    state = pn.state
    state._fake_roots[:] = [root for root in state._fake_roots if root in state._views]


def session(services: Services) -> MaterialTemplate:
    """Build the page of one session."""
    forget_roots()
    theme = theme_of_session()
    setattr(pn.config, "theme", "dark" if theme is DARK else "default")  # noqa: B010 - kept by session; typed read-only
    return Shell(services, theme).template()
