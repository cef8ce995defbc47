#!/usr/bin/env bash
# Installs what it needs, a browser too where it may, then runs every check and test of both packages.
# Usage: scripts/test.sh [arguments for pytest]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install.sh --dev
PATH=$PWD/.venv/bin:$PATH

if ! command -v chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's chromium for the browser tests …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi

ruff check .
ruff format --check .
mypy aemo-data-updater/src aemo-energy-dashboard/src
# settings of this shell must not steer the tests
env -u NEMWEB_URL -u SHARED_DATA_DIR -u LOG_DIR -u LOG_LEVEL pytest "$@"
