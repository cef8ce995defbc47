"""An endpoint as a record: where it is, what may be asked, what comes back, and who finds it."""

from collections.abc import Callable
from dataclasses import dataclass

from aemo_dashboard.api.answers import Rows
from aemo_dashboard.api.columns import Column
from aemo_dashboard.api.questions import Asked


@dataclass(frozen=True)
class Endpoint:
    """``load``: from queries and a question of the kind ``asked`` to rows that hold ``columns``; where
    the path names something, that comes third. The columns that are never null
    tell the rows apart; where the first is a stamp, the rows are in their order.
    """

    path: str
    title: str
    meaning: str
    asked: type[Asked]
    columns: tuple[Column, ...]
    load: Callable[..., Rows]

    @property
    def slug(self) -> str:
        """Of file names."""
        return "-".join(part for part in self.path.removeprefix("/api/").split("/") if "{" not in part)
