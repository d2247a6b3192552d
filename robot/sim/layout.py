"""What lies on the table: objects, their colours and places, drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.85, 0.07, 0.06),
    "green": (0.08, 0.55, 0.12),
    "blue": (0.06, 0.16, 0.80),
    "yellow": (0.95, 0.80, 0.05),
    "purple": (0.45, 0.08, 0.60),
    "orange": (0.95, 0.40, 0.03),
}
"""Colour names and RGB 0..1. None is near cyan: that is the colour of a drawn trace."""

GREY = "grey"
"""Colour of things that nobody names: distractors."""

PAINTS = COLOURS | {GREY: (0.40, 0.40, 0.41)}
"""Every colour that a thing can have."""

GRASPABLE = ("cube", "cylinder", "brick")
"""Shapes that fit between the fingers. A brick is twice as long as wide, and thin in the middle of
the hand: its narrow side is along the base frame's y, as the fingers close."""

PLATE = "plate"
"""A low disc to put things on."""

SHAPES = (*GRASPABLE, PLATE)
SLOTS_PER_SHAPE = {"cube": 4, "cylinder": 4, "brick": 2, "plate": 2}
"""How many bodies of each shape a scene holds. They are few: a body costs time even when parked."""

MIN_OBJECTS = 2
MAX_OBJECTS = 4

WORKSPACE_X = (0.44, 0.62)
"""Where object centres lie along the base frame's x [m]."""

WORKSPACE_Y = (-0.17, 0.17)
MIN_SPACING = 0.105
"""Least distance between two object centres [m]: the open gripper must fit beside a neighbour."""

PLATE_SPACING = 0.112
"""The same between a plate and anything else [m]."""

TRAINING_SEEDS = range(0, 1_000_000)
"""Layouts that training may see; anything from 1,000,000 on is held out."""

HELD_OUT_SEED = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSpec:
    """One object on the table.

    Attributes:
        slot: Body name in the scene, such as "cube_0".
        colour: Key of :data:`PAINTS`.
        shape: One of :data:`SHAPES`.
        x: Centre in the robot's base frame [m].
        y: Centre in the robot's base frame [m].
        yaw: Rotation about the vertical [rad].
    """

    slot: str
    colour: str
    shape: str
    x: float
    y: float
    yaw: float = 0.0

    @property
    def name(self) -> str:
        """What a person calls it, such as "red cube"."""
        return f"{self.colour} {self.shape}"

    @property
    def is_named(self) -> bool:
        """Whether tasks may be about it; distractors are only there."""
        return self.colour != GREY

    @property
    def graspable(self) -> bool:
        """Whether it fits between the fingers."""
        return self.shape in GRASPABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Things on the table; those that are named have distinct colours."""

    objects: tuple[ObjectSpec, ...]
    seed: int = -1

    def named(self, name: str) -> ObjectSpec:
        """Return the object that a person calls ``name``.

        Raises:
            KeyError: With the names that exist.
        """
        for item in self.objects:
            if item.name == name:
                return item
        names = ", ".join(item.name for item in self.objects)
        raise KeyError(f"no object '{name}' on the table; there are: {names}")

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire."""
        fields = ObjectSpec.__dataclass_fields__
        return {
            "seed": self.seed,
            "objects": [{key: getattr(item, key) for key in fields} for item in self.objects],
        }

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Layout:
        """Rebuild a layout from :meth:`to_message`; unknown colours and shapes are refused."""
        objects = tuple(
            ObjectSpec(
                slot=str(item["slot"]),
                colour=str(item["colour"]),
                shape=str(item["shape"]),
                x=float(item["x"]),
                y=float(item["y"]),
                yaw=float(item["yaw"]),
            )
            for item in message["objects"]
        )
        for item in objects:
            if item.colour not in PAINTS or item.shape not in SHAPES or item.slot not in SLOTS:
                raise ValueError(
                    f"no body '{item.slot}' of shape '{item.shape}' in colour '{item.colour}'"
                )
        return cls(objects=objects, seed=int(message["seed"]))


SLOTS = tuple(f"{shape}_{index}" for shape in SHAPES for index in range(SLOTS_PER_SHAPE[shape]))
"""Body names of all things that a scene holds; those not in a layout are parked out of sight."""


def random_layout(seed: int, *, count: int | None = None) -> Layout:
    """Draw two to four cubes and cylinders of distinct colours, both shapes among them.

    Args:
        seed: Same seed, same layout.
        count: Number of objects; drawn when None.
    """
    basic = GRASPABLE[:2]
    rng = np.random.default_rng([seed, 20])
    number = count or int(rng.integers(MIN_OBJECTS, MAX_OBJECTS + 1))
    colours = [str(name) for name in rng.permutation(list(COLOURS))[:number]]
    shapes = [str(name) for name in rng.choice(basic, number)]
    if len(set(shapes)) == 1:
        shapes[0] = basic[1 - basic.index(shapes[0])]
    places = _spread(rng, number)
    used: dict[str, int] = dict.fromkeys(basic, 0)
    objects: list[ObjectSpec] = []
    for colour, shape, (x, y) in zip(colours, shapes, places, strict=True):
        objects.append(
            ObjectSpec(
                slot=f"{shape}_{used[shape]}",
                colour=colour,
                shape=shape,
                x=float(x),
                y=float(y),
                yaw=float(rng.uniform(-0.26, 0.26)),
            )
        )
        used[shape] += 1
    return Layout(objects=tuple(objects), seed=seed)


def _spread(rng: np.random.Generator, number: int) -> np.ndarray:
    """Draw places that keep :data:`MIN_SPACING`, by rejection."""
    low = np.array([WORKSPACE_X[0], WORKSPACE_Y[0]])
    high = np.array([WORKSPACE_X[1], WORKSPACE_Y[1]])
    while True:
        places = rng.uniform(low, high, (number, 2))
        gaps = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(number)
        if gaps.min() >= MIN_SPACING:
            return places
