"""All benchmarks in one run: ``python aemo-data-updater/benchmarks``."""

import subprocess
import sys
from pathlib import Path

for script in ("parse_month.py", "commit.py", "day.py"):
    print(f"--- {script}", flush=True)
    subprocess.run([sys.executable, str(Path(__file__).with_name(script))], check=True)
