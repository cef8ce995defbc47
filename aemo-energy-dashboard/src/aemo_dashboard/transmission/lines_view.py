"""The view "Transmission lines" of the tab "Generation by Fuel": flow against limits, with both marks."""

from aemo_dashboard.shared.asked import Asked
from aemo_dashboard.shared.content import Content
from aemo_dashboard.shared.hybrid_query_manager import QueryManager
from aemo_dashboard.shared.page import Chosen
from aemo_dashboard.shared.theme import Theme
from aemo_dashboard.transmission import flows_view
from aemo_dashboard.transmission.data import ALL


def show(queries: QueryManager, asked: Asked, _: Chosen, theme: Theme) -> Content:
    """All interconnectors of the region; that tab has no choice among them."""
    return flows_view.content(queries, asked, ALL, theme, "lines", choosable=False)
