"""Asks as a page does."""

from datetime import date
from types import SimpleNamespace

from aemo_dashboard.shared.asked import Asked, window_of
from aemo_dashboard.shared.content import Content
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Page, chosen, content_of, pinned
from aemo_dashboard.shared.resolution_manager import Window
from aemo_dashboard.shared.theme import DARK, Theme


def window_for(
    queries: QueryManager, span: str, first: date | None = None, last: date | None = None, resolution: str = "auto"
) -> Window:
    return window_of(queries, Asked(span=span, first=first, last=last, resolution=resolution))


def shown(
    queries: QueryManager, page: Page, view: str, asked: Asked, theme: Theme = DARK, **choices: object
) -> Content:
    """What a view of a page shows to one who has made these choices."""
    made = page.choices()
    made.param.update(**choices)
    values: SimpleNamespace = chosen(made)
    return content_of(page.view(view), queries, pinned(queries, asked), values, theme)
