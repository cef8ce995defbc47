"""A snapshot for Prometheus, by its own client library."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

from aemo_updater.nemtime import NEM
from aemo_updater.ui.health import reasons
from aemo_updater.ui.snapshot import Folder, Snapshot

__all__ = ["CONTENT_TYPE", "exposed"]


def exposed(snapshot: Snapshot) -> bytes:
    """The text that a scrape gets. What is unknown is left out, and not zero."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(snapshot))
    return generate_latest(registry)


class _Once:
    """One snapshot as the registry wants it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Every metric of it."""
        snapshot = self._snapshot
        yield _gauge("nem_up", "1 where all is well, 0 where /healthz gives reasons.", float(not reasons(snapshot)))
        yield from _of_collector(snapshot)
        if snapshot.disk is not None:
            yield _gauge("nem_disk_free_bytes", "Free on the disk of the data folder.", snapshot.disk.free)
            yield _gauge("nem_disk_size_bytes", "Size of the disk of the data folder.", snapshot.disk.total)
        if snapshot.folder is not None:
            yield from _of_tables(snapshot.folder, snapshot.now)
            if not snapshot.folder.ledger_fault:
                yield from _of_ledger(snapshot.folder)
            yield from _of_rest(snapshot.folder)


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)


def _seconds(moment: datetime) -> float:
    """Of the Unix epoch, from a naive NEM time."""
    return moment.replace(tzinfo=NEM).timestamp()


def _of_collector(snapshot: Snapshot) -> Iterator[Metric]:
    collector = snapshot.collector
    yield _gauge("nem_collector_up", "1 where the collector answers.", float(collector is not None))
    if collector is None:
        return
    told = (
        ("nem_collector_resident_memory_bytes", "Memory of the collector.", collector.resident_bytes),
        ("nem_collector_peak_memory_bytes", "The most that it ever took.", collector.peak_bytes),
        ("nem_collector_open_files", "Files that the collector has open.", collector.open_files),
    )
    yield from (_gauge(name, said, value) for name, said, value in told if value is not None)
    moments = (
        ("nem_collector_start_time_seconds", "When the collector was started.", collector.started),
        ("nem_collector_next_cycle_timestamp_seconds", "When its next cycle begins.", collector.next_cycle),
    )
    yield from (_gauge(name, said, _seconds(moment)) for name, said, moment in moments if moment is not None)
    yield _gauge("nem_collector_healing", "1 while it fills holes.", float(collector.healing))


def _of_tables(folder: Folder, now: datetime) -> Iterator[Metric]:
    by_table = partial(GaugeMetricFamily, labels=["table"])
    newest = by_table("nem_table_newest_interval_timestamp_seconds", "End of the newest interval of a table.")
    lag = by_table(
        "nem_table_lag_seconds", "From the end of a table's newest interval to now; negative while that interval runs."
    )
    rows = by_table("nem_table_rows", "Rows of a table.")
    holes = by_table("nem_table_holes", "Intervals missing of the last 14 days, but for the last hour.")
    size = by_table("nem_table_size_bytes", "Part files of a table.")
    for table in folder.tables:
        if table.newest is not None:
            newest.add_metric([table.name], _seconds(table.newest))
            lag.add_metric([table.name], (now - table.newest).total_seconds())
        rows.add_metric([table.name], table.rows)
        holes.add_metric([table.name], table.holes)
        size.add_metric([table.name], table.size_bytes)
    yield from (newest, lag, rows, holes, size)


def _of_ledger(folder: Folder) -> Iterator[Metric]:
    yield from _of_sources(folder)
    yield from _of_cycles(folder)
    yield _gauge("nem_unknown_units", "Units that no registration list has.", len(folder.unknown_duids))


def _of_sources(folder: Folder) -> Iterator[Metric]:
    by_report = partial(GaugeMetricFamily, labels=["report"])
    done = by_report("nem_report_files_done", "Files of a report that the ledger knows as read.")
    bad = by_report("nem_report_files_bad", "Files of a report that could not be read.")
    failing = by_report("nem_report_failing", "1 where the last cycle could not fetch all of a report.")
    since = by_report(
        "nem_report_failing_since_timestamp_seconds", "Since when a report fails; left out where none does."
    )
    now_failing = {trouble.source: trouble for trouble in folder.troubles if not trouble.over}
    for source in folder.sources:
        done.add_metric([source.name], source.done)
        bad.add_metric([source.name], source.bad)
        failing.add_metric([source.name], float(source.name in now_failing))
        if source.name in now_failing:
            since.add_metric([source.name], _seconds(now_failing[source.name].since))
    yield from (done, bad, failing, since)


def _of_cycles(folder: Folder) -> Iterator[Metric]:
    yield CounterMetricFamily("nem_cycles", "Cycles since the ledger was made.", value=folder.cycles_ever)
    last = folder.last_cycle
    if last is None:
        return
    length = (last.ended - last.started).total_seconds()
    yield _gauge("nem_last_cycle_start_timestamp_seconds", "When the last cycle began.", _seconds(last.started))
    yield _gauge("nem_last_cycle_duration_seconds", "How long the last cycle took.", length)
    yield _gauge("nem_last_cycle_ok", "1 where no source failed in it and no file was bad.", float(last.ok))


def _of_rest(folder: Folder) -> Iterator[Metric]:
    alerts = GaugeMetricFamily(
        "nem_alerts", "Alerts that are remembered, by how they go out and how far they are.", labels=["sink", "state"]
    )
    for (sink, progress), count in sorted(folder.sent.items()):
        alerts.add_metric([sink, progress], count)
    yield alerts
    yield _gauge("nem_data_size_bytes", "What the collector keeps in the data folder.", folder.data_bytes)
    yield _gauge("nem_look_timestamp_seconds", "When the data folder was looked at.", _seconds(folder.looked))
