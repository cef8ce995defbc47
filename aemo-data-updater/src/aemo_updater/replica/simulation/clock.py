"""The clock of the simulation: NEM time now, or another time that passes faster or slower."""

from datetime import datetime

from aemo_updater.nemtime import Clock, nem_now


def sim_clock(start: datetime | None = None, speed: float = 1.0) -> Clock:
    """A clock that begins at ``start``, now if None, and runs ``speed`` times as fast as the real one.

    With neither it is `nem_now` itself. The real time that passed is taken from NEM time and not from a stopwatch,
    which would stand still while the machine sleeps.
    """
    if start is None and speed == 1:
        return nem_now
    began = nem_now()
    first = start or began

    def now() -> datetime:
        return first + (nem_now() - began) * speed

    return now
