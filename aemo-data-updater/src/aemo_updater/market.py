"""The market: its regions and interconnectors, and which one numbers are of.

None is the real one; a simulated one goes by its mark, such as ``seed 1``.
"""

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")
"""All of them since May 2005; the oldest month of MMSDM is of 2009."""
INTERCONNECTORS = ("N-Q-MNSP1", "NSW1-QLD1", "T-V-MNSP1", "V-S-MNSP1", "V-SA", "VIC1-NSW1")
"""Those between whose ends the sign of a flow is known: what runs from where to where."""


def spoken(mark: str | None) -> str:
    """A market in a sentence.

    >>> spoken("seed 1")
    'a simulated market (seed 1)'
    """
    return "the real market" if mark is None else f"a simulated market ({mark})"
