"""Says whether MuJoCo draws off screen, for ``main.py doctor``, which asks in another process."""

from __future__ import annotations

import json

import mujoco
from mujoco.gl_context import GLContext

_FONT_SCALE = 150


def tell() -> None:
    """Print a JSON object: whether a context with a buffer could be opened."""
    context = GLContext(64, 64)
    context.make_current()
    made = mujoco.MjrContext(mujoco.MjModel.from_xml_string("<mujoco/>"), _FONT_SCALE)
    print(json.dumps({"opened": bool(made.offWidth)}), flush=True)
