#!/usr/bin/env bash
# Everything up: installs if needed, then runs the collector, its status page and the dashboard until Ctrl-C.
# Usage: scripts/run.sh [--demo] [--port N]
#   --demo    a simulated market, in shared-data/demo; also what a first start shows that cannot reach NEMWEB
#   --port N  the dashboard's port, 5010 without it. Other settings: .env.example
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,5s/^# //p' scripts/run.sh; }

mode=auto
while [ $# -gt 0 ]; do
  case $1 in
    --demo)
      mode=demo
      shift
      ;;
    --port)
      if [ $# -lt 2 ]; then
        echo "scripts/run.sh: --port needs a number" >&2
        exit 2
      fi
      export DASHBOARD_PORT=$2
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf 'scripts/run.sh: what is %s?\n%s\n' "$1" "$(usage)" >&2
      exit 2
      ;;
  esac
done

# --- what is to run --------------------------------------------------------------------------------------------------

# "real" or "demo", with the URLs of the dashboard and of the status page; and a plain notice where NEMWEB cannot be reached. A bad
# setting ends it here. (Not written inside $(…): the bash of macOS trips over quotes in a here-document there.)
decide() {
  python - "$1" <<'PY'
import http.client
import sys
import urllib.error
import urllib.request

from aemo_dashboard.config import load_settings as dashboard_settings
from aemo_updater.config import load_settings as updater_settings
from aemo_updater.storage.datapackage import holds_rows

mode = sys.argv[1]
try:
    dashboard, updater = dashboard_settings(), updater_settings()
except Exception as error:
    sys.exit(f"scripts/run.sh: {error}")

def unreachable():
    """Why NEMWEB does not answer, asked as the collector asks it: without a proxy of the environment."""
    request = urllib.request.Request(updater.nemweb_url, headers={"User-Agent": "aemo-data-updater (reachability check)"})
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()
    except urllib.error.HTTPError:
        pass  # it answers
    except http.client.HTTPException:
        return "what answers there is no HTTP server"
    except OSError as error:
        return getattr(error, "reason", error)

if mode == "auto":
    mode = "real"
    if reason := unreachable():
        data = updater.shared_data_dir
        notice = f"{updater.nemweb_url} cannot be reached ({reason}).\n"
        if holds_rows(data):
            notice += (
                f"The dashboard shows what is stored in {data}; the collector keeps trying.\n"
                "scripts/run.sh --demo shows a simulated market instead, apart from it."
            )
        else:
            mode = "demo"
            notice += (
                "So that there is something to see, what follows is a simulated market, kept in shared-data/demo:\n"
                "these are not AEMO's numbers. When NEMWEB can be reached, end this and start scripts/run.sh again:\n"
                f"it then collects the real market into {data}, and nothing of the demo gets there."
            )
        print("\n" + "".join(f"  {line}\n" for line in notice.splitlines()), file=sys.stderr)
def url(host, port):
    """What a browser on this machine is to open."""
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}/"

dashboard_url = url(dashboard.dashboard_host, dashboard.dashboard_port)
print(mode, dashboard_url, url(updater.status_ui_host, updater.status_ui_port))
PY
}

# --- processes -------------------------------------------------------------------------------------------------------

services= # each that must not end, as "pid:name"
step=     # the process whose end is waited for, if any

# Starts "$2 …" under the name $1.
serve() {
  local name=$1
  shift
  "$@" &
  services="$services $!:$name"
}

# Whichever service ends first takes the others with it, so that a supervisor notices.
look_after() {
  local service status=0
  for service in $services; do
    kill -0 "${service%%:*}" 2>/dev/null && continue
    wait "${service%%:*}" || status=$?
    echo "scripts/run.sh: the ${service#*:} has ended (exit code $status); logs are in $LOG_DIR" >&2
    exit $status
  done
}

# Not a plain sleep: a signal is to be answered at once.
pause() {
  sleep "$1" &
  wait $!
}

# Runs "$@" to its end, and gives its exit code, while the services live.
run_step() {
  "$@" &
  step=$!
  while kill -0 $step 2>/dev/null; do
    look_after
    pause 0.5
  done
  local status=0
  wait $step || status=$?
  step=
  return $status
}

end() {
  local service
  for service in $services $step; do
    kill "${service%%:*}" 2>/dev/null || true
  done
  wait
  rm -rf "$scratch"
}

# --- the dashboard ---------------------------------------------------------------------------------------------------

answers() {
  python - "$1" 2>/dev/null <<'PY'
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=2).close()
PY
}

until_it_answers() {
  until answers "$1"; do
    look_after
    pause 0.3
  done
}

# Where there is a desktop, and somebody at it. What it starts is nobody's child here: it outlives this script.
open_browser() {
  [ -z "${CI:-}${SSH_CONNECTION:-}${SSH_TTY:-}" ] || return 0
  if [ "$(uname)" = Darwin ]; then
    (open "$1" >/dev/null 2>&1 &)
  elif [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then
    (xdg-open "$1" >/dev/null 2>&1 &)
  fi
}

# --- the two ways ----------------------------------------------------------------------------------------------------

real() {
  serve collector aemo-updater run
  serve status-page aemo-updater ui
  serve dashboard aemo-dashboard serve
  until_it_answers "$1"
  printf '\n  Dashboard: %s\n  Collector: %s\n  Ctrl-C ends all services.\n\n' "$1" "$2"
}

# The page can be used at once and fills from the newest two days on; the collector goes on from there.
demo() {
  export SHARED_DATA_DIR=$PWD/shared-data/demo
  start_market
  serve status-page aemo-updater ui
  serve dashboard aemo-dashboard serve
  until_it_answers "$1"
  cat <<NOTICE

  Simulated market (seed 1): these are not AEMO's numbers.
  Dashboard:   $1
  Collector:   $2
  Its NEMWEB:  $NEMWEB_URL/
  Its data:    shared-data/demo
  Ctrl-C ends all services.

NOTICE
  collect once
  open_browser "$1"
  collect backfill --from "$(nem_day 14)" --to "$(nem_day 0)"
  serve collector aemo-updater run
}

# On a free port; it says which, on a line of its own, once it listens.
start_market() {
  mkdir -p "$LOG_DIR"
  serve simulated-market aemo-updater replica --simulate --seed 1 --port 0 >"$scratch/said" 2>"$LOG_DIR/replica.log"
  until NEMWEB_URL=$(grep '^http' "$scratch/said"); do
    look_after
    pause 0.2
  done
  export NEMWEB_URL
}

# One command of the collector. What it could not get is for the next one, which also finds what really is amiss.
collect() {
  run_step aemo-updater "$@" || echo "scripts/run.sh: aemo-updater $1 ended with exit code $?; it goes on all the same" >&2
}

# The date $1 days ago, in NEM time.
nem_day() {
  python -c 'import datetime, sys; from aemo_updater.nemtime import nem_now
print(nem_now().date() - datetime.timedelta(days=int(sys.argv[1])))' "$1"
}

# ---------------------------------------------------------------------------------------------------------------------

scripts/install.sh
export LOG_DIR=${LOG_DIR:-logs}
PATH=$PWD/.venv/bin:$PATH

plan=$(decide $mode)
scratch=$(mktemp -d)
trap end EXIT
trap 'exit 0' HUP INT TERM

read -r mode dashboard_url status_url <<<"$plan"
case $mode in
  real) real "$dashboard_url" "$status_url" ;;
  demo) demo "$dashboard_url" "$status_url" ;;
esac
while true; do
  look_after
  pause 1
done
