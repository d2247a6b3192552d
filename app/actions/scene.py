"""The 3D view: from where it is looked at, what it shows, and saving it."""

from __future__ import annotations

from app.actions.spec import SCENE, ActionSpec
from app.store import PlanKind, Store


def no_arm(store: Store) -> str:
    """Say why the gripper cannot be looked at."""
    return "" if store.rig is not None else "No arm is connected, so there is no gripper."


def no_depth_yet(store: Store) -> str:
    """Say why there are no points to save."""
    plan = store.plans.get(PlanKind.MODEL)
    if plan is not None and plan.reasoning.depth_map is not None:
        return ""
    return "There is no depth of this picture yet; Think first."


PRESETS = ("scene_front", "scene_top", "scene_side", "scene_camera", "scene_wrist")
TOOLS = ("scene_depth", "scene_cells", "scene_follow", "scene_reset")
MORE = ("scene_larger", "scene_smaller", "scene_picture", "scene_points")

SPECS = (
    ActionSpec(
        name="scene_front",
        group=SCENE,
        text="Front",
        tip="Look at the scene in 3D from the front of the arm.",
        keys=("Shift+F",),
        icon="user-focus",
    ),
    ActionSpec(
        name="scene_top",
        group=SCENE,
        text="Top",
        tip="Look at the scene in 3D from above.",
        keys=("Shift+T",),
        icon="arrow-line-down",
    ),
    ActionSpec(
        name="scene_side",
        group=SCENE,
        text="Side",
        tip="Look at the scene in 3D from the arm's right side.",
        keys=("Shift+S",),
        icon="arrow-line-left",
    ),
    ActionSpec(
        name="scene_camera",
        group=SCENE,
        text="Camera",
        tip="Look at the scene in 3D as the camera does whose picture is drawn on.",
        keys=("Shift+C",),
        icon="video-camera",
    ),
    ActionSpec(
        name="scene_wrist",
        group=SCENE,
        text="Wrist",
        tip="Look at the scene in 3D over the hand.",
        keys=("Shift+W",),
        icon="hand",
        reason=no_arm,
    ),
    ActionSpec(
        name="scene_reset",
        group=SCENE,
        text="Reset view",
        tip="Look at the scene in 3D from the start again; a double click in it does the same.",
        keys=("Shift+R",),
        icon="crosshair-simple",
    ),
    ActionSpec(
        name="scene_follow",
        group=SCENE,
        text="Follow gripper",
        tip="Keep the gripper in the middle of the 3D view.",
        keys=("Shift+G",),
        icon="hand-grabbing",
        checkable=True,
        reason=no_arm,
    ),
    ActionSpec(
        name="scene_depth",
        group=SCENE,
        text="Colour by depth",
        tip="Colour the points by their depth, near is bright, instead of by the picture.",
        keys=("Shift+D",),
        icon="palette",
        checkable=True,
    ),
    ActionSpec(
        name="scene_cells",
        group=SCENE,
        text="Show cells",
        tip="Show on the surface which patch each of the 10 × 10 depth tokens stands for.",
        keys=("Ctrl+Shift+G",),
        icon="grid-four",
        checkable=True,
    ),
    ActionSpec(
        name="scene_larger",
        group=SCENE,
        text="Larger points",
        tip="Draw the points of the 3D view larger.",
        keys=("]",),
        icon="plus",
    ),
    ActionSpec(
        name="scene_smaller",
        group=SCENE,
        text="Smaller points",
        tip="Draw the points of the 3D view smaller.",
        keys=("[",),
        icon="minus",
    ),
    ActionSpec(
        name="scene_picture",
        group=SCENE,
        text="Save picture of the scene…",
        tip="Save what the 3D view shows as a PNG file.",
        keys=("Ctrl+Shift+P",),
        icon="camera",
    ),
    ActionSpec(
        name="scene_points",
        group=SCENE,
        text="Export points…",
        tip="Save every point of the depth map with its colour as a PLY file.",
        keys=("Ctrl+Shift+E",),
        icon="export",
        reason=no_depth_yet,
    ),
)
