"""The window's display and OpenGL, and the lab's off-screen OpenGL."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence

from core.doctor.finding import Finding, ok, problem, warning
from core.doctor.probe import ProbeError, ask_python

PROBE_S = 20.0

WINDOW_CODE = "from app.display_probe import tell; tell()"
LAB_CODE = "from robot.sim.drawing_probe import tell; tell()"
"""By name: core imports neither Qt nor the lab."""

SOFTWARE = ("llvmpipe", "softpipe", "swrast")


def judge_display(variables: Mapping[str, str], platform: str = sys.platform) -> Finding | None:
    """Tell that no window can be opened; None when one may be.

    Args:
        variables: The environment.
        platform: Name of the system, as ``sys.platform``.
    """
    if platform != "linux" or variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"):
        return None
    return warning(
        "window",
        "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set).",
        "Open the studio on a desktop, or let 'make' drive it without one (main.py demo).",
    )


def judge_window(answer: Mapping[str, object]) -> Finding:
    """Judge what Qt said about its platform and OpenGL renderer."""
    platform, renderer = answer.get("platform"), answer.get("renderer")
    if not renderer:
        return problem(
            "window",
            f"Qt opens a window ({platform}) but no OpenGL; the 3-D view cannot draw.",
            "Install libgl1, libegl1 and libgl1-mesa-dri, or run 'make setup'.",
        )
    if any(name in str(renderer).lower() for name in SOFTWARE):
        return warning(
            "window",
            f"OpenGL is drawn by the processor ({renderer}).",
            "The 3-D view works and is slow; a graphics driver makes it fast.",
        )
    return ok("window", f"Qt draws on {platform} with {renderer}.")


def window_fault(sentence: str) -> Finding:
    """Tell that Qt could not open anything."""
    return problem(
        "window",
        f"Qt cannot open a window: {sentence}.",
        "Check that DISPLAY names a running display, and run 'make setup' for Qt's libraries.",
    )


def judge_lab_drawing(backend: str, fault: str) -> Finding:
    """Judge the off-screen OpenGL of the lab's cameras.

    Args:
        backend: Value of MUJOCO_GL that was tried.
        fault: Why it could not be opened; empty when it could.
    """
    if not fault:
        return ok("lab cameras", f"MuJoCo draws off screen with '{backend}'.")
    return problem(
        "lab cameras",
        f"MuJoCo cannot draw off screen with '{backend}': {fault}.",
        "Install libegl1 and libgl1-mesa-dri, or try MUJOCO_GL=osmesa with libosmesa6.",
    )


def look_at_window() -> Sequence[Finding]:
    """Let Qt open an OpenGL context, in a process of its own."""
    if importlib.util.find_spec("PySide6") is None:
        return [problem("window", "PySide6 is not installed.", "Run 'make setup'.")]
    missing = judge_display(os.environ)
    if missing is not None:
        return [missing]
    try:
        return [judge_window(ask_python(WINDOW_CODE, timeout_s=PROBE_S))]
    except ProbeError as error:
        return [window_fault(str(error))]


def look_at_lab_drawing() -> Sequence[Finding]:
    """Let MuJoCo open an off-screen context as the lab does, in a process of its own."""
    if importlib.util.find_spec("mujoco") is None:
        return [problem("lab cameras", "mujoco is not installed.", "Run 'make setup'.")]
    backend = os.environ.get("MUJOCO_GL", "egl")  # the lab's own default
    variables = {"MUJOCO_GL": backend, "LP_NUM_THREADS": "1"}
    try:
        ask_python(LAB_CODE, timeout_s=PROBE_S, variables=variables)
        fault = ""
    except ProbeError as error:
        fault = str(error)
    return [judge_lab_drawing(backend, fault)]
