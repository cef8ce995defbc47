#!/usr/bin/env bash
# Ends the services that install_service.sh installed, and removes them. Data, logs and settings stay where they are.
# Usage: scripts/uninstall_service.sh [--only collector,status,dashboard] [--dry-run]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/services.sh

usage() { sed -n '2,3s/^# //p' scripts/uninstall_service.sh; }

while [ $# -gt 0 ]; do
  case $1 in
    --only)
      needs_value "$@"
      only=$2
      shift
      ;;
    --dry-run) dry_run=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) stop "what is $1?
$(usage)" ;;
  esac
  shift
done

find_kind
services=$(those_installed)
[ -z "$only" ] || services=$(chosen "$only")

removed=
for name in $services; do
  file=$(installed "$name")
  [ -e "$file" ] || continue
  if [ "$kind" = agent ]; then
    run launchctl bootout "gui/$(id -u)/$(label "$name")" || true # it may not run
  else
    run "${ctl[@]}" disable --quiet --now "nem-$name"
  fi
  run rm -f "$file"
  removed="$removed $name"
done
if [ -z "$removed" ]; then
  echo "None of these services is installed in $units."
  exit 0
fi
[ "$kind" = agent ] || run "${ctl[@]}" daemon-reload

dotenv=$DESTDIR$settings/.env
if [ -n "$dry_run" ]; then would="Would be removed"; else would="Removed"; fi
cat <<NOTICE
$would:$removed. What stays:
  Settings:  $settings/.env
  Data:      $(setting SHARED_DATA_DIR "$dotenv")
  Logs:      $(setting LOG_DIR "$dotenv")
NOTICE
