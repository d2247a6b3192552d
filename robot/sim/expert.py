"""The scripted expert: a policy without memory that picks up one object, and its labels.

Because an action depends only on where the tool, the fingers and the target are, the chunk and the
trace of *any* target can be computed for *any* recorded state by playing the expert forward without
physics. Noise in what was executed never enters a label.

All functions work on a batch of B states at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.sim.layout import WORKSPACE_X, WORKSPACE_Y
from robot.sim.scene import TABLE_TOP

STEP = 0.03
"""Longest translation in one step [m]."""

GRASP_HEIGHT = TABLE_TOP + 0.024
"""Height of the tool centre when the fingers close [m, base frame]."""

LIFT_HEIGHT = 0.19
CLEARANCE = 0.085
"""Height above the grasp at which the hand travels sideways [m]."""

OPEN_WIDTH = 0.06
"""Above this opening [m] the hand counts as open; a held object measures about 0.042."""

EMPTY_WIDTH = 0.02
"""Below this opening the fingers closed on nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandState:
    """Where B hands are.

    Attributes:
        position: (B, 3) tool centre [m, base frame].
        width: (B,) distance between the fingers [m].
    """

    position: NDArray[np.float64]
    width: NDArray[np.float64]


def expert_action(state: HandState, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the next step towards lifting the target.

    The hand goes down a funnel over the object: it stays high while it is off to the side, sinks as
    it comes nearer, closes at the bottom and lifts. Fingers that closed on nothing open again.

    Args:
        state: Hands.
        target: (B, 3) object centres [m, base frame].

    Returns:
        (B, 7) actions as in :class:`core.types.ActionChunk`.
    """
    offset = target[:, :2] - state.position[:, :2]
    radius = np.linalg.norm(offset, axis=1)
    height = state.position[:, 2]
    funnel = GRASP_HEIGHT + np.clip(2.5 * (radius - 0.010), 0.0, CLEARANCE)
    # Sideways only as fast as the hand is clear of what stands there.
    deficit = np.clip(funnel - height - 0.012, 0.0, None)
    speed = np.clip(1.0 - deficit / 0.03, 0.0, 1.0) * np.minimum(radius, STEP)
    lateral = offset * (speed / np.maximum(radius, 1e-9))[:, None]
    next_radius = radius - speed
    next_funnel = GRASP_HEIGHT + np.clip(2.5 * (next_radius - 0.010), 0.0, CLEARANCE)
    vertical = np.clip(next_funnel - height, -STEP, STEP)
    step = _limit(np.column_stack([lateral, vertical]))

    opened = state.width > OPEN_WIDTH
    empty = state.width < EMPTY_WIDTH
    holding = ~opened & ~empty
    at_grasp = opened & (radius < 0.007) & (np.abs(height - GRASP_HEIGHT) < 0.007)
    up = np.clip(LIFT_HEIGHT - height, 0.0, STEP)
    still = at_grasp | empty

    actions = np.zeros((len(radius), 7))
    actions[:, :3] = np.where((opened & ~at_grasp)[:, None], step, 0.0)
    actions[:, 2] = np.where(holding, up, np.where(still, 0.0, actions[:, 2]))
    actions[:, 6] = np.where(at_grasp | holding, 0.0, 1.0)
    return actions


def _limit(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shorten (B, 3) steps to :data:`STEP`."""
    length = np.linalg.norm(step, axis=1, keepdims=True)
    return step * np.minimum(1.0, STEP / np.maximum(length, 1e-9))


def advance(state: HandState, actions: NDArray[np.float64], held_width: float) -> HandState:
    """Play one step without physics.

    Args:
        state: Hands.
        actions: (B, 7).
        held_width: Opening after closing on the target [m].
    """
    close = actions[:, 6] < 0.5
    was_open = state.width > OPEN_WIDTH
    width = np.where(close, np.where(was_open, held_width, state.width), 0.08)
    return HandState(position=state.position + actions[:, :3], width=width)


def play_forward(
    state: HandState, target: NDArray[np.float64], *, steps: int, held_width: float = 0.042
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Play the expert forward without physics.

    Returns:
        (B, steps, 7) actions, (B, steps + 1, 3) tool positions, and (B, steps + 1) whether the
        fingers are open at each position.
    """
    actions: list[NDArray[np.float64]] = []
    positions, opened = [state.position], [state.width > OPEN_WIDTH]
    for _ in range(steps):
        action = expert_action(state, target)
        state = advance(state, action, held_width)
        actions.append(action)
        positions.append(state.position)
        opened.append(state.width > OPEN_WIDTH)
    return np.stack(actions, 1), np.stack(positions, 1), np.stack(opened, 1)


def random_start(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a (3,) tool position over the table from which an episode starts."""
    low = [WORKSPACE_X[0], WORKSPACE_Y[0] + 0.05, 0.15]
    high = [WORKSPACE_X[1] - 0.04, WORKSPACE_Y[1] - 0.05, 0.25]
    return rng.uniform(low, high)
