"""What a collecting process does without."""

import subprocess
import sys

HEAVY = ("pandas", "pvlib", "rich", "aiohttp.web", "aemo_updater.replica", "aemo_updater.integrity")


def answers(code: str) -> list[str]:
    """What code prints, in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_the_daemon_imports_nothing_heavy_that_it_does_not_need() -> None:
    assert (
        answers(f"""
import sys
import aemo_updater.cli
print(*(name for name in {HEAVY} if name in sys.modules))
""")
        == []
    )


def test_arrow_does_without_pandas_until_it_is_asked_for() -> None:
    assert answers("""
import sys
from aemo_updater.memory import use_little
use_little()
import numpy as np
import pyarrow as pa
rows = pa.table({"a": np.arange(3)})
print("pandas" in sys.modules)
print(rows.to_pandas()["a"].sum())
import pandas as pd
print(pa.array(pd.Series([1.5])).type)
use_little()
""") == ["False", "3", "double"]


def test_arrow_takes_its_memory_from_the_system_unless_told_otherwise() -> None:
    assert answers("""
import aemo_updater
import pyarrow as pa
print(pa.default_memory_pool().backend_name)
""") == ["system"]
    assert answers("""
import os
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "mimalloc"
import aemo_updater
print(os.environ["ARROW_DEFAULT_MEMORY_POOL"])
""") == ["mimalloc"]
