"""Refuse layouts that do not fit on the table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.types import StudioError
from robot.sim.layout import PLATE, SLOTS, Layout

TABLE_X = (0.25, 0.87)
"""Where an object's centre may stand [m, base frame]: the table without its rim."""

TABLE_Y = (-0.45, 0.45)
LEAST_SPACING = 0.065
"""Centres closer than this [m] could touch each other."""

LEAST_PLATE_SPACING = 0.085
"""The same for a plate and anything else [m]."""


def checked_layout(message: Any) -> Layout:
    """Read a layout from the wire.

    Raises:
        StudioError: If it cannot be read, or objects do not fit on the table.
    """
    try:
        layout = Layout.from_message(message)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise StudioError(f"this is no table layout ({error}); expected objects and a seed") from (
            error
        )
    objects = layout.objects
    if not 1 <= len(objects) <= len(SLOTS):
        raise StudioError(f"a layout has 1 to {len(SLOTS)} objects, not {len(objects)}")
    for values, what in (
        ([item.slot for item in objects], "body"),
        ([item.name for item in objects if item.is_named], "name"),
    ):
        if len(set(values)) < len(values):
            raise StudioError(f"two objects of this layout have the same {what}: {values}")
    for item in objects:
        if not item.slot.startswith(f"{item.shape}_"):
            raise StudioError(f"'{item.slot}' is no body of shape '{item.shape}'")
        if not all(math.isfinite(value) for value in (item.x, item.y, item.yaw)):
            raise StudioError(f"the place of the {item.name} is not finite")
        on_table = TABLE_X[0] <= item.x <= TABLE_X[1] and TABLE_Y[0] <= item.y <= TABLE_Y[1]
        if not on_table:
            raise StudioError(
                f"the {item.name} at ({item.x:.2f}, {item.y:.2f}) m is off the table; x goes from "
                f"{TABLE_X[0]} to {TABLE_X[1]} and y from {TABLE_Y[0]} to {TABLE_Y[1]}"
            )
    places = np.array([(item.x, item.y) for item in objects])
    gaps = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(len(objects))
    plates = np.array([item.shape == PLATE for item in objects])
    least = np.where(plates[:, None] | plates, LEAST_PLATE_SPACING, LEAST_SPACING)
    if (gaps < least).any():
        first, second = np.unravel_index(np.argmin(gaps - least), gaps.shape)
        raise StudioError(
            f"the {objects[first].name} and the {objects[second].name} are "
            f"{gaps[first, second]:.3f} m apart; at least {least[first, second]} m are needed"
        )
    return layout
