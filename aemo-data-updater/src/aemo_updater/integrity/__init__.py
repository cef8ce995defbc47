"""What is wrong in a data folder: `aemo-updater check`. Reads, and never writes.

Each question is a module of pure functions from rows or stamps to findings; `run` walks over the part files.
"""

from aemo_updater.integrity.finding import Finding
from aemo_updater.integrity.run import Checked, check

__all__ = ["Checked", "Finding", "check"]
