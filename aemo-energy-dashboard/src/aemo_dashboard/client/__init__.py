"""The HTTP API from Python: what a page shows, as a pandas frame.

    from aemo_dashboard.client import Client

    with Client() as client:
        prices = client.regional_prices(region="NSW1", start="2026-08-30", end="2026-08-31")

It loads nothing of the dashboard itself, so that a program that only asks stays small.
"""

from aemo_dashboard.client.asking import ApiError
from aemo_dashboard.client.methods import Client
from aemo_dashboard.client.questions import Grouping, Moment, Names, Region, Resolution

__all__ = ["ApiError", "Client", "Grouping", "Moment", "Names", "Region", "Resolution"]
