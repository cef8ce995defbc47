# shellcheck shell=bash disable=SC2034 # what is set here is used by those who source it
# What install_service.sh and uninstall_service.sh share: which machine this is, and where things lie. Works with the
# bash 3.2 of macOS. Sourced in the checkout's folder; DESTDIR stands before every path that is read or written.

DESTDIR=${DESTDIR:-}
CHECKOUT=$PWD
ALL="collector status dashboard"
dry_run=
only=

stop() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 2
}

# Ends it where option $1 has no value $2.
needs_value() {
  [ -n "${2:-}" ] || stop "$1 needs a value"
}

# Runs "$@", or says it.
run() {
  if [ -n "$dry_run" ]; then
    echo "would run: $*"
  else
    "$@"
  fi
}

# The services that --only names, in their order.
chosen() {
  local name
  for name in $(echo "$1" | tr , ' '); do
    case " $ALL " in
      *" $name "*) ;;
      *) stop "--only $1: there is no service $name; there are ${ALL// /, }" ;;
    esac
  done
  for name in $ALL; do
    case ",$1," in *",$name,"*) printf '%s ' "$name" ;; esac
  done
}

# kind: system (root on Linux), user (systemd --user) or agent (launchd); units and settings: their folders;
# ctl: the command that speaks to systemd.
find_kind() {
  ctl=(systemctl)
  if [ "$(uname)" = Darwin ]; then
    kind=agent units=$HOME/Library/LaunchAgents settings=$HOME/.config/nem-energy
  elif [ "$(id -u)" = 0 ]; then
    kind=system units=/etc/systemd/system settings=/etc/nem-energy
  else
    ctl=(systemctl --user)
    kind=user units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    settings=${XDG_CONFIG_HOME:-$HOME/.config}/nem-energy
  fi
}

label() { echo "org.nem-energy.$1"; }

# The unit or plist of service $1, as it is installed.
installed() {
  case $kind in
    agent) echo "$DESTDIR$units/$(label "$1").plist" ;;
    *) echo "$DESTDIR$units/nem-$1.service" ;;
  esac
}

# Those of the three that are installed.
those_installed() {
  local name
  for name in $ALL; do
    [ ! -e "$(installed "$name")" ] || printf '%s ' "$name"
  done
}

is_active() {
  case $kind in
    agent) launchctl print "gui/$(id -u)/$(label "$1")" >/dev/null 2>&1 ;;
    *) "${ctl[@]}" is-active --quiet "nem-$1" ;;
  esac
}

# What setting $1 is in the file $2, without quotes; nothing where it is not set.
setting() {
  [ -r "$2" ] || return 0
  sed -n "s/^$1=//p" "$2" | tail -n 1 | sed "s/^[\"']//; s/[\"'] *\$//"
}
