"""Reads a conventions file, and says in words what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.camera import CameraModel
from core.types import StudioError
from training.data.conventions import (
    EULER,
    METRES,
    RADIANS,
    SIZES,
    Arm,
    Camera,
    Conventions,
    DepthColumn,
    Form,
    Kinematics,
    NoOps,
    Part,
    Pose,
    Reference,
)


def read_conventions(path: Path) -> Conventions:
    """Read a conventions file.

    Raises:
        StudioError: If it cannot be read, or something is missing, unknown or contradictory.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudioError(f"The conventions {path} cannot be read: {error}") from error
    return parse_conventions(content, path.parent)


def parse_conventions(content: Any, folder: Path) -> Conventions:
    """Turn the plain values of a conventions file into conventions.

    Args:
        content: What the file holds.
        folder: Where file names in it start.

    Raises:
        StudioError: As :func:`read_conventions`.
    """
    top = _Table(content, "the conventions")
    single = None if "arms" in top.values else {"name": "right", **_arm_keys(top)}
    entries = top.many("arms") if single is None else [single]
    conventions = Conventions(
        rate=top.number("rate"),
        cameras=tuple(_camera(entry) for entry in top.many("cameras")),
        arms=tuple(_arm(_Table(entry, "an arm"), folder) for entry in entries),
        depth=_depth(top.table("depth")) if "depth" in top.values else None,
        no_ops=_no_ops(top.values.get("no_ops")),
        source=dict(top.values),
    )
    top.refuse_others("rate", "cameras", "arms", "depth", "no_ops", *_ARM_KEYS)
    names = [arm.name for arm in conventions.arms]
    if len(set(names)) != len(names) or len(names) > 2:
        raise StudioError(f"The conventions name the arms {names}; expected one or two.")
    if not 0.1 <= conventions.rate <= 1000:
        raise StudioError(f"The conventions say {conventions.rate:g} Hz; expected 0.1 to 1000.")
    return conventions


_ARM_KEYS = ("action", "state", "tool", "kinematics", "point")


def _arm_keys(top: _Table) -> dict[str, Any]:
    return {key: top.values[key] for key in _ARM_KEYS if key in top.values}


def _arm(table: _Table, folder: Path) -> Arm:
    action = table.table("action")
    form = Form(action.choice("form", [str(kind) for kind in Form]))
    frame = action.choice("frame", ["base", "tool"], None if form is Form.DELTA else "base")
    reference = action.choice("reference", [str(kind) for kind in Reference], "command")
    state = _pose(table.table("state"), "state") if "state" in table.values else None
    where = table.table("kinematics") if "kinematics" in table.values else None
    if form is Form.ABSOLUTE and frame == "tool":
        raise StudioError("Absolute actions are poses in the base frame; `frame: tool` is wrong.")
    needy = frame == "tool" or reference == Reference.STATE
    if needy and (state is None or state.position is None or state.rotation is None):
        raise StudioError(
            "Actions in the tool's frame, or relative to the state, need the position and the "
            "rotation of the `state`."
        )
    point = table.table("point") if "point" in table.values else None
    tool = table.values.get("tool", (0.0, 0.0, 0.0))
    if len(tool if isinstance(tool, (list, tuple)) else ()) != 3 or not all(
        isinstance(value, (int, float)) for value in tool
    ):
        raise StudioError("In the conventions, `tool` has three values [m].")
    result = Arm(
        name=str(table.values.get("name", "right")),
        action=_pose(action, "action"),
        form=form,
        tool_frame=frame == "tool",
        reference=Reference(reference),
        state=state,
        tool=(float(tool[0]), float(tool[1]), float(tool[2])),
        kinematics=_kinematics(where, folder) if where is not None else None,
        point=_part(point) if point is not None else None,
        point_unit=point.choice("unit", ["pixel", "255", "percent"]) if point else "pixel",
    )
    table.refuse_others("name", *_ARM_KEYS)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", result.name):
        raise StudioError(f"'{result.name}' is no name of an arm; take one such as `left`.")
    if result.action.position is None:
        raise StudioError("The action has no `position`.")
    return result


def _pose(table: _Table, what: str) -> Pose:
    position = table.table("position") if "position" in table.values else None
    rotation = table.table("rotation") if table.values.get("rotation", "none") != "none" else None
    gripper = table.table("gripper") if table.values.get("gripper", "none") != "none" else None
    if what == "action":
        for key in ("rotation", "gripper"):
            table.need(key)
    pose = Pose(
        position=_part(position) if position else None,
        metres=METRES[position.choice("unit", list(METRES))] if position else 1.0,
        rotation=_part(rotation) if rotation else None,
        form=_form(rotation) if rotation else "rotvec",
        radians=RADIANS[rotation.choice("unit", list(RADIANS), "rad")] if rotation else 1.0,
        gripper=_part(gripper) if gripper else None,
        closed=gripper.number("closed") if gripper else 0.0,
        opened=gripper.number("open") if gripper else 1.0,
    )
    table.refuse_others("form", "frame", "reference", "position", "rotation", "gripper")
    if pose.closed == pose.opened:
        raise StudioError("A gripper's `closed` and `open` are the same value.")
    return pose


def _form(table: _Table) -> str:
    form = table.text("form")
    if form not in SIZES and not EULER.fullmatch(form):
        known = ", ".join([*SIZES, "euler-xyz"])
        raise StudioError(f"'{form}' is no form of a rotation; known are {known} and none.")
    return form


def _part(table: _Table) -> Part:
    values = table.values.get("values", [])
    values = values if isinstance(values, list) else [values]
    if not all(isinstance(value, (str, int)) for value in values):
        raise StudioError(f"The `values` of {table.what} are names or numbers, not {values}.")
    return Part(column=table.text("column"), values=tuple(values))


def _kinematics(table: _Table, folder: Path) -> Kinematics:
    return Kinematics(
        urdf=folder / table.text("urdf"),
        tip=table.text("tip"),
        joints=_part(table.table("joints")),
    )


def _camera(entry: Any) -> Camera:
    table = _Table(entry, "a camera")
    calibration = None
    if "calibration" in table.values:
        try:
            calibration = CameraModel.from_message(table.table("calibration").values)
        except (KeyError, TypeError, ValueError) as error:
            raise StudioError(f"The calibration of a camera is incomplete: {error}") from error
    table.refuse_others("column", "role", "calibration")
    return Camera(column=table.text("column"), role=table.text("role"), calibration=calibration)


def _depth(table: _Table) -> DepthColumn:
    unit = table.choice("unit", ["m", "mm", "linear", "log"])
    reach = {key: table.number(key) for key in ("low", "high", "shift") if key in table.values}
    table.refuse_others("column", "unit", "low", "high", "shift")
    return DepthColumn(column=table.text("column"), unit=unit, **reach)


def _no_ops(entry: Any) -> NoOps | None:
    if entry == "keep":
        return None
    if entry is None:
        return NoOps()
    table = _Table(entry, "`no_ops`")
    keys = ("translation", "rotation", "gripper")
    table.refuse_others(*keys)
    return NoOps(**{key: table.number(key) for key in keys if key in table.values})


class _Table:
    """A part of the file that complains in its own name."""

    def __init__(self, values: Any, what: str) -> None:
        if not isinstance(values, Mapping):
            raise StudioError(
                f"In the conventions, {what} is {values!r}; expected keys and values."
            )
        self.values: dict[str, Any] = {str(key): value for key, value in values.items()}
        self.what = what

    def need(self, key: str) -> Any:
        if key not in self.values or self.values[key] in (None, "?"):
            raise StudioError(f"In the conventions, {self.what} does not say `{key}`.")
        return self.values[key]

    def table(self, key: str) -> _Table:
        return _Table(self.need(key), f"`{key}`")

    def many(self, key: str) -> list[Any]:
        entries = self.need(key)
        if not isinstance(entries, list) or not entries:
            raise StudioError(f"In the conventions, `{key}` is a list of at least one.")
        return entries

    def number(self, key: str) -> float:
        value = self.need(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise StudioError(f"In the conventions, `{key}` is {value!r}; expected a number.")
        return float(value)

    def text(self, key: str) -> str:
        return str(self.need(key))

    def choice(self, key: str, known: list[str], default: str | None = None) -> str:
        value = str(self.need(key) if default is None else self.values.get(key, default))
        if value not in known:
            raise StudioError(
                f"In the conventions, `{key}` of {self.what} is '{value}'; expected one of "
                f"{', '.join(known)}."
            )
        return value

    def refuse_others(self, *known: str) -> None:
        others = sorted(set(self.values) - set(known))
        if others:
            raise StudioError(f"In the conventions, {self.what} has an unknown key `{others[0]}`.")
