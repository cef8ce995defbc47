"""The status page: one session of it. What it shows is made once for all sessions, by `aemo_updater.ui.producer`."""

# mypy: disable-error-code="no-untyped-call"
# Panel's and param's constructors carry no annotations.

import html
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import param
from panel.io.resources import CDN_DIST
from panel.template import MaterialTemplate
from panel.theme.material import Material, MaterialDarkTheme, MaterialDefaultTheme

from aemo_updater.control import NoCollectorError, order
from aemo_updater.nemtime import nem_now
from aemo_updater.ui import looks
from aemo_updater.ui.errands import BUTTONS, Button, Errand, holes_in, outcome
from aemo_updater.ui.looks import DARK, LIGHT, THEMES, Theme
from aemo_updater.ui.rendering import PARTS, countdown, credit, simulated_sentence
from aemo_updater.ui.shared import Shared
from aemo_updater.ui.words import clock

if TYPE_CHECKING:
    from panel.io.resources import ResourcesType  # exists for type checkers only

log = logging.getLogger(__name__)

TITLE = "Nem Collector"
TICK_MILLISECONDS = 1_000
ASSETS_URL = "assets"
SCRIPTS = ("page", "reconnect")
FAVICON = "static/extensions/panel/images/favicon.ico"
MATERIAL_FILES = f"{CDN_DIST}bundled/material-components-web@7.0.0/dist/material-components-web.min"
WIDE: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": (2, 6)}


class LocalMaterial(Material):
    """Material without its links to Google's fonts: the page is drawn with fonts that the reader's machine has.

    The two files of Material itself are named as part of Panel's own distribution, which the server replaces by its
    static folder.
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


class StatusPage:
    """One session."""

    def __init__(self, shared: Shared, theme: Theme) -> None:
        self._shared = shared
        self._theme = theme
        self._version = -1
        self._asking: Button | None = None
        self._errand: Errand | None = None
        self._sheet = looks.sheet("parts")
        self._panes = {part: self._pane() for part in PARTS}
        self._simulated = self._pane(tags=["nem-simulated"], visible=False)
        self._next = pn.pane.HTML(
            "", stylesheets=[self._sheet], margin=(2, 6), styles={"flex": "none"}, tags=["nem-next"]
        )
        self._said = self._pane()
        self._footer = self._pane()
        self._question = pn.pane.HTML("", stylesheets=[self._sheet], margin=(8, 6))
        self._confirm = _button("Yes", looks.BUTTONS + looks.CONFIRM, tags=["nem-confirm"])
        self._dismiss = _button("No", looks.BUTTONS, tags=["nem-dismiss"])
        self._asked = pn.FlexBox(
            self._question, self._confirm, self._dismiss, visible=False, tags=["nem-question"], align_items="center",
            margin=(0, 6),
        )  # fmt: skip
        self._buttons = {one.what: _button(one.label, looks.BUTTONS) for one in BUTTONS}
        for one in BUTTONS:
            self._buttons[one.what].on_click(partial(self._pressed, one))
        self._confirm.on_click(self._confirmed)
        self._dismiss.on_click(partial(self._pressed, None))

    def _pane(self, **given: Any) -> pn.pane.HTML:
        return pn.pane.HTML("", stylesheets=[self._sheet], **WIDE, **given)

    def template(self) -> MaterialTemplate:
        """Build the page; it is filled at once, and from then on follows the snapshots."""
        self._show()
        pn.state.onload(self._begin)
        parts = self._panes
        template = MaterialTemplate(
            title=TITLE,
            design=LocalMaterial,
            theme=MaterialDarkTheme if self._theme is DARK else MaterialDefaultTheme,
            header_background=self._theme.header,
            header_color="#ffffff",
            header=[_theme_switch(self._theme)],
            main=[
                pn.Column(
                    self._simulated,
                    parts["verdict"],
                    pn.FlexBox(self._next, parts["facts"], flex_wrap="nowrap", align_items="flex-start", margin=0),
                    pn.FlexBox(*self._buttons.values(), margin=(0, 0)),
                    self._asked,
                    self._said,
                    *(parts[name] for name in PARTS if name not in ("verdict", "facts")),
                    self._footer,
                    sizing_mode="stretch_width",
                )
            ],
            raw_css=[looks.variables(self._theme), looks.sheet("style")],
            favicon=FAVICON,
            busy_indicator=None,
        )
        template.config.js_files = {name: f"{ASSETS_URL}/{name}.js" for name in SCRIPTS}
        return template

    def _begin(self) -> None:
        """The browser is ready. A change between its fetching the page and that, Panel would keep from it for ever."""
        pn.state.add_periodic_callback(self._tick, period=TICK_MILLISECONDS)
        self._tick()

    def _tick(self) -> None:
        """Follow the snapshots; between them only the countdown moves."""
        if self._version != self._shared.producer.version:
            self._show()
        self._count_down()

    def _count_down(self) -> None:
        """Put in something new each second, also where nothing moves: who hears nothing knows that he is cut off."""
        now = nem_now()
        text = countdown(self._shared.producer.snapshot, now)
        self._next.object = f'<div class="next" data-at="{now:%H%M%S}">Next cycle <b>{html.escape(text)}</b></div>'

    def _show(self) -> None:
        """Put in what changed; what did not, the browser keeps as it is."""
        self._version = self._shared.producer.version
        snapshot, made = self._shared.producer.snapshot, self._shared.rendered()
        for part, text in made.items():
            if self._panes[part].object != text:
                self._panes[part].object = text
        mark = None if snapshot.folder is None else snapshot.folder.simulated
        banner = "" if mark is None else f'<div class="simulated">{html.escape(simulated_sentence(mark))}</div>'
        self._simulated.param.update(object=banner, visible=mark is not None)
        looked = "not yet" if snapshot.folder is None else clock(snapshot.folder.looked, snapshot.now)
        self._footer.object = (
            f'<div class="footer">Data folder looked at: {looked}, NEM time (UTC+10) as everywhere here'
            f" | {html.escape(credit(mark))}</div>"
        )
        self._follow_errand()

    def _pressed(self, button: Button | None, _: param.parameterized.Event) -> None:
        self._ask(button)

    def _ask(self, button: Button | None) -> None:
        """Ask the question of a button; with None take it back."""
        self._asking = button
        if button is not None:
            self._question.object = f'<div class="question" role="alert">{html.escape(button.question)}</div>'
        self._asked.visible = button is not None

    async def _confirmed(self, *_: param.parameterized.Event) -> None:
        button = self._asking
        if button is None:  # the second of two quick presses
            return
        self._ask(None)
        self._say(f"{button.label}: asked …")
        asked, producer = nem_now(), self._shared.producer
        try:
            will, said = await order(self._shared.options.root, button.what)
        except NoCollectorError as error:
            log.warning("%s: %s", button.label, error)
            self._say(f"{button.label}: it is not done. {error}.", ill=True)
            return
        log.info("%s, asked for on the page: %s", button.label, said)
        self._errand = Errand(button.what, asked, holes_in(producer.snapshot.folder)) if will else None
        self._say(f"{button.label}: the collector says: {said}", ill=not will)

    def _follow_errand(self) -> None:
        if self._errand is None:
            return
        self._errand, came = outcome(self._errand, self._shared.producer.snapshot)
        if came:
            label = next(one.label for one in BUTTONS if one.what == self._errand.what)
            self._errand = None
            self._say(f"{label}: {came}")

    def _say(self, text: str, *, ill: bool = False) -> None:
        look = " ill" if ill else ""
        self._said.object = f'<div class="said{look}" role="status">{html.escape(text)}</div>'


def _button(label: str, look: str, **given: Any) -> pn.widgets.Button:
    return pn.widgets.Button(
        label=label, variant="outline", color="primary", stylesheets=[look], margin=(4, 6), **given
    )


def _theme_switch(theme: Theme) -> pn.pane.HTML:
    """A theme is chosen for a whole session, so the switch opens the same URL with the other one."""
    other = LIGHT if theme is DARK else DARK
    sign = "☀" if other is LIGHT else "☾"
    button = f'<button type="button" data-nem-theme="{other.name}">{sign} {other.name.capitalize()}</button>'
    return pn.pane.HTML(button, stylesheets=[looks.SWITCH], align=("end", "center"))


def theme_of_session() -> Theme:
    """Dark, unless the URL says ``theme=light``."""
    asked = (pn.state.session_args or {}).get("theme", [b""])[0].decode("utf-8", "replace")
    return THEMES.get(asked, DARK)


def forget_roots() -> None:
    """Take what is gone out of Panel's list of its templates' roots, which every change of every model is looked up in.

    Panel 1.9.4 means to do so when a session ends, by a dictionary that it never fills (``BaseTemplate._refs``).
    """
    state = pn.state
    state._fake_roots[:] = [root for root in state._fake_roots if root in state._views]


def session(shared: Shared) -> MaterialTemplate:
    """Build the page of one session."""
    forget_roots()
    theme = theme_of_session()
    setattr(pn.config, "theme", "dark" if theme is DARK else "default")  # noqa: B010 - kept by session; typed read-only
    return StatusPage(shared, theme).template()
