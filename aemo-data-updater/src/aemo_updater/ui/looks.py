"""Colours and frames of the page; the rest of how it looks is in its style sheets."""

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).with_name("assets")
FONT = "Roboto, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"


@dataclass(frozen=True)
class Theme:
    """What differs between the dark and the light page.

    ``well``, ``ill`` and ``late`` are told apart by colour-blind readers too, and each goes with a sign or a word.
    """

    name: str
    page: str
    surface: str
    text: str
    quiet: str
    line: str
    header: str
    accent: str
    well: str
    ill: str
    late: str
    bar: str


DARK = Theme(
    "dark", "#14181d", "#1b2026", "#e6e9ec", "#9aa4ae", "#39424c", "#0f4c5c", "#1c7a8c", "#56b4e9", "#ff9e6b",
    "#ffca6b", "#3f8fd2",
)  # fmt: skip
LIGHT = Theme(
    "light", "#f5f6f8", "#ffffff", "#1d2329", "#5a6570", "#d9dee3", "#0f4c5c", "#1c7a8c", "#0f659c", "#b3402e",
    "#8a5200", "#3f8fd2",
)  # fmt: skip
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def variables(theme: Theme) -> str:
    """The theme's colours for the style sheets."""
    return (
        f":root {{ --nem-page: {theme.page}; --nem-surface: {theme.surface}; --nem-text: {theme.text};"
        f" --nem-quiet: {theme.quiet}; --nem-line: {theme.line}; --nem-accent: {theme.accent};"
        f" --nem-well: {theme.well}; --nem-ill: {theme.ill}; --nem-warning: {theme.late}; --nem-bar: {theme.bar};"
        f" --nem-font: {FONT}; --bokeh-base-font: {FONT};"
        f" --design-background-color: {theme.page}; --design-background-text-color: {theme.text};"
        f" --design-surface-color: {theme.surface}; --design-surface-text-color: {theme.text};"
        f" --panel-background-color: {theme.page}; --panel-surface-color: {theme.surface}; }}"
    )


def sheet(name: str) -> str:
    """One of the page's style sheets."""
    return (ASSETS / f"{name}.css").read_text(encoding="utf-8")


BUTTONS = """
.bk-btn { font-size: 13px; padding: 6px 14px; color: var(--nem-text); border-color: var(--nem-line); }
.bk-btn:focus-visible { outline: 2px solid var(--nem-well); outline-offset: 1px; }
.bk-btn[disabled] { opacity: 0.5; }
"""
CONFIRM = """
.bk-btn { background-color: var(--nem-accent) !important; color: #ffffff !important; }
"""
SWITCH = """
button { font: inherit; font-size: 13px; color: #ffffff; background: none; cursor: pointer; padding: 5px 12px;
  border: 1px solid rgba(255, 255, 255, .4); border-radius: 4px; }
button:hover { background: rgba(255, 255, 255, .12); }
"""
