"""Whether there can be OpenGL here, found out without crashing."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QOpenGLContext

NOT_A_PLATFORM_FOR_GL = frozenset({"offscreen", "minimal", "vnc", "linuxfb"})


def gl_problem() -> str:
    """Say why there can be no OpenGL here; empty when there can.

    The platform is asked first: on Qt's offscreen platform, making an OpenGL widget may crash.
    """
    platform = QGuiApplication.platformName()
    if platform in NOT_A_PLATFORM_FOR_GL:
        return f"the Qt platform '{platform}' has no OpenGL"
    if not QOpenGLContext().create():
        return "no OpenGL context could be made"
    return ""
