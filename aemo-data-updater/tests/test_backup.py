"""The command that docs/operations.md gives for a backup, beside a collector that commits without pause."""

import re
import shutil
import subprocess
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aemo_updater.collectors.generation_collector import SCADA5
from aemo_updater.storage.dataset import Dataset

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
COPIES = 25
NOON = datetime(2026, 8, 20, 12)


def rows(version: int) -> pa.Table:
    """Rows whose values are all the version: a part that mixes two commits shows it."""
    stamps = [NOON + timedelta(minutes=5 * i) for i in range(100)]
    table = {
        "settlementdate": pa.array([stamp for stamp in stamps for _ in range(20)], pa.timestamp("us")),
        "duid": [f"UNIT{i}" for _ in stamps for i in range(20)],
        "scadavalue": [float(version)] * 2000,
    }
    return pa.table(table)


def test_a_backup_beside_a_working_collector_is_whole(tmp_path: Path) -> None:
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    found = re.search(r"^rsync -a --delete .*$", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    data, backup = tmp_path / "data", tmp_path / "backup"
    command = found[0].replace("DATA/", f"{data}/").replace("BACKUP/", f"{backup}/")
    (data / "quarantine").mkdir(parents=True)
    names = ("quarantine/bad.zip", "ledger.sqlite", "ledger.sqlite-wal", "alerts.sqlite", "collector.lock")
    for name in (*names, "datapackage.json"):
        (data / name).write_text("")
    dataset, ended = Dataset(data), threading.Event()
    dataset.commit(SCADA5, rows(0))

    def commit_without_pause() -> None:
        version = 0
        while not ended.is_set():
            version += 1
            dataset.commit(SCADA5, rows(version))

    collector = threading.Thread(target=commit_without_pause)
    collector.start()
    seen = set()
    try:
        for _ in range(COPIES):
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
            assert done.returncode in (0, 24), done.stderr  # 24: a file went meanwhile
            copied = sorted((backup / "scada5.parquet").iterdir())
            assert copied
            for part in copied:
                values = set(pq.read_table(part)["scadavalue"].to_pylist())
                assert len(values) == 1
                seen |= values
    finally:
        ended.set()
        collector.join()
    assert len(seen) > 5  # it did change meanwhile
    assert sorted(path.name for path in backup.iterdir()) == ["datapackage.json", "scada5.parquet"]
