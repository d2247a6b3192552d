"""What the 3D view says about itself: no widgets here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.steer.cells import Cells, changed_words
from app.steer.scene_lines import ScenePath
from core.surface import Surface

NO_GL = (
    "No 3D view: this display has no OpenGL. Everything else works; a graphics driver or Mesa "
    "brings it back."
)
LOST_GL = (
    "No 3D view: the graphics driver stopped drawing it. Everything else works; opening the "
    "studio again brings it back."
)
HINT = "After Think the depth tokens stand here as a scene; turn it with the mouse."
RESTING = "From the depth tokens"


def cloud_words(surface: Surface | None, cells: Cells) -> tuple[str, str]:
    """Return the line above the scene, and what it means in a sentence or two."""
    if surface is None:
        return RESTING, HINT
    if not surface.placed:
        words = "Relative: camera not calibrated"
        why = (
            "The view angle of the camera is assumed, so shapes and distances are only about "
            "right, and the arm, the box and the paths have no place in it. Calibrate the camera "
            "to see them."
        )
    elif surface.metric:
        words, why = "In metres", "Depth and camera are calibrated: distances are true."
    else:
        near, far = surface.span
        words = "Relative, not to scale"
        why = (
            f"The model's depth has no scale; {near:.2g} to {far:.2g} m from the camera is an "
            "assumption. The arm, the box and the paths are in metres."
        )
    return " · ".join(filter(None, (words, changed_words(cells)))), why


def paths_words(paths: Sequence[ScenePath]) -> str:
    """Return the key to several paths as rich text, a line each; empty for one or none.

    The selected one is bold, as its line is; a rejected one is dashed and says so.
    """
    if len(paths) < 2:
        return ""
    lines = []
    for path in paths:
        text = f"{'━' if path.allowed else '╌'} {escape(path.label)}"
        text += "" if path.allowed else " (rejected)"
        lines.append(f"<b>{text}</b>" if path.selected else text)
    return "<br>".join(lines)
