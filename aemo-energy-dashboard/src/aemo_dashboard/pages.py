"""The tabs, in order. A new page is one more line here, and a declaration of its own."""

from aemo_dashboard.generation.page import PAGE as GENERATION
from aemo_dashboard.shared.page import Page
from aemo_dashboard.summary.page import PAGE as SUMMARY

PAGES: tuple[Page, ...] = (GENERATION, SUMMARY)


def page_of(slug: str) -> Page | None:
    """The page of a name in the URL."""
    return next((page for page in PAGES if page.slug == slug), None)
