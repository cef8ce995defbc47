"""The tabs, in order. A new page is one more line here, and a class that looks like ``PageView``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import panel as pn
import param

from aemo_dashboard.generation.page import GenerationPage
from aemo_dashboard.services import Services
from aemo_dashboard.shared.theme import Theme


class PageView(Protocol):
    """What the shell needs of an opened page."""

    @property
    def state(self) -> param.Parameterized:
        """What the reader has chosen, kept in the URL …"""

    @property
    def url_names(self) -> Mapping[str, str]:
        """… under these names."""

    async def refresh(self) -> None:
        """Show the newest data for the page's state."""

    def __panel__(self) -> pn.Column:
        """The page's layout."""


@dataclass(frozen=True)
class Page:
    """A tab. ``slug`` names it in the URL; ``open`` builds it when a reader first looks at it."""

    title: str
    slug: str
    open: Callable[[Services, Theme], PageView]


PAGES = (Page("Generation by Fuel", "generation", GenerationPage),)
