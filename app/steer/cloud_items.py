"""What stands in the 3D scene, as OpenGL items that are made once and only ever refilled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph.opengl as gl
from numpy.typing import NDArray
from OpenGL import GL
from pyqtgraph.opengl.shaders import FragmentShader, ShaderProgram, VertexShader
from PySide6.QtGui import QColor, QMatrix4x4

from app.theme import DATA
from robot.franka_shape import BodyShape

ON_TOP = {
    GL.GL_DEPTH_TEST: False,
    GL.GL_BLEND: True,
    GL.GL_CULL_FACE: False,
    "glBlendFunc": (GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA),
}
EMPTY = np.zeros((2, 3), np.float32)

MATT = ShaderProgram(
    "studio-matt",
    [
        VertexShader("""
            uniform mat4 u_mvp;
            uniform mat3 u_normal;
            attribute vec4 a_position;
            attribute vec3 a_normal;
            attribute vec4 a_color;
            varying vec4 v_color;
            varying vec3 v_normal;
            void main() {
                v_normal = normalize(u_normal * a_normal);
                v_color = a_color;
                gl_Position = u_mvp * a_position;
            }
        """),
        FragmentShader("""
            #ifdef GL_ES
            precision mediump float;
            #endif
            varying vec4 v_color;
            varying vec3 v_normal;
            void main() {
                vec3 n = normalize(v_normal);
                n = n.z < 0.0 ? -n : n;  // what is seen faces the eye
                float key = max(dot(n, normalize(vec3(-0.4, 0.8, 0.6))), 0.0);
                float fill = max(dot(n, normalize(vec3(0.7, 0.1, 0.6))), 0.0);
                float light = 0.42 + 0.45 * key + 0.16 * fill;
                gl_FragColor = vec4(min(v_color.rgb * light, vec3(1.0)), v_color.a);
            }
        """),
    ],
)
"""Painted metal in the light of a studio: a key light from above, a fill light from the right."""


def rgba(colour: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """Turn "#rrggbb" into OpenGL's floats."""
    parsed = QColor(colour)
    return parsed.redF(), parsed.greenF(), parsed.blueF(), alpha


class Line:
    """A coloured line with a dark casing, drawn over everything else.

    It remembers what it shows; the same again costs nothing.
    """

    def __init__(self, view: gl.GLViewWidget, width: float, order: int) -> None:
        self._shown: tuple[object, ...] = (None,)
        self._items = []
        for extra, depth in ((2.5, order), (0.0, order + 1)):
            item = gl.GLLinePlotItem(pos=EMPTY, width=width + extra, antialias=True)
            item.setGLOptions(ON_TOP)
            item.setDepthValue(depth)
            item.setVisible(False)
            view.addItem(item)
            self._items.append(item)

    def show(
        self,
        points: NDArray[np.float32] | None,
        colour: object = None,
        *,
        pairs: bool = False,
        alpha: float = 1.0,
    ) -> None:
        """Show (L, 3) points [m] as a strip or as separate pairs; None hides the line."""
        if points is None or len(points) < 2:
            if self._shown[0] is not None:
                self._shown = (None,)
                for item in self._items:
                    item.setVisible(False)
            return
        wanted = (points, colour, pairs, alpha)
        if len(self._shown) == len(wanted) and _same(self._shown, wanted):
            return
        self._shown = wanted
        casing = rgba(DATA.casing, 0.8 * alpha)
        for item, tint in zip(self._items, (casing, colour), strict=True):
            item.setVisible(True)
            item.setData(pos=points, color=tint, mode="lines" if pairs else "line_strip")


class Wire:
    """Thin lines without a casing that the surface may hide: the box, the table, the cells."""

    def __init__(self, view: gl.GLViewWidget, width: float, order: int) -> None:
        self._item = gl.GLLinePlotItem(
            pos=EMPTY, width=width, antialias=True, mode="lines", glOptions="translucent"
        )
        self._item.setDepthValue(order)
        self._item.setVisible(False)
        view.addItem(self._item)

    def show(self, pairs: NDArray[np.float32] | None, colour: object = None) -> None:
        """Show (2 M, 3) pairs of points [m]; None hides them."""
        visible = pairs is not None and len(pairs) > 0
        if visible or self._item.visible():
            self._item.setVisible(visible)
        if visible:
            self._item.setData(pos=pairs, color=colour)

    def tint(self, colour: object) -> None:
        """Show the same lines in another colour."""
        self._item.setData(color=colour)


class ArmModel:
    """The arm: one mesh per body, moved by its matrix alone."""

    def __init__(self, view: gl.GLViewWidget, shapes: Sequence[BodyShape]) -> None:
        self._items = []
        for shape in shapes:
            data = gl.MeshData(
                vertexes=shape.vertices, faces=shape.faces, vertexColors=shape.colours
            )
            item = gl.GLMeshItem(meshdata=data, shader=MATT, smooth=True, glOptions="opaque")
            item.setVisible(False)
            view.addItem(item)
            self._items.append(item)

    def show(self, poses: NDArray[np.floating] | None) -> None:
        """Put every body at its (4, 4) pose [m]; None hides the arm."""
        for k, item in enumerate(self._items):
            if item.visible() != (poses is not None):
                item.setVisible(poses is not None)
            if poses is not None:
                item.setTransform(QMatrix4x4(*map(float, poses[k].ravel())))


def _same(before: Sequence[object], now: Sequence[object]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, now, strict=True))  # type: ignore[arg-type]
