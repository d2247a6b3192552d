"""The scene as MJCF: FR3 with hand, table, objects, two cameras, and how they are pictured.

The same table, objects and cameras go into franky-sim's physics (:func:`add_scene`) and into the
model that is rendered and used for direct simulation (:func:`scene_xml`), so a policy trained in
one meets the same picture in the other.
"""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.trace import to_model
from robot.sim.layout import PAINTS, SHAPES, SLOTS, Layout, ObjectSpec

if TYPE_CHECKING:
    import mujoco

MESHES = Path(__file__).resolve().parents[2] / "assets" / "scenes" / "fr3"
FRAME_SIZE = (320, 240)
"""Width and height of every camera picture [px]."""

TABLE_TOP = 0.02
"""Height of the table in the base frame [m]."""

CUBE_HALF = 0.021
CYLINDER_RADIUS = 0.022
CYLINDER_HALF = 0.025
BRICK_HALF = (0.032, 0.016, 0.020)
"""Half of a brick's length (along x), width and height [m]."""

PLATE_RADIUS = 0.05
PLATE_HALF = 0.005
"""Half of a plate's height [m]: so low that open fingers clear it."""

HOME_POSITION = (0.48, 0.0, 0.22)
"""Tool centre at the start, in the base frame [m]; the hand points down."""

FRONT_POSITION = np.array([1.16, -0.36, 0.66])
FRONT_TARGET = np.array([0.50, 0.0, 0.125])
FRONT_FOVY = np.deg2rad(29.0)
FRONT_JITTER = {"small": (0.010, np.deg2rad(1.0)), "large": (0.050, np.deg2rad(5.0))}
"""How far the front camera is moved [m] and turned [rad], standard deviations cut at twice."""

WRIST_POSITION = np.array([0.09, 0.0, 0.03])
"""In the hand's body frame [m]; the tool centre lies at z = 0.1034."""

WRIST_TARGET = np.array([0.01, 0.0, 0.14])
WRIST_FOVY = np.deg2rad(72.0)
TCP_OFFSET = 0.1034
"""From the hand's body frame to the tool centre point along z [m]."""

PARKED = (6.0, 0.0, 0.03)
"""Where unused objects lie: behind the front camera."""


def _look_at(position: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (3, 3) rotation of an OpenCV camera (x right, y down, z forward), z kept up."""
    forward = (target - position) / np.linalg.norm(target - position)
    up = np.array([0.0, 0.0, 1.0])
    if abs(forward @ up) > 0.95:
        up = np.array([1.0, 0.0, 0.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward], axis=1)


def _wrist_rotation() -> NDArray[np.float64]:
    """Return the wrist camera's rotation in the hand frame; image up is away from the camera."""
    forward = (WRIST_TARGET - WRIST_POSITION) / np.linalg.norm(WRIST_TARGET - WRIST_POSITION)
    right = np.array([0.0, 1.0, 0.0])
    return np.stack([right, np.cross(forward, right), forward], axis=1)


def _axes(rotation: NDArray[np.float64]) -> str:
    """Return MuJoCo's ``xyaxes`` of an OpenCV camera (MuJoCo looks along -z, y up)."""
    return " ".join(f"{v:.6f}" for v in [*rotation[:, 0], *-rotation[:, 1]])


def _text(values: object) -> str:
    return " ".join(f"{v:.6g}" for v in np.ravel(np.asarray(values, dtype=float)))


def camera_models() -> dict[str, CameraModel]:
    """Return the calibration of "front" (in the base frame) and "wrist" (in the tool frame)."""
    front, wrist = np.eye(4), np.eye(4)
    front[:3, :3], front[:3, 3] = _look_at(FRONT_POSITION, FRONT_TARGET), FRONT_POSITION
    wrist[:3, :3] = _wrist_rotation()
    wrist[:3, 3] = WRIST_POSITION - [0.0, 0.0, TCP_OFFSET]
    width, height = FRAME_SIZE
    return {
        "front": CameraModel.from_fov(width=width, height=height, fovy=FRONT_FOVY, pose=front),
        "wrist": CameraModel.from_fov(
            width=width, height=height, fovy=WRIST_FOVY, pose=wrist, mounted_on_hand=True
        ),
    }


def picture_points(
    points: NDArray[np.float64], camera: CameraModel | None = None
) -> NDArray[np.float64]:
    """Project (..., 3) points of the base frame [m] to 0..255 in the front picture, clipped.

    Args:
        points: Where things are.
        camera: The front camera of the episode; at its usual place when None.
    """
    camera = camera_models()["front"] if camera is None else camera
    # corner to pixel-index convention
    return to_model(camera.project(points) - 0.5, (camera.width, camera.height))


def jittered_front(rng: np.random.Generator, size: str = "small") -> CameraModel:
    """Draw a front camera that somebody has bumped into.

    Args:
        rng: Source of randomness.
        size: Key of :data:`FRONT_JITTER`; training knows "small" only.
    """
    from scipy.spatial.transform import Rotation

    shift, turn = FRONT_JITTER[size]
    camera = camera_models()["front"]
    draws = np.clip(rng.normal(size=(2, 3)), -2.0, 2.0) / np.sqrt(3.0)
    pose = camera.pose.copy()
    pose[:3, 3] += shift * draws[0]
    pose[:3, :3] = Rotation.from_rotvec(turn * draws[1]).as_matrix() @ pose[:3, :3]
    return dataclasses.replace(camera, pose=pose)


def point_camera(model: mujoco.MjModel, front: CameraModel) -> None:
    """Move the front camera of a compiled scene; its lens stays as it is.

    Reset the data after that: where sleeping is enabled, MuJoCo places what never moves only once.

    Args:
        model: Compiled from :func:`scene_xml`.
        front: Calibration with the pose to take.
    """
    from scipy.spatial.transform import Rotation

    camera = model.camera("front")
    camera.pos = front.pose[:3, 3]
    looking = front.pose[:3, :3] @ np.diag([1.0, -1.0, -1.0])  # MuJoCo looks along -z, y up
    camera.quat = Rotation.from_matrix(looking).as_quat(scalar_first=True)


def add_scene(worldbody: ET.Element) -> None:
    """Append the table, all slots (parked) and the front camera to a worldbody.

    Things are free bodies named as in :data:`robot.sim.layout.SLOTS`, their joints "<slot>_joint",
    their geoms "<slot>_geom"; place them with :func:`place_layout` and make them what the layout
    says with :func:`dress`.
    """
    half = 0.5 * TABLE_TOP
    ET.SubElement(
        worldbody, "geom", name="table", type="box", size=f"0.36 0.5 {half}",
        pos=f"0.56 0 {half}", rgba="0.62 0.58 0.52 1", friction="1 0.005 0.0001",
    )  # fmt: skip
    for index, slot in enumerate(SLOTS):
        kind, size, mass = _GEOMS[slot.split("_")[0]]
        # all weight is made up for; that of what is not parked is given back by dress()
        body = ET.SubElement(worldbody, "body", name=slot, pos=_text(_parking(index)), gravcomp="1")
        ET.SubElement(body, "freejoint", name=f"{slot}_joint")
        ET.SubElement(
            body, "geom", name=f"{slot}_geom", type=kind, size=_text(size), mass=f"{mass}",
            condim="4", friction="1.5 0.02 0.001", rgba="0.5 0.5 0.5 0",
            solref="0.004 1", solimp="0.95 0.99 0.001",
        )  # fmt: skip
    ET.SubElement(
        worldbody, "camera", name="front", pos=_text(FRONT_POSITION),
        xyaxes=_axes(_look_at(FRONT_POSITION, FRONT_TARGET)), fovy=f"{np.rad2deg(FRONT_FOVY)}",
    )  # fmt: skip


_GEOMS: dict[str, tuple[str, tuple[float, ...], float]] = {
    "cube": ("box", (CUBE_HALF,) * 3, 0.06),
    "cylinder": ("cylinder", (CYLINDER_RADIUS, CYLINDER_HALF), 0.06),
    "brick": ("box", BRICK_HALF, 0.06),
    "plate": ("cylinder", (PLATE_RADIUS, PLATE_HALF), 0.2),
}
"""MuJoCo's kind of geom, its size [m] and its mass [kg]."""


def dress(model: mujoco.MjModel, colours: Sequence[str]) -> None:
    """Give the slots of a compiled scene their colours; those without one touch and weigh nothing.

    Args:
        model: Compiled from a scene with :func:`add_scene`.
        colours: Colour name per slot of :data:`SLOTS`, empty for one that is parked.
    """
    for slot, colour in zip(SLOTS, colours, strict=True):
        geom, body, used = model.geom(f"{slot}_geom"), model.body(slot).id, int(bool(colour))
        geom.rgba = (*PAINTS[colour], 1.0) if colour else (0.5, 0.5, 0.5, 0.0)
        geom.contype = geom.conaffinity = used
        # MuJoCo keeps what a body's geoms may touch, and looks there first
        model.body_contype[body] = model.body_conaffinity[body] = used
        model.body_gravcomp[body] = 1.0 - used


def _parking(index: int) -> tuple[float, float, float]:
    return PARKED[0], PARKED[1] + 0.15 * index, PARKED[2]


def half_height(shape: str) -> float:
    """Return half of a shape's height [m]."""
    return {
        "cube": CUBE_HALF, "cylinder": CYLINDER_HALF, "brick": BRICK_HALF[2], "plate": PLATE_HALF
    }[shape]  # fmt: skip


def rest_height(shape: str, support: str = "") -> float:
    """Return the height of a thing's centre when it stands on the table [m].

    Args:
        shape: One of :data:`robot.sim.layout.SHAPES`.
        support: Shape that it stands on instead.
    """
    floor = 2.0 * half_height(support) if support else 0.0
    return TABLE_TOP + floor + half_height(shape)


def object_qpos(item: ObjectSpec) -> NDArray[np.float64]:
    """Return the free joint's (7,) position and quaternion for an object at rest."""
    half = 0.5 * item.yaw
    height = rest_height(item.shape)
    return np.array([item.x, item.y, height, np.cos(half), 0.0, 0.0, np.sin(half)])


def parked_qpos(slot: str) -> NDArray[np.float64]:
    """Return the (7,) free joint position of an unused object."""
    return np.array([*_parking(SLOTS.index(slot)), 1.0, 0.0, 0.0, 0.0])


def place_layout(layout: Layout) -> dict[str, NDArray[np.float64]]:
    """Return every slot's (7,) free joint position for a layout."""
    used = {item.slot: object_qpos(item) for item in layout.objects}
    return {slot: used.get(slot, parked_qpos(slot)) for slot in SLOTS}


@cache
def scene_xml() -> str:
    """Return the complete MJCF for rendering and direct simulation, with the reduced meshes.

    The arm has franky-sim's position actuators; only the hand and the fingers collide.
    """
    import franky_sim

    template = Path(franky_sim.__file__).parent / "assets" / "fr3.xml"
    root = ET.parse(template).getroot()
    compiler = root.find("compiler")
    worldbody = root.find("worldbody")
    hand = next(body for body in root.iter("body") if body.get("name") == "hand")
    option = root.find("option")
    keyframe = root.find("keyframe")
    assert compiler is not None, "franky-sim's template has no compiler"
    assert worldbody is not None, "franky-sim's template has no worldbody"
    assert option is not None, "franky-sim's template has no option"
    if keyframe is not None:
        root.remove(keyframe)  # written for a scene without objects
    compiler.set("meshdir", str(MESHES))
    for mesh in root.iterfind("asset/mesh"):
        mesh.set("file", f"{Path(mesh.attrib['file']).stem}.stl")
        mesh.attrib.setdefault("name", Path(mesh.attrib["file"]).stem)
    option.attrib.update(timestep="0.004")
    tune_contacts(option)
    for geom in root.iter("geom"):
        if (geom.get("mesh") or "").endswith("_coll"):
            geom.attrib.update(contype="0", conaffinity="0")
    _stiffen(root)
    visual = ET.SubElement(root, "visual")
    ET.SubElement(
        visual, "headlight", diffuse="0.35 0.35 0.35", ambient="0.25 0.25 0.25", specular="0 0 0"
    )
    ET.SubElement(visual, "quality", offsamples="0", shadowsize="0")
    ET.SubElement(visual, "map", znear="0.01", zfar="20")
    add_floor_and_lights(worldbody)
    add_scene(worldbody)
    ET.SubElement(
        hand, "camera", name="wrist", pos=_text(WRIST_POSITION), xyaxes=_axes(_wrist_rotation()),
        fovy=f"{np.rad2deg(WRIST_FOVY)}",
    )  # fmt: skip
    ET.SubElement(hand, "site", name="tcp", pos=f"0 0 {TCP_OFFSET}")
    return ET.tostring(root, encoding="unicode")


def tune_contacts(option: ET.Element) -> None:
    """Set MuJoCo's options for grasping; what lies still sleeps and costs nothing."""
    option.attrib.update(cone="elliptic", impratio="5")
    flag = option.find("flag")
    if flag is None:
        flag = ET.SubElement(option, "flag")
    flag.set("sleep", "enable")


def _stiffen(root: ET.Element) -> None:
    """Make the servos follow as franky-sim's do with the mends of the lab.

    The template's arm lags 0.1 s behind (kv = kp / 10) and its fingers close with 4 N; the lab's
    arm runs with a quarter of that damping and its fingers with 1000 N/m each.
    """
    for servo in root.iterfind("actuator/position"):
        servo.set("kv", f"{0.25 * float(servo.attrib['kv'])}")
    for hand in root.iterfind("actuator/general"):
        hand.attrib.update(gainprm="0.3137 0 0", biasprm="0 -2000 -100")
    for joint in root.iter("joint"):
        if joint.get("class") == "finger":
            joint.attrib.update(frictionloss="0.1")


def add_floor_and_lights(worldbody: ET.Element) -> None:
    """Append a plain floor and two soft lights."""
    ET.SubElement(
        worldbody, "geom", name="floor", type="plane", size="10 10 0.1", rgba="0.33 0.34 0.36 1"
    )
    for pos, direction, strength in (
        ("1.5 -1.2 2.5", "-0.45 0.4 -1", "0.45 0.44 0.42"),
        ("-1.5 1.5 2.5", "0.5 -0.4 -1", "0.25 0.25 0.27"),
    ):
        ET.SubElement(
            worldbody, "light", pos=pos, dir=direction, type="directional", diffuse=strength,
            specular="0.1 0.1 0.1", castshadow="false",
        )  # fmt: skip


assert set(SHAPES) == set(_GEOMS), "every shape needs a size"
