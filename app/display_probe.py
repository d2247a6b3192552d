"""Says which display and OpenGL Qt has, for ``main.py doctor``, which asks in another process."""

from __future__ import annotations

import json

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_GL_RENDERER = 0x1F01


def tell() -> None:
    """Print a JSON object: Qt's platform, and the renderer (null when there is no OpenGL)."""
    app = QGuiApplication([])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    drawn = context.create() and context.makeCurrent(surface)
    renderer = context.functions().glGetString(_GL_RENDERER) if drawn else None
    print(json.dumps({"platform": app.platformName(), "renderer": renderer}), flush=True)
