"""A NEMWEB stand-in: serves a folder of report files, or a simulated market, with NEMWEB's failures if asked."""

from aemo_updater.nemweb.client import SIMULATED_HEADER
from aemo_updater.replica.faults import Fault, parse_fault
from aemo_updater.replica.server import REQUESTS, Seen, make_app, run_replica, serving
from aemo_updater.replica.source import Entry, File, FolderSource, Source

__all__ = [
    "REQUESTS",
    "SIMULATED_HEADER",
    "Entry",
    "Fault",
    "File",
    "FolderSource",
    "Seen",
    "Source",
    "make_app",
    "parse_fault",
    "run_replica",
    "serving",
]
