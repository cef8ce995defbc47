#!/usr/bin/env bash
# Makes .venv with everything that the services run on, or with --dev also what the tests need. Does nothing where that
# is done already, and makes it anew where its Python has gone, or become another one: an upgrade of the system does that.
# Needs Python 3.11 or newer; on Debian, as root, it installs what Python's venv lacks.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=requirements.lock
[ "${1:-}" = --dev ] && lock=requirements-dev.lock

# macOS had no sha256sum for long
digest() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

want=$(cat "$lock" aemo-*/pyproject.toml | digest)
have=$(cat .venv/.installed 2>/dev/null || true)
# An upgrade of the system may have exchanged the Python that .venv was made with: what was installed is not seen by it.
runs() { .venv/bin/python -c 'import aemo_dashboard, aemo_updater' >/dev/null 2>&1; }
anew=
case " $have " in
  *" $want "*)
    if runs; then exit 0; fi
    ;;
esac
[ -z "$have" ] || runs || anew=1

python=
for name in python3 python3.11 python3.12 python3.13 python3.14; do
  if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is needed and was not found." >&2
  exit 1
fi

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's python3-venv …"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
  else
    echo "$python has no venv. On Debian or Ubuntu: sudo apt install python3-venv" >&2
    exit 1
  fi
fi

echo "Installing into .venv from $lock; the first time this takes a minute or two …"
[ -z "$anew" ] || echo "The Python of .venv is not the one that it was made with: it is made anew."
if [ -n "$anew" ]; then
  "$python" -m venv --clear .venv
elif [ ! -x .venv/bin/python ]; then
  "$python" -m venv .venv
fi
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@" 2> >(grep -v '^WARNING: ' >&2 || true); }
pip install --require-hashes -r "$lock"
pip install --no-deps --no-build-isolation -e aemo-data-updater -e aemo-energy-dashboard
# what the tests need holds all that the services need
if [ "$lock" = requirements-dev.lock ]; then
  want="$want $(cat requirements.lock aemo-*/pyproject.toml | digest)"
fi
echo "$want" >.venv/.installed
