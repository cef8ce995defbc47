"""Hours of a bad life: ``python aemo-data-updater/soaks crash --kills 1000``, or ``faults``, or ``alerts``.

Each ends with what it met and found, and with exit code 0; or at the first thing that is not as it should be, with the
AssertionError that says so. All work on a simulated market, of which all that is true is known. Their short versions
are in the test suite. Another one, of readers, is ``aemo-energy-dashboard/benchmarks/reader_beside_writer.py``.
"""

import argparse
import signal
import sys
from datetime import timedelta
from pathlib import Path


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(prog="soaks", description=__doc__)
    parser.add_argument("--seed", type=int, default=11, help="of the market, of the kills and of the faults")
    parser.add_argument("--folder", type=Path, help="where the data is kept; else in a temporary folder")
    soaks = parser.add_subparsers(dest="soak", required=True)
    crash = soaks.add_parser("crash", help="the collector and backfill are killed while they work")
    crash.add_argument("--kills", type=int, default=1000, help="a fifth of them of backfill")
    faults = soaks.add_parser("faults", help="a share of all requests fails, in every way that there is")
    faults.add_argument("--days", type=int, default=7)
    faults.add_argument("--share", type=float, default=0.1)
    faults.add_argument("--every", type=int, default=5, help="minutes from one cycle to the next")
    faults.add_argument("--no-waits", action="store_true", help="ask again at once, as many times as in earnest")
    alerts = soaks.add_parser("alerts", help="the collector is killed, and each message still goes out once")
    alerts.add_argument("--days", type=float, default=7)
    alerts.add_argument("--troubled", action="store_true", help="prices come late and are revised")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))  # and takes its processes along
    # imported late: the market is heavy, and a wrong argument should be told at once
    if given.soak == "crash":
        import crash as crashing

        crashing.main(given.kills, given.seed, given.folder)
    elif given.soak == "alerts":
        import alerted

        alerted.main(given.days, given.seed, given.folder, troubled=given.troubled)
    else:
        import faulty

        every = timedelta(minutes=given.every)
        faulty.main(given.days, given.share, every, given.seed, given.folder, waits=not given.no_waits)


if __name__ == "__main__":
    main()
