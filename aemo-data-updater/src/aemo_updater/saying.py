"""A question about intervals that only their rows can answer, such as: which of them have a final price?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Saying:
    """Intervals in which some row has ``word`` in ``column``; with ``nowhere`` those in which no row has."""

    column: str
    word: str
    nowhere: bool = False
