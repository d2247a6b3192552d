# make run    open the studio on the simulated lab (without a display: drive it under Xvfb)
# make test   lint and every test
# make setup  only prepare the machine: system packages, .venv, Python packages
# make lint   ruff and pyright
# make screenshots  docs/tour.md with its pictures, and the reference pictures of the tests

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := run

PYTHON := .venv/bin/python
READY := .venv/.ready
XVFB := QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1000x24 +extension GLX"
PYTEST := $(PYTHON) -m pytest -q

.PHONY: run test setup lint format screenshots

run: $(READY)
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ]; then \
		exec $(PYTHON) main.py run; \
	else \
		exec env $(XVFB) $(PYTHON) main.py demo --out out/demo; \
	fi

# Qt without OpenGL needs no display; Qt with OpenGL crashes on the offscreen platform. The tests
# for a display are collected alone: modules of MuJoCo turn PyOpenGL to EGL, and Qt draws with GLX.
test: $(READY)
	$(PYTHON) -m ruff check .
	env -u DISPLAY -u WAYLAND_DISPLAY QT_QPA_PLATFORM=offscreen $(PYTEST) -m "not gl"
	env -u WAYLAND_DISPLAY $(XVFB) $(PYTEST) -m gl tests/app tests/e2e

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m pyright

format: $(READY)
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

# Look at what has changed before it is committed.
screenshots: $(READY)
	env -u WAYLAND_DISPLAY $(XVFB) $(PYTHON) main.py tour
	env -u DISPLAY -u WAYLAND_DISPLAY QT_QPA_PLATFORM=offscreen $(PYTEST) \
		tests/app/test_snapshots.py --update-snapshots

setup: $(READY)

$(READY): pyproject.toml .ci/setup.sh
	@.ci/setup.sh
	@touch $@
