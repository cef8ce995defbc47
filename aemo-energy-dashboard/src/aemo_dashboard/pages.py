"""The tabs, in order. A new page is one more line here, and a declaration of its own."""

from aemo_dashboard.analysis.page import PAGE as PRICES
from aemo_dashboard.comparison.page import PAGE as COMPARISON
from aemo_dashboard.generation.page import PAGE as GENERATION
from aemo_dashboard.nem_dash.page import PAGE as TODAY
from aemo_dashboard.shared.page import Page
from aemo_dashboard.station.page import PAGE as STATIONS
from aemo_dashboard.summary.page import PAGE as SUMMARY
from aemo_dashboard.transmission.page import PAGE as TRANSMISSION

PAGES: tuple[Page, ...] = (TODAY, GENERATION, PRICES, STATIONS, TRANSMISSION, COMPARISON, SUMMARY)


def page_of(slug: str) -> Page | None:
    """The page of a name in the URL."""
    return next((page for page in PAGES if page.slug == slug), None)
