#!/usr/bin/env bash
# Runs all benchmarks one after the other and writes what each prints into a file of its own, FOLDER/results/NAME.md.
# Data of five years is made in FOLDER where it isn't there yet, and stays: 2 GB with all that the benchmark of growth
# makes. The whole takes some two hours on two cores; a machine that has nothing else to do gives the steadiest numbers.
# Usage: scripts/benchmark.sh [FOLDER] [--quick] [--only queries,growth,…]
#   FOLDER       where data, roll-ups and results lie; $TMPDIR/nem-benchmarks without it
#   --quick      a small version of each, over one year: some fifteen minutes
#   --only A,B   these alone: queries growth pages sessions load collector-day collector-at-speed
set -euo pipefail

usage() { sed -n '2,8s/^# //p' "$0"; }

folder=${TMPDIR:-/tmp}/nem-benchmarks quick='' only=''
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=1 ;;
    --only) only=${2:?--only needs names}; shift ;;
    -h | --help) usage; exit 0 ;;
    -*) echo "$1 is no option." >&2; usage >&2; exit 2 ;;
    *) folder=$1 ;;
  esac
  shift
done
mkdir -p "$folder/results"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."

names="queries growth pages sessions load collector-day collector-at-speed"
for name in ${only//,/ }; do
  case " $names " in *" $name "*) ;; *) echo "$name is no benchmark: use some of $names." >&2; exit 2 ;; esac
done

scripts/install.sh --dev
PATH=$PWD/.venv/bin:$PATH
# settings of this shell must not steer what is measured
export PYTHONUNBUFFERED=1
unset NEMWEB_URL SHARED_DATA_DIR LOG_DIR LOG_LEVEL DASHBOARD_CACHE_DIR

dashboard=aemo-energy-dashboard/benchmarks collector=aemo-data-updater/benchmarks
years=5
[ -z "$quick" ] || years=1
data=$folder/$years-years cache=$folder/$years-years-cache
failed=()

# What a benchmark printed, below the machine that it ran on; fenced where it is no Markdown.
result() {
  local name=$1 fence=$2 printed=$3
  printf '# %s\n\n%s, %s cores of %s, Python %s, DuckDB %s, at %s%s.\n\n' "$name" "$(date -u +%F)" "$(getconf _NPROCESSORS_ONLN)" \
    "$(uname -m)" "$(python -c 'import platform; print(platform.python_version())')" \
    "$(python -c 'import duckdb; print(duckdb.__version__)')" "$(git rev-parse --short HEAD 2>/dev/null || echo 'no commit')" \
    "${quick:+, the quick version}"
  [ -z "$fence" ] || echo '```'
  cat "$printed"
  [ -z "$fence" ] || echo '```'
}

# run NAME FENCE COMMAND…: one that fails is said, and the others go on.
run() {
  local name=$1 fence=$2 printed
  shift 2
  case ",${only:-$name}," in *",$name,"*) ;; *) return 0 ;; esac
  if [ ! -f "$1" ]; then
    echo "$1 is not in this checkout: $name is left out." >&2
    return 0
  fi
  echo "$name …" >&2
  printed=$(mktemp)
  if python "$@" >"$printed"; then
    result "$name" "$fence" "$printed" >"$folder/results/$name.md"
    echo "… $folder/results/$name.md" >&2
  else
    failed+=("$name")
  fi
  rm -f "$printed"
}

# made under another name first, so that what was broken off is never taken for whole
if [ ! -d "$data" ]; then
  rm -rf "$data.making"
  python "$dashboard/five_years.py" "$data.making" --years "$years" >&2
  mv "$data.making" "$data"
fi

if [ -z "$quick" ]; then
  run queries '' "$dashboard/queries.py" "$data" --cache "$cache"
  run growth '' "$dashboard/growth.py" --keep "$folder"
  run pages '' "$dashboard/pages.py" "$data" --cache "$cache"
  run sessions '' "$dashboard/sessions.py" "$data" --cache "$cache"
  run load '' "$dashboard/load.py" "$data" --cache "$cache"
  run collector-day fenced "$collector/day.py"
  run collector-at-speed fenced "$collector/day_at_speed.py"
else
  run queries '' "$dashboard/queries.py" "$data" --cache "$cache" --spans 1d 30d --rounds 3
  run growth '' "$dashboard/growth.py" --keep "$folder" --years 1 2 --rounds 3
  run pages '' "$dashboard/pages.py" "$data" --cache "$cache" --tabs today
  run sessions '' "$dashboard/sessions.py" "$data" --cache "$cache" --rounds 1 --each 8 --at-once 4
  run load '' "$dashboard/load.py" "$data" --cache "$cache" --users 1,20 --sessions 1 --seconds 5
  run collector-day fenced "$collector/day.py" --hours 1 --no-first-start
  run collector-at-speed fenced "$collector/day_at_speed.py" --hours 2
fi

if [ ${#failed[@]} -gt 0 ]; then
  echo "Failed: ${failed[*]}." >&2
  exit 1
fi
echo "The results are in $folder/results." >&2
