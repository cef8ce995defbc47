#!/usr/bin/env bash
# Makes the two lock files anew from the two pyproject.toml: requirements.lock (what the services run on) and
# requirements-dev.lock (the same, and what the tests need). Needs uv. Usage: scripts/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  local out=$1
  shift
  # hatchling and editables build the two packages without a download of their own
  printf 'hatchling\neditables\n' |
    uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes --python-version 3.11 --no-emit-index-url \
      --custom-compile-command scripts/lock.sh --output-file "$out" "$@" \
      - aemo-data-updater/pyproject.toml aemo-energy-dashboard/pyproject.toml
}

compile requirements.lock "$@"
compile requirements-dev.lock --constraint requirements.lock --extra test "$@"
