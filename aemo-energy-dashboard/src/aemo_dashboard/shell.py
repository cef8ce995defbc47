"""The frame around every page: header, tabs that are built when opened, footer, and the tick that follows new data."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import asyncio
import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import panel as pn
import param
from panel.io.resources import CDN_DIST
from panel.template import MaterialTemplate
from panel.theme.material import Material, MaterialDarkTheme, MaterialDefaultTheme

from aemo_dashboard.errors import DashboardError
from aemo_dashboard.nemtime import nem_now, spoken
from aemo_dashboard.pages import PAGES, PageView
from aemo_dashboard.services import Services
from aemo_dashboard.shared import looks
from aemo_dashboard.shared.status import freshness, simulated_sentence, staleness
from aemo_dashboard.shared.theme import DARK, FONT, LIGHT, THEMES, Theme

if TYPE_CHECKING:
    from panel.io.resources import ResourcesType  # exists for type checkers only

log = logging.getLogger(__name__)

TITLE = "Nem Analysis"
TICK_MILLISECONDS = 1_000
CLOCK_TICKS = 30  # staleness depends on the clock, too: look at it this often without new data
SIMULATED_TITLE = f"{TITLE} (simulated)"
RETITLE = f"""
const title = cb_obj.visible ? "{SIMULATED_TITLE}" : "{TITLE}";
document.title = title;
document.querySelector("#header .title").textContent = "\u00a0" + title;
"""
"""A page that is open while its folder becomes a simulated market's: Panel's template knows only the first title."""
FAVICON = "static/extensions/panel/images/favicon.ico"
ASSETS = Path(__file__).with_name("assets")
ASSETS_URL = "assets"


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


class Place(param.Parameterized):
    """Which tab is open; in the URL as ``tab``."""

    tab: "param.Selector[str]" = param.Selector(default=PAGES[0].slug, objects=[page.slug for page in PAGES])


class Shell:
    """One session."""

    def __init__(self, services: Services, theme: Theme) -> None:
        self._services = services
        self._theme = theme
        self._opened: dict[str, PageView] = {}
        self._version = -1
        self._ticks = 0
        self._place = Place()
        self._simulated = pn.pane.HTML("", styles=looks.SIMULATED, visible=False, sizing_mode="stretch_width")
        self._banner = pn.pane.HTML("", styles=looks.BANNER, visible=False, sizing_mode="stretch_width")
        self._footer = pn.pane.HTML("", styles=looks.FOOTER, sizing_mode="stretch_width")
        self._rooms = {page.slug: pn.Column(sizing_mode="stretch_width") for page in PAGES}
        self._tabs = pn.Tabs(
            *[(page.title, self._rooms[page.slug]) for page in PAGES],
            dynamic=True,
            sizing_mode="stretch_width",
            stylesheets=[looks.TABS],
        )

    def template(self) -> MaterialTemplate:
        """Build the page, take its state from the URL, and keep both in step from then on."""
        mark = self._services.simulated
        self._show_mark(mark)
        self._simulated.jscallback(visible=RETITLE)
        sync(self._place, {"tab": "tab"})
        self._tabs.active = self._index()
        self._tabs.param.watch(self._tab_chosen, "active")
        self._place.param.watch(self._tab_named, "tab")
        self._open()
        pn.state.onload(self._tick)
        pn.state.add_periodic_callback(self._tick, period=TICK_MILLISECONDS)  # type: ignore[arg-type]  # awaits it all the same
        template = MaterialTemplate(
            title=TITLE if mark is None else SIMULATED_TITLE,
            design=LocalMaterial,
            theme=MaterialDarkTheme if self._theme is DARK else MaterialDefaultTheme,
            header_background=self._theme.header,
            header_color="#ffffff",
            header=[_theme_switch(self._theme)],
            main=[pn.Column(self._simulated, self._banner, self._tabs, self._footer, sizing_mode="stretch_width")],
            raw_css=[variables(self._theme), (ASSETS / "style.css").read_text(encoding="utf-8")],
            favicon=FAVICON,
            busy_indicator=None,
        )
        template.config.js_files = {"reconnect": f"{ASSETS_URL}/reconnect.js"}
        return template

    def _index(self) -> int:
        return [page.slug for page in PAGES].index(self._place.tab)

    def _open(self) -> PageView:
        """The page of the active tab, built at the first look."""
        page = PAGES[self._index()]
        if page.slug not in self._opened:
            view = page.open(self._services, self._theme)
            sync(view.state, view.url_names)
            self._opened[page.slug] = view
            self._rooms[page.slug].append(view.__panel__())
        return self._opened[page.slug]

    async def _tab_chosen(self, event: param.parameterized.Event) -> None:
        self._place.tab = PAGES[event.new].slug
        await self._open().refresh()

    def _tab_named(self, _: param.parameterized.Event) -> None:
        self._tabs.active = self._index()

    async def _tick(self) -> None:
        """Follow the data: the watcher's number says whether anything is new, so most ticks cost nothing."""
        self._ticks += 1
        new = self._version != self._services.watcher.version
        if not new and self._ticks % CLOCK_TICKS:
            return
        self._version = self._services.watcher.version
        status = await asyncio.to_thread(status_now, self._services)
        pn.state.execute(partial(self._show_status, status), schedule=True)  # the document is locked while it changes
        if new:
            await self._open().refresh()

    def _show_mark(self, mark: str | None) -> None:
        text = "" if mark is None else html.escape(simulated_sentence(mark))
        self._simulated.param.update(object=text, visible=mark is not None)

    def _show_status(self, status: "Status") -> None:
        self._show_mark(status.simulated)
        self._banner.param.update(object=html.escape(status.stale), visible=bool(status.stale))
        self._footer.object = html.escape(f"Last updated: {status.updated} | {credit_of(status.simulated)}")


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
    """Keep parameters in the URL. What the URL says wrongly is ignored, each value by itself."""

    def one_by_one(values: dict[str, object]) -> None:
        for name, value in values.items():
            try:
                parameterized.param.update(**{name: value})
            except ValueError as error:
                log.info("The URL asks for something that isn't there: %s", error)

    if pn.state.location is not None:
        pn.state.location.sync(parameterized, dict(names), on_error=one_by_one)


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


def _theme_switch(theme: Theme) -> pn.widgets.Button:
    """A theme is chosen for a whole session, so the switch opens the same URL with the other one."""
    other = LIGHT if theme is DARK else DARK
    button = pn.widgets.Button(
        label=f"{'☀' if other is LIGHT else '☾'} {other.name.capitalize()}",
        variant="outline",
        stylesheets=[
            ".bk-btn { font-size: 13px; color: #ffffff !important; border-color: rgba(255,255,255,.4) !important; }"
        ],
        width=84,
        align=("end", "center"),
    )
    button.js_on_click(
        code=f"const url = new URL(window.location); url.searchParams.set('theme', '{other.name}');"
        "window.location.assign(url)"
    )
    return button


def session(services: Services) -> MaterialTemplate:
    """Build the page of one session."""
    theme = theme_of_session()
    setattr(pn.config, "theme", "dark" if theme is DARK else "default")  # noqa: B010 - kept by session; typed read-only
    return Shell(services, theme).template()
