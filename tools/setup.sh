#!/usr/bin/env bash
# Builds .venv from a Python >= 3.11 and pip alone. Run it through `make setup`, which remembers when it last succeeded.
# Where packages come from is this machine's own pip and npm configuration; no address is named here.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null 1>&2

say() { printf 'setup: %s\n' "$*"; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed (set PYTHON=/path/to/python3 if it has another name)."
    return 1
}

install_venv_module() {
    local version package
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    package="python${version}-venv"
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        say "this Python cannot make virtual environments yet; installing $package"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
    else
        say "this Python cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install $package"
        return 1
    fi
}

make_environment() {
    local python
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || install_venv_module
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
}

install_packages() {
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
    local pip=(.venv/bin/python -m pip install --quiet --require-hashes)
    # uv is several times faster, but reads its own configuration: a mirror known only to pip makes pip do the work.
    if [ -z "${NO_UV:-}" ] && "${pip[@]}" -r requirements/uv.txt &&
        .venv/bin/python -m uv pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt; then
        say "packages installed by uv"
    else
        say "installing packages with pip"
        "${pip[@]}" -r requirements/dev.txt
    fi
    # pip, not uv: the build back end comes from the lock, and the result is the same after either way.
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
}

started=$SECONDS
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_environment
install_packages
.venv/bin/python tools/fetch_assets.py
say "ready after $((SECONDS - started)) s"
