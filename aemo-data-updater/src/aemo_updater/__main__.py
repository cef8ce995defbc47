"""``python -m aemo_updater`` is the command `aemo-updater`."""

from aemo_updater.cli import app

app(prog_name="aemo-updater")
