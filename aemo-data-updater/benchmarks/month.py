"""A month of simulated time: do the memory and the open files of the daemon and of the status page stay as they are?

``python benchmarks/month.py [--days 30] [--every 900]``, on Linux. As in `day.py` time passes as always while the
daemon works and its waits are skipped; ``--every`` is the seconds of the market from one cycle to the next, so that a
month is over in half an hour. Prices are told by SMS to a stand-in for Twilio, with thresholds so low that there are
some each day. Beside it stands `aemo-updater ui`, whose page is opened and closed every few cycles, and asked for
/healthz and /metrics.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.client import pull_session
from day import Said, run_daemon
from stepped_daemon import SharedClock

import aemo_updater.ui.server  # a reader must know what a page may have

sys.path.append(str(Path(__file__).parents[1] / "soaks"))
from alert_servers import ACCOUNT, TOKEN, twilio_in_a_thread

BEGINS = datetime(2026, 10, 1)  # noqa: DTZ001 - NEM time is naive in the data
OPENED_EVERY = 8
"""Cycles from one reader of the status page to the next."""
SETTLES = timedelta(days=3)
"""What comes before is filling."""
PORT = 50_911

Sample = tuple[datetime, float, int, float, int]
"""When; MB and open files of the daemon, MB and open files of the status page."""


def of_process(pid: int) -> tuple[float, int]:
    """MB of memory and open files."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
    return resident, sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def asked(path: str) -> None:
    """What a monitor asks."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=20).read()
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise


@contextmanager
def status_page(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`aemo-updater ui` on the folder."""
    env = {**os.environ, "SHARED_DATA_DIR": str(folder), "STATUS_UI_PORT": str(PORT)}
    with subprocess.Popen([sys.executable, "-m", "aemo_updater", "ui"], env=env, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(100):
                try:
                    asked("healthz")
                    break
                except OSError:
                    time.sleep(0.2)
            yield process
        finally:
            process.terminate()


def slope(samples: list[Sample], which: int) -> float:
    """MB, or files, a day, by a straight line through the samples."""
    days = [(sample[0] - BEGINS) / timedelta(days=1) for sample in samples]
    return float(np.polyfit(days, [float(sample[which]) for sample in samples], 1)[0])


def report(samples: list[Sample], texts: int, sessions: int, seconds: float) -> None:
    """Print the table."""
    print(f"\n{'day':>5}{'daemon MB':>12}{'files':>8}{'page MB':>10}{'files':>8}")
    first = samples[0][0]
    for number in range(0, (samples[-1][0] - first).days + 1, 3):
        begins = first + timedelta(days=number)
        of_these = [s for s in samples if begins <= s[0] < begins + timedelta(days=3)]
        if of_these:
            most = [max(s[place] for s in of_these) for place in (1, 2, 3, 4)]  # type: ignore[type-var]
            print(f"{number + 1:5}{most[0]:12.1f}{most[1]:8}{most[2]:10.1f}{most[3]:8}")
    settled = [s for s in samples if s[0] >= first + SETTLES]
    if len(settled) > 2:
        by = [slope(settled, place) for place in (1, 2, 3, 4)]
        print(f"a day{by[0]:+12.3f}{by[1]:+8.3f}{by[2]:+10.3f}{by[3]:+8.3f}   (a line through all from day 4 on)")
    print(f"{len(samples):,} cycles, {texts:,} texts, {sessions:,} readers of the page; {seconds / 60:.0f} min")


def main() -> None:
    """Run, look and print."""
    assert aemo_updater.ui.server
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=float, default=30)
    arguments.add_argument("--every", type=int, default=900)
    given = arguments.parse_args()
    began = time.monotonic()
    samples: list[Sample] = []
    sessions = 0
    with tempfile.TemporaryDirectory() as temporary, twilio_in_a_thread() as twilio:
        folder, file = Path(temporary, "data"), Path(temporary, "clock")
        folder.mkdir()
        clock = SharedClock.make(file, BEGINS)
        server = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("day.py"), "--replica", file, "--round-trip", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        os.environ.update(
            UPDATE_INTERVAL_SECONDS=str(given.every), ALERT_SIMULATED="true", HIGH_PRICE_THRESHOLD="150",
            EXTREME_PRICE_THRESHOLD="250", RECOVERY_PRICE_THRESHOLD="110", TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN, TWILIO_FROM_NUMBER="+15005550006", ALERT_SMS_TO="+61412345678",
            TWILIO_API_URL=twilio.url,
        )  # fmt: skip
        try:
            with status_page(folder) as page:

                def goes_on(said: Said) -> bool:
                    nonlocal sessions
                    if len(samples) % OPENED_EVERY == 0:
                        pull_session(url=f"http://127.0.0.1:{PORT}/").close()
                        sessions += 1
                    asked("healthz")
                    asked("metrics")
                    daemon: dict[str, Any] = said[-1]
                    samples.append((clock(), daemon["resident"], daemon["open_files"], *of_process(page.pid)))
                    if len(samples) % 200 == 0:
                        print(f"{time.strftime('%H:%M:%S')} {clock():%Y-%m-%d %H:%M} {samples[-1][1:]}", flush=True)
                    del said[:-3]
                    return clock() < BEGINS + timedelta(days=given.days)

                run_daemon(folder, file, url, goes_on)
        finally:
            server.terminate()
            server.wait()
        report(samples, len(twilio.texts), sessions, time.monotonic() - began)


if __name__ == "__main__":
    main()
