#!/usr/bin/env bash
# Prepares a bare Debian or Ubuntu machine: system packages, .venv, Python packages.
# Called by `make`; safe to run again. SKIP_APT=1 leaves the system packages alone.
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=.venv
TORCH=2.13.0
PACKAGES=(
    # Qt's xcb platform and OpenGL
    libegl1 libgl1 libglx0 libopengl0 libegl-mesa0 libgl1-mesa-dri libxkbcommon0
    libxkbcommon-x11-0 libxcb-cursor0 libxcb-glx0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-util1
    libxcb-xfixes0 libxcb-xkb1 libx11-xcb1 libdbus-1-3 libfontconfig1 libglib2.0-0
    fonts-dejavu-core
    # Open3D, torch, cameras
    libgomp1 libudev1 libusb-1.0-0
    # a display for the tests and for a machine without one
    xvfb xauth
)

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

# Newer Ubuntu renamed some libraries: libglib2.0-0 is libglib2.0-0t64 there.
installed() {
    local state
    for name in "$1" "$1t64"; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
        [ "$state" = installed ] && return 0
    done
    return 1
}

# Runs a command as root: directly, or through sudo when that asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 126
    fi
}

apt_install() {
    [ "${SKIP_APT:-}" = 1 ] && return 0
    if ! command -v apt-get >/dev/null; then
        say "setup: this is no Debian or Ubuntu; make sure that you have what these provide: $*"
        return 0
    fi
    if ! as_root true; then
        fail "these system packages are missing and this user may not install them. Ask for:
    sudo apt-get install -y --no-install-recommends $*
or run 'make SKIP_APT=1' to go on without them."
    fi
    say "setup: installing system packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 ||
        say "setup: the package lists could not be refreshed; trying with the old ones"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" >&2 ||
        fail "apt-get could not install: $*"
}

system_packages() {
    local missing=()
    for name in "${PACKAGES[@]}"; do
        installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
}

# The oldest supported Python is the one the packages were proven on, so it comes first.
find_python() {
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

virtual_environment() {
    [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && return 0
    local python version
    if ! python=$(find_python); then
        apt_install python3 python3-venv
        python=$(find_python) ||
            fail "Python 3.11 or newer is needed and this system offers none; install it (for example 'apt-get install python3.11 python3.11-venv') and run make again"
    fi
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt_install "python$version-venv"
    fi
    say "setup: creating $VENV with $python"
    "$python" -m venv --clear "$VENV" ||
        fail "the virtual environment could not be created; on Debian and Ubuntu this needs the package python3-venv"
}

has_nvidia() { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }

pip_install() { "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off "$@" >&2; }

# The plain wheel brings 3 GB of CUDA along, so a machine without an NVIDIA driver gets the CPU
# build: from the indexes that pip is set up with, else from PyTorch's own.
torch() {
    "$VENV/bin/python" -c "import importlib.metadata as m, sys
sys.exit(not m.version('torch').startswith('2.13.'))" 2>/dev/null && return 0
    if has_nvidia; then
        say "setup: NVIDIA driver found, installing torch $TORCH with CUDA"
        pip_install "torch==$TORCH" || fail "torch $TORCH could not be installed"
        return 0
    fi
    say "setup: no NVIDIA driver, installing the CPU build of torch $TORCH"
    pip_install -q "torch==$TORCH+cpu" 2>/dev/null ||
        pip_install "torch==$TORCH" --index-url https://download.pytorch.org/whl/cpu ||
        pip_install "torch==$TORCH" ||
        fail "torch $TORCH could not be installed; is the network reachable?"
}

python_packages() {
    torch
    say "setup: installing Python packages (a few minutes the first time)"
    pip_install -q -e '.[dev,train,bench]' ||
        fail "the Python packages could not be installed; see above"
    # Only `bench serve` uses it; it asks for numpy < 2 and runs with ours.
    pip_install -q --no-deps 'openpi-client>=0.1.2,<0.2' ||
        say "setup: openpi-client is missing, so bench serve will skip one row"
}

system_packages
virtual_environment
python_packages
say "setup: ready"
