"""The scripted expert: a policy without memory that does one task, and its labels.

Because an action depends only on where the tool, the fingers, the target and its destination are,
the chunk and the trace of *any* task can be computed for *any* recorded state by playing the expert
forward without physics. Noise in what was executed never enters a label.

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
"""Height of the tool centre when the fingers close on a thing on the table [m, base frame]."""

LIFT_HEIGHT = 0.19
CLEARANCE = 0.085
"""Height above the grasp, or above the release, at which the hand travels sideways [m]."""

CARRY_SLOPE = 5.0
"""How steeply a carried thing sinks over its destination: its neighbour is near."""

RELEASE_GAP = 0.003
"""How far above its place a carried thing is let go [m]."""

PLACED_WITHIN = 0.022
"""Distance from its destination, sideways, at which a thing is left there [m]."""

STANDS_WITHIN = 0.015
"""The same in height [m]."""

NEAR = 0.03
"""A thing this close to the tool centre is between the fingers [m]."""

OPEN_WIDTH = 0.06
"""Above this opening [m] the hand counts as open; a held object measures .032 to .044."""

EMPTY_WIDTH = 0.02
"""Below this opening the fingers closed on nothing."""

HORIZON = 60
"""Steps within which every task is over."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandState:
    """Where B hands are.

    Attributes:
        position: (B, 3) tool centre [m, base frame].
        width: (B,) distance between the fingers [m].
    """

    position: Array
    width: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Played:
    """What the expert does from B states on, without physics.

    Attributes:
        actions: (B, steps, 7).
        positions: (B, steps + 1, 3) of the tool [m, base frame].
        opened: (B, steps + 1) whether the fingers are open there.
        placed: (B, steps + 1) whether the target then lies where it shall go.
    """

    actions: Array
    positions: Array
    opened: NDArray[np.bool_]
    placed: NDArray[np.bool_]


def expert_action(state: HandState, target: Array, destination: Array | None = None) -> Array:
    """Return the next step of a task.

    To pick a thing up, the hand goes down a funnel over it: it stays high while it is off to the
    side, sinks as it comes nearer, closes at the bottom and lifts. With a destination it carries
    the thing there, high at first, down a steeper funnel at the end, opens, and goes straight up.
    Fingers that closed on nothing open again.

    Args:
        state: Hands.
        target: (B, 3) object centres [m, base frame].
        destination: (B, 3) where they shall come to rest [m, base frame]; NaN, or None for all, to
            pick up only.

    Returns:
        (B, 7) actions as in :class:`core.types.ActionChunk`.
    """
    goal = np.full_like(target, np.nan) if destination is None else destination
    carries = np.isfinite(goal[:, 0])
    placed = is_placed(target, goal)
    height = state.position[:, 2]
    opened = state.width > OPEN_WIDTH
    empty = state.width < EMPTY_WIDTH
    holding = ~opened & ~empty

    pick, off, above = _funnel(state.position, target[:, :2], GRASP_HEIGHT, 2.5, 0.010)
    at_grasp = opened & (off < 0.007) & (above < 0.007)
    # the fingers rarely hold a thing exactly at its middle
    hang = np.clip(height - target[:, 2], -0.02, 0.02)
    bottom = np.where(carries, goal[:, 2], 0.0) + hang + RELEASE_GAP
    spot = np.where(carries[:, None], goal[:, :2], state.position[:, :2])
    carry, off, above = _funnel(state.position, spot, bottom, CARRY_SLOPE, 0.012)
    at_release = holding & carries & (off < 0.010) & (above < 0.008)
    up = np.zeros_like(pick)
    up[:, 2] = np.clip(LIFT_HEIGHT - height, 0.0, STEP)

    picks = opened & ~placed
    move = np.zeros_like(pick)
    for where, step in (
        (picks & ~at_grasp, pick),
        (opened & placed, up),
        (holding & ~carries, up),
        (holding & carries & ~at_release, carry),
    ):
        move = np.where(where[:, None], step, move)
    actions = np.zeros((len(target), 7))
    actions[:, :3] = move
    actions[:, 6] = np.where((picks & at_grasp) | (holding & ~at_release), 0.0, 1.0)
    return actions


def is_placed(target: Array, destination: Array) -> NDArray[np.bool_]:
    """Tell which of (B, 3) things lie at their (B, 3) destinations; never where that is NaN."""
    away = target - destination
    aside = np.hypot(away[:, 0], away[:, 1]) < PLACED_WITHIN
    return aside & (np.abs(away[:, 2]) < STANDS_WITHIN)


def _funnel(
    position: Array, spot: Array, bottom: Array | float, slope: float, flat: float
) -> tuple[Array, Array, Array]:
    """Return a (B, 3) step down the funnel over a spot, and how far off it the tool is.

    Returns:
        The step, the (B,) distance sideways, and the (B,) distance from the bottom in height.
    """
    offset = spot - position[:, :2]
    radius = np.linalg.norm(offset, axis=1)
    height = position[:, 2]
    wanted = bottom + np.clip(slope * (radius - flat), 0.0, CLEARANCE)
    # Sideways only as fast as the hand is clear of what stands there.
    deficit = np.clip(wanted - height - 0.012, 0.0, None)
    speed = np.clip(1.0 - deficit / 0.03, 0.0, 1.0) * np.minimum(radius, STEP)
    lateral = offset * (speed / np.maximum(radius, 1e-9))[:, None]
    next_wanted = bottom + np.clip(slope * (radius - speed - flat), 0.0, CLEARANCE)
    vertical = np.clip(next_wanted - height, -STEP, STEP)
    step = np.column_stack([lateral, vertical])
    length = np.linalg.norm(step, axis=1, keepdims=True)
    step *= np.minimum(1.0, STEP / np.maximum(length, 1e-9))
    return step, radius, np.abs(height - bottom)


def advance(state: HandState, actions: Array, held_width: float) -> HandState:
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


def play(
    state: HandState,
    target: Array,
    destination: Array | None = None,
    *,
    steps: int,
    held_width: float = 0.042,
) -> Played:
    """Play the expert forward without physics; a held target moves with the hand.

    Arguments as for :func:`expert_action` and :func:`advance`.
    """
    goal = np.full_like(target, np.nan) if destination is None else destination
    actions: list[Array] = []
    positions, opened = [state.position], [state.width > OPEN_WIDTH]
    placed = [is_placed(target, goal) & opened[0]]
    for _ in range(steps):
        action = expert_action(state, target, goal)
        after = advance(state, action, held_width)
        near = np.linalg.norm(target - state.position, axis=1) < NEAR
        held = near & (state.width <= OPEN_WIDTH) & (state.width >= EMPTY_WIDTH)
        target = target + np.where((held & (action[:, 6] < 0.5))[:, None], action[:, :3], 0.0)
        state = after
        actions.append(action)
        positions.append(state.position)
        opened.append(state.width > OPEN_WIDTH)
        placed.append(is_placed(target, goal) & opened[-1])
    return Played(
        actions=np.stack(actions, 1),
        positions=np.stack(positions, 1),
        opened=np.stack(opened, 1),
        placed=np.stack(placed, 1),
    )


def play_forward(
    state: HandState,
    target: Array,
    destination: Array | None = None,
    *,
    steps: int,
    held_width: float = 0.042,
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Play the expert forward without physics; see :func:`play`.

    Returns:
        (B, steps, 7) actions, (B, steps + 1, 3) tool positions, and (B, steps + 1) whether the
        fingers are open at each position.
    """
    played = play(state, target, destination, steps=steps, held_width=held_width)
    return played.actions, played.positions, played.opened


def path_lengths(played: Played) -> NDArray[np.int64]:
    """Return how many of the (B, steps + 1) positions belong to each task's remaining path.

    It ends where the fingers close on a thing that is only to be picked up, or where it is lifted
    when it is in the hand already; with a destination, where the thing is let go. After that, and
    of a hand that rests, only the way up counts. At least 1.
    """
    opened, placed = played.opened, played.placed
    steps = opened.shape[1]
    index = np.arange(steps)
    moved = np.linalg.norm(np.diff(played.positions, axis=1), axis=2) > 1e-6
    # an opening hand starts a new phase, so only a closing one ends the way to a thing
    closing = opened[:, :-1] & ~opened[:, 1:]
    carries = placed.any(1)
    end = np.where(~carries & closing.any(1), closing.argmax(1) + 1, steps)
    release = carries & ~placed[:, 0]
    end = np.where(release, placed.argmax(1) + 1, end)
    within = moved & (index[:-1] < (end - 1)[:, None])
    last = within.shape[1] - within[:, ::-1].argmax(1)
    return np.where(within.any(1), last + 1, 1)


def path_of(
    position: Array, width: float, target: Array, destination: Array | None = None
) -> Array:
    """Return the (S, 3) remaining path of one tool through a task, S >= 1 [m, base frame].

    Args:
        position: (3,) tool centre [m, base frame].
        width: Distance between the fingers [m].
        target: (3,) thing's centre [m, base frame].
        destination: (3,) where it shall come to rest, or None to pick it up.
    """
    state = HandState(position=np.asarray(position)[None], width=np.array([width]))
    goal = None if destination is None else destination[None]
    played = play(state, np.asarray(target)[None], goal, steps=HORIZON)
    return played.positions[0, : int(path_lengths(played)[0])]


def random_start(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a (3,) tool position over the table from which an episode starts."""
    low = [WORKSPACE_X[0], WORKSPACE_Y[0] + 0.05, 0.15]
    high = [WORKSPACE_X[1] - 0.04, WORKSPACE_Y[1] - 0.05, 0.25]
    return rng.uniform(low, high)
