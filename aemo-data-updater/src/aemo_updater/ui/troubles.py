"""Which sources failed, from when to when: cycle after cycle of one source is one trouble."""

from collections.abc import Iterable, Sequence

from aemo_updater.ui.snapshot import CycleFacts, Trouble


def troubles_of(cycles: Sequence[CycleFacts]) -> list[Trouble]:
    """The troubles of all sources over cycles, oldest first given; those that go on first, then the latest."""
    names = dict.fromkeys(name for cycle in cycles for name in cycle.failures)
    found = [trouble for name in names for trouble in _of_source(cycles, name)]
    latest_first = sorted(sorted(found, key=lambda t: t.source), key=lambda t: t.until, reverse=True)
    return sorted(latest_first, key=lambda t: t.over)


def _of_source(cycles: Iterable[CycleFacts], name: str) -> Iterable[Trouble]:
    run: list[CycleFacts] = []
    for cycle in cycles:
        if name in cycle.failures:
            run.append(cycle)
        elif run:
            yield _trouble(run, name, over=True)
            run = []
    if run:
        yield _trouble(run, name, over=False)


def _trouble(run: Sequence[CycleFacts], name: str, *, over: bool) -> Trouble:
    return Trouble(name, run[0].started, run[-1].started, len(run), run[-1].failures[name], over)
