#!/usr/bin/env bash
# Installs the collector, the status page and the dashboard as services that start with the machine, or brings installed
# ones up to date: run it again after each change of the checkout. On Linux as root: services of the system; as somebody
# else: of that user. On macOS: agents of that user. Nothing is changed before all is checked.
# Usage: scripts/install_service.sh [--data DIR] [--logs DIR] [--user NAME] [--only collector,status,dashboard]
#                                   [--no-start] [--dry-run]
#   --data DIR   where the data lies; it is made where there is none
#   --logs DIR   where the log files lie
#   --user NAME  whom the services run as, on Linux as root; nem without it, made where there is none
#   --only A,B   these alone; without it all three or, where some are installed, those
#   --no-start   writes everything, starts nothing
#   --dry-run    says what it would do and write, and does nothing
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/services.sh

usage() { sed -n '2,12s/^# //p' scripts/install_service.sh; }

data='' logs='' user='' no_start=''
while [ $# -gt 0 ]; do
  case $1 in
    --data | --logs | --user | --only)
      needs_value "$@"
      case $1 in
        --data) data=$2 ;;
        --logs) logs=$2 ;;
        --user) user=$2 ;;
        --only) only=$2 ;;
      esac
      shift
      ;;
    --no-start) no_start=1 ;;
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

# --- what is to be --------------------------------------------------------------------------------------------------

find_kind
dotenv=$DESTDIR$settings/.env
before=$dotenv # where the settings come from
[ -e "$dotenv" ] || before=$CHECKOUT/.env
[ -e "$before" ] || before=$CHECKOUT/.env.example
if [ -n "$only" ]; then
  services=$(chosen "$only")
else
  services=$(those_installed)
  services=${services:-$ALL}
fi

# The first of "$@" that is a whole path.
first_path() {
  local path
  for path in "$@"; do
    case $path in
      /*)
        echo "${path%/}"
        return
        ;;
    esac
  done
}

case "$data$logs" in *..*) stop "--data and --logs: a path with .. in it is not taken" ;; esac
[ -z "$data" ] || case $data in /*) ;; *) data=$PWD/$data ;; esac
[ -z "$logs" ] || case $logs in /*) ;; *) logs=$PWD/$logs ;; esac
case $kind in
  system) default_data=/var/lib/nem-energy default_logs=/var/log/nem-energy cache=/var/cache/nem-energy ;;
  user)
    default_data=$CHECKOUT/shared-data cache=${XDG_CACHE_HOME:-$HOME/.cache}/nem-energy
    default_logs=${XDG_STATE_HOME:-$HOME/.local/state}/nem-energy
    ;;
  agent)
    default_data=$CHECKOUT/shared-data default_logs=$HOME/Library/Logs/nem-energy
    cache=$HOME/Library/Caches/nem-energy
    ;;
esac
data=$(first_path "$data" "$(setting SHARED_DATA_DIR "$before")" "$default_data")
logs=$(first_path "$logs" "$(setting LOG_DIR "$before")" "$default_logs")
if [ $kind = system ] && [ -z "$user" ]; then # those that are installed know
  for name in $(those_installed); do
    user=$(sed -n 's/^User=//p' "$(installed "$name")")
  done
  user=${user:-nem}
fi

# --- checks ---------------------------------------------------------------------------------------------------------

as_user() {
  if [ $kind = system ]; then
    # who is not there yet has no more rights than nobody
    (cd / && runuser -u "$(id -u "$user" >/dev/null 2>&1 && echo "$user" || echo nobody)" -- "$@")
  else
    (cd / && "$@")
  fi
}

check_manager() {
  case $kind in
    system)
      [ -d "$DESTDIR/run/systemd/system" ] ||
        stop "systemd does not run this machine (there is no /run/systemd/system); scripts/run.sh runs all without it"
      ;;
    user)
      systemctl --user show-environment >/dev/null 2>&1 ||
        stop "systemd does not run for this user (systemctl --user does not answer): log in by itself, not by su or" \
          "sudo, or install as root"
      ;;
    agent) command -v launchctl >/dev/null || stop "launchctl was not found" ;;
  esac
  [ $kind = system ] || [ -z "$user" ] || stop "--user $user: only root can install services of somebody else"
}

check_paths() {
  local path
  for path in "$CHECKOUT" "$data" "$logs" "$settings" "$cache"; do
    case $path in
      *[[:space:]\"\'\\%\$\&\<\>\|]*) stop "$path: a path with a blank or one of \"'\\%\$&<>| cannot stand in a unit" ;;
    esac
  done
  for path in "$data" "$logs"; do
    case $path in
      '' | *//* | */./* | */.) stop "${path:-/}: this is no path of a folder for the services alone" ;;
      "$CHECKOUT"/*) ;;
      /tmp/* | /var/tmp/* | /dev/* | /run/* | /proc/* | /sys/*)
        [ $kind != system ] || stop "$path: what lies there is each service's own, or lost with the machine's next start"
        ;;
    esac
    [ ! -e "$DESTDIR$path" ] || [ -d "$DESTDIR$path" ] || stop "$path is a file, not a folder"
  done
  [ "$data" != "$logs" ] || stop "--data and --logs are both $data; they have to be two folders"
}

# What the service does with the checkout, the service's user can do.
check_readable() {
  as_user "$CHECKOUT/.venv/bin/aemo-updater" --help >/dev/null 2>&1 && return
  as_user test -r "$CHECKOUT/scripts/run.sh" ||
    stop "$CHECKOUT cannot be read by the user ${user:-$(id -un)} of the services: move it to where it can, /opt say"
  stop "$CHECKOUT/.venv/bin/aemo-updater does not run as the user ${user:-$(id -un)} of the services: remove .venv, and" \
    "see that its Python can be run by everybody"
}

check_writable() {
  local path
  if [ $kind = system ] && ! id -u "$user" >/dev/null 2>&1; then
    for path in "$data" "$logs"; do
      [ -n "$no_start" ] || [ ! -d "$DESTDIR$path" ] || [ -z "$(ls -A "$DESTDIR$path")" ] ||
        stop "$path is not the services' own, and their user $user is still to be made: run this with --no-start," \
          "then chown -R $user: $path, and then this again"
    done
    return 0
  fi
  for path in "$data" "$logs"; do
    [ ! -d "$DESTDIR$path" ] || [ -z "$(ls -A "$DESTDIR$path")" ] || as_user test -w "$DESTDIR$path" ||
      stop "$path is not the services' own: chown -R $user: $path (or --user with whom it belongs to)"
  done
}

# Service $1 listens on the port that setting $2 names, by default $3.
check_port() {
  local port
  port=$(setting "$2" "$before")
  port=${port:-$3}
  if ! is_active "$1" && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    stop "port $port is taken by another program; end it, or name another $2 in $settings/.env"
  fi
}

check_lock() {
  local lock=$DESTDIR$data/collector.lock
  [ -e "$lock" ] && ! is_active collector || return 0
  "$CHECKOUT/.venv/bin/python" -c 'import fcntl, sys; fcntl.flock(open(sys.argv[1], "rb"), fcntl.LOCK_EX | fcntl.LOCK_NB)' \
    "$lock" 2>/dev/null ||
    stop "a collector (process $(cat "$lock")) works on $data already, started by hand; end it first"
}

check_manager
check_paths
# (of one that is still to be made, or to be made anew, nothing can be said yet)
if .venv/bin/python -c 'import aemo_dashboard, aemo_updater' >/dev/null 2>&1; then
  check_readable
  check_writable
  for name in $services; do
    case $name in
      collector) check_lock ;;
      status) check_port status STATUS_UI_PORT 5011 ;;
      dashboard) check_port dashboard DASHBOARD_PORT 5010 ;;
    esac
  done
fi

# --- what is written ------------------------------------------------------------------------------------------------

group() { id -gn "$user" 2>/dev/null || echo "$user"; }

# Folder $1 with mode $2. One that is there with something in it keeps its owner.
folder() {
  [ ! -d "$DESTDIR$1" ] || [ -z "$(ls -A "$DESTDIR$1")" ] || return 0
  run mkdir -p "$DESTDIR$1"
  run chmod "$2" "$DESTDIR$1"
  [ $kind != system ] || run chown "${3:-$user}:$(group)" "$DESTDIR$1"
}

# Writes standard input to $1 with mode $2, whole or not at all, for its owner alone until it is whole.
write() {
  if [ -n "$dry_run" ]; then
    printf 'would write %s:\n' "$1"
    sed 's/^/  | /'
    return
  fi
  (umask 077 && cat >"$1.new")
  [ $kind != system ] || [ -z "${3:-}" ] || chown "$3" "$1.new"
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}

# The settings with the folders that the services may use. Only their own user may read them: there may be passwords.
write_settings() {
  local mode=600 owner=
  if [ $kind = system ]; then mode=640 owner="root:$(group)"; fi
  local text
  text=$(grep -vE '^(SHARED_DATA_DIR|LOG_DIR)=|^# These two are set by scripts/install_service.sh' "$before" || true)
  if [ -n "$dry_run" ]; then
    echo "would write $dotenv: SHARED_DATA_DIR=$data and LOG_DIR=$logs, all else as in $before"
    return
  fi
  printf '%s\n' "# These two are set by scripts/install_service.sh, by --data and --logs." "SHARED_DATA_DIR=$data" \
    "LOG_DIR=$logs" "$text" | write "$dotenv" "$mode" "$owner"
}

filled_in() {
  sed -e "s|@CHECKOUT@|$CHECKOUT|g; s|@DATA@|$data|g; s|@LOGS@|$logs|g; s|@CACHE@|$cache|g" \
    -e "s|@SETTINGS@|$settings|g; s|@USER@|$user|g" "$1"
}

# What this systemd does not know is left out, and what only the system's own may do.
fit_for() {
  local old='' version
  version=$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  if [ "${version:-0}" -lt 254 ]; then
    old='/^# up to 5 minutes/d; /^RestartSteps=/d; /^RestartMaxDelaySec=/d'
  fi
  if [ $kind = user ]; then
    sed -e "$old" -e '/^# --- from here on only/,/^# --- to here/d' \
      -e '/^Wants=network-online/d; s/^After=network[-a-z]*\.target/After=/; s/ time-sync\.target//; /^After= *$/d' \
      -e 's/^WantedBy=.*/WantedBy=default.target/'
  else
    sed -e "$old" -e '/^# --- /d'
  fi
}

template() {
  local package=aemo-data-updater
  [ "$1" = dashboard ] && package=aemo-energy-dashboard
  if [ $kind = agent ]; then
    echo "$package/deploy/launchd/$(label "$1").plist"
  else
    echo "$package/deploy/systemd/nem-$1.service"
  fi
}

write_unit() {
  if [ $kind = agent ]; then
    filled_in "$(template "$1")"
  else
    filled_in "$(template "$1")" | fit_for
  fi | write "$(installed "$1")" 644
}

start() {
  local place waited
  if [ $kind = agent ]; then
    place=gui/$(id -u)
    run launchctl bootout "$place/$(label "$1")" 2>/dev/null || true
    waited=0 # it ends in its own time, and before that it is not taken again
    while [ -z "$dry_run" ] && is_active "$1" && [ $waited -lt 180 ]; do
      sleep 1
      waited=$((waited + 1))
    done
    run launchctl bootstrap "$place" "$(installed "$1")" || failed="$failed $1"
    return
  fi
  run "${ctl[@]}" reset-failed "nem-$1" 2>/dev/null || true
  run "${ctl[@]}" restart "nem-$1" || failed="$failed nem-$1"
}

run scripts/install.sh
# the services may not write in the checkout, and would else compile it anew at each start
run .venv/bin/python -m compileall -q aemo-data-updater/src aemo-energy-dashboard/src || true
if [ $kind = system ] && ! id -u "$user" >/dev/null 2>&1; then
  run useradd --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin "$user"
fi
[ -n "$dry_run" ] || check_readable
folder "$data" 750
folder "$logs" 750
folder "$cache" 750
folder "$settings" 750 root
[ -d "$DESTDIR$units" ] || run mkdir -p "$DESTDIR$units"
write_settings
for name in $services; do
  write_unit "$name"
done

failed=
if [ $kind != agent ]; then
  run "${ctl[@]}" daemon-reload
  for name in $services; do
    run "${ctl[@]}" enable --quiet "nem-$name"
  done
fi
if [ -z "$no_start" ]; then
  for name in $services; do
    start "$name"
  done
fi

# --- what there is to know ------------------------------------------------------------------------------------------

[ -z "$dry_run" ] || exit 0
cat <<NOTICE

  Services:  $services
  Settings:  $settings/.env (after a change: run this again)
  Data:      $data
  Logs:      $logs
NOTICE
case $kind in
  system) echo "  How it is: systemctl status 'nem-*'    journalctl -u 'nem-*' -p warning" ;;
  user)
    echo "  How it is: systemctl --user status 'nem-*'    journalctl --user -u 'nem-*' -p warning"
    case $(loginctl show-user "$(id -un)" -p Linger 2>/dev/null || true) in
      Linger=yes) ;;
      *) echo "  They end when you log out, until somebody says once: sudo loginctl enable-linger $(id -un)" ;;
    esac
    ;;
  agent) echo "  How it is: launchctl print gui/$(id -u)/$(label collector)" ;;
esac
if [ "$data" != "$CHECKOUT/shared-data" ] && [ -n "$(find "$CHECKOUT/shared-data" -name '*.parquet' -type f 2>/dev/null | head -n 1)" ]; then
  echo "  There is data in $CHECKOUT/shared-data, which these services do not use; with --data they would."
fi
if [ -n "$failed" ]; then
  echo "$0: did not start:$failed" >&2
  exit 1
fi
