"""Start the dashboard: the same as ``aemo-dashboard serve``."""

import sys

from aemo_dashboard.cli import app

if __name__ == "__main__":
    app(["serve", *sys.argv[1:]])
