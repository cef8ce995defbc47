"""What the process asks of the C library and of Arrow, so that memory is not taken in vain, nor kept once used."""

import ctypes
import sys
from contextlib import suppress

import pyarrow as pa

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""From glibc's malloc.h."""


def use_little() -> None:
    """All of it, for a process that collects; to be called before there are threads or Arrow has data."""
    few_arenas(1)
    return_large_blocks(2**20)
    spare_pandas()


def few_arenas(count: int = 2) -> None:
    """Let threads share their memory, to be called before there are any; a C library other than glibc is left alone.

    glibc gives each thread an arena of its own, which keeps the most that it ever held: three months of UNIT_SCADA,
    five million rows each, then peak at 470 to 550 MB, with two arenas at 350 to 380 MB.
    """
    _mallopt(_M_ARENA_MAX, count)


def return_large_blocks(at_least: int = 2**17) -> None:
    """Let every block of so many bytes go back to the system when it is freed, not only while none was freed yet.

    glibc raises the bound with what is freed, to 32 MB: numpy's arrays of a megabyte or two then stay in its arenas. A
    simulated market that has served a month of all tables held 440 MB without this, and 270 MB with it and one arena.
    """
    _mallopt(_M_MMAP_THRESHOLD, at_least)


def spare_pandas() -> None:
    """Keep Arrow from importing pandas, which takes 34 MB.

    At the first Python value that it meets Arrow looks whether there is pandas, whose values it would know, and does
    without where there is none. A later ``to_pandas`` imports it all the same.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_NoPandas)


class _NoPandas:
    """As if it was not installed."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raise what an import raises that finds nothing."""
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _mallopt(parameter: int, value: int) -> None:
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(parameter, value)
