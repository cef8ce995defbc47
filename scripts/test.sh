#!/usr/bin/env bash
# Installs what it needs, a browser too where it may, then runs every check and test of both packages.
# Usage: scripts/test.sh [arguments for pytest]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install.sh --dev
PATH=$PWD/.venv/bin:$PATH

# a browser, what Playwright's driver for it lacks on a bare Debian, and what the examples and scripts are tried with
driver=$(python -c 'import pathlib, playwright; print(pathlib.Path(playwright.__file__).parent / "driver" / "node")')
missing=()
command -v chromium >/dev/null || missing+=(chromium)
"$driver" --version >/dev/null 2>&1 || missing+=(libatomic1)
for name in openssl rsync shellcheck; do
  command -v "$name" >/dev/null || missing+=("$name")
done
# where systemd runs, Debian would start its nginx at once, for everybody to see
[ -x /usr/sbin/nginx ] || [ -d /run/systemd/system ] || missing+=(nginx)
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's ${missing[*]} for the tests …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi

ruff check .
ruff format --check .
mypy aemo-data-updater/src aemo-energy-dashboard/src
# Settings of this shell must not steer the tests. A file's tests share its server and its browser, so they stay together;
# they wait for those half of the time, so there is work for one more than there are cores. In the given order, for the files
# with the fewest tests are the longest, and would else come last.
workers=$(python -c 'import os; print((os.cpu_count() or 1) + 1)')
env -u NEMWEB_URL -u SHARED_DATA_DIR -u LOG_DIR -u LOG_LEVEL -u DASHBOARD_CACHE_DIR pytest -n "$workers" --dist loadfile --no-loadscope-reorder "$@"
