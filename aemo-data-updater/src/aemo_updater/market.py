"""Which market numbers are of: None is the real one; a simulated one goes by its mark, such as ``seed 1``."""


def spoken(mark: str | None) -> str:
    """A market in a sentence.

    >>> spoken("seed 1")
    'a simulated market (seed 1)'
    """
    return "the real market" if mark is None else f"a simulated market ({mark})"
