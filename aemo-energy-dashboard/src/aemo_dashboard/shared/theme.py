"""Colours, once. A series has the same colour on every page and in both themes.

Fuels lean on the palette of Okabe and Ito, which most colour-blind readers can tell apart; where two are close, they
don't touch in the stack. Solar is a brown yellow and rooftop, which lies on it, a lighter one.
"""

from dataclasses import dataclass

FONT = "Roboto, 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

SERIES_COLOURS = {
    "Solar": "#c8930a",
    "Rooftop Solar": "#f4dd74",
    "Wind": "#159f7a",
    "Biomass": "#86a33a",
    "Coal": "#5d6167",
    "Gas": "#d9622b",
    "Hydro": "#2f7fc1",
    "Battery discharge": "#c565a6",
    "Battery charge": "#c565a6",
    "Distillate": "#8f2d3c",
    "Unknown": "#a79c8e",
    "Net import": "#9fc4e8",
    "Net export": "#9fc4e8",
    "Load": "#7a5fa8",
}
OTHER_COLOUR = "#8a8f98"
FLOW_COLOUR = "#3f8fd2"
HIGH_COLOUR, CONGESTED_COLOUR = "#e0a82e", "#d9472b"  # a flow at the first and at the second mark of its limit

REGION_COLOURS = {
    "NSW1": "#56a8e0",
    "QLD1": "#d9622b",
    "SA1": "#e0a82e",
    "TAS1": "#159f7a",
    "VIC1": "#c565a6",
}

LINE_COLOURS = ("#3f8fd2", "#d9622b", "#159f7a", "#c565a6", "#c8930a", "#7a5fa8")
"""For lines that have no colour of their own; told apart by most colour-blind readers, in this order."""
UNIT_COLOURS = (  # of the units of a station, muted: a price line over them is to be seen
    *("#4f7fb5", "#a3b86c", "#b07aa1", "#5aa9a3", "#c2655d", "#7d6bb0"),
    *("#9c8f5a", "#5e8c4a", "#b98a64", "#9aa7d9", "#a65d84", "#8c8c8c"),
)
PRICE_COLOURS = {"dark": "#ffca6b", "light": "#8a5200"}
"""By the theme's name: of the one price that is drawn over MW."""
BAND_COLOURS = {  # of formulas.PRICE_BANDS, from blue to a dark red: told apart also by their lightness
    "Below $0": "#2f7fc1",
    "$0 to $300": "#a9b4bd",
    "$300 to $1,000": "#e0a82e",
    "$1,000 and above": "#b3402e",
}


@dataclass(frozen=True)
class Theme:
    """What differs between the dark and the light page."""

    name: str
    page: str
    surface: str
    text: str
    quiet: str
    grid: str
    header: str
    accent: str  # the chosen button
    warning: str
    table: str  # the Tabulator theme


DARK = Theme("dark", "#14181d", "#1b2026", "#e6e9ec", "#9aa4ae", "#39424c", "#0f4c5c", "#1c7a8c", "#ffca6b", "midnight")
LIGHT = Theme("light", "#f5f6f8", "#ffffff", "#1d2329", "#5a6570", "#d9dee3", "#0f4c5c", "#1c7a8c", "#8a5200", "simple")
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def series_colour(series: str) -> str:
    """The colour of a fuel or flow; one grey for any that is not known here."""
    return SERIES_COLOURS.get(series, OTHER_COLOUR)
