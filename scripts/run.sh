#!/usr/bin/env bash
# Everything up: installs if needed, then runs the collector and the dashboard until Ctrl-C.
# Usage: scripts/run.sh [--port N]      N is the dashboard's port, 5010 without it. Settings: .env.example
set -euo pipefail
cd "$(dirname "$0")/.."

while [ $# -gt 0 ]; do
  case $1 in
    --port)
      export DASHBOARD_PORT=${2:?--port needs a number}
      shift 2
      ;;
    -h | --help)
      sed -n '2,3s/^# //p' "$0"
      exit 0
      ;;
    *)
      echo "scripts/run.sh: what is $1? Usage: scripts/run.sh [--port N]" >&2
      exit 2
      ;;
  esac
done

scripts/install.sh
export LOG_DIR=${LOG_DIR:-logs}
PATH=$PWD/.venv/bin:$PATH

# where the dashboard will answer; and a plain notice where NEMWEB does not. A bad setting ends it here.
url=$(python - <<'PY'
import sys
import urllib.error
import urllib.request

from aemo_dashboard.config import load_settings as dashboard_settings
from aemo_updater.config import load_settings as updater_settings

try:
    dashboard, updater = dashboard_settings(), updater_settings()
except Exception as error:
    sys.exit(f"scripts/run.sh: {error}")
request = urllib.request.Request(updater.nemweb_url, headers={"User-Agent": "aemo-data-updater (reachability check)"})
try:
    urllib.request.urlopen(request, timeout=10).close()
except urllib.error.HTTPError:
    pass  # it answers
except OSError as error:
    print(
        f"\n  {updater.nemweb_url} cannot be reached ({getattr(error, 'reason', error)}).\n"
        "  The dashboard shows what is stored; the collector keeps trying.\n",
        file=sys.stderr,
    )
host = dashboard.dashboard_host
print(f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{dashboard.dashboard_port}/")
PY
)

aemo-updater run &
collector=$!
aemo-dashboard serve &
dashboard=$!
trap 'kill $collector $dashboard 2>/dev/null || true; wait' EXIT
trap 'exit 0' INT TERM

until python - "$url" <<'PY' 2>/dev/null; do
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=2).close()
PY
  kill -0 $dashboard 2>/dev/null || break
  sleep 0.3
done
if kill -0 $dashboard 2>/dev/null; then
  printf '\n  Dashboard: %s\n  Ctrl-C ends both services.\n\n' "$url"
fi

# whichever ends first takes the other with it, so that a supervisor notices (asked for once a second: macOS has an old bash)
while kill -0 $collector 2>/dev/null && kill -0 $dashboard 2>/dev/null; do
  sleep 1 &
  wait $!
done
kill -0 $collector 2>/dev/null && ended=$dashboard || ended=$collector
status=0
wait $ended || status=$?
echo "scripts/run.sh: a service has ended (exit code $status)" >&2
exit $status
