"""Rollouts as films: what the front camera sees from the start, at an even rate, always as long.

Time is the arm's own. What a policy takes to think is not in the film, for any policy; an arm that
is done or gives up stands still until the end, and the physics goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.policy.base import Policy
from core.trace import follow_line, to_model
from core.types import Observation, Trace, TraceSource
from robot.sim.direct import DirectLab
from robot.sim.expert import STEP, HandState, expert_action
from robot.sim.harness.drawing import gripper_point
from robot.sim.layout import Layout, ObjectSpec
from robot.sim.scene import FRAME_SIZE, camera_models
from robot.sim.tasks import AMBIGUOUS, RIGHT_DIRECTION, TaskKind, progress

Actor = Callable[[DirectLab], "list[NDArray[np.float64]] | None"]
"""Looks at the lab and returns the next (7,) actions; None when it gives up."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Film:
    """One rollout.

    Attributes:
        pictures: (N, H, W, 3) uint8 RGB of the front camera, evenly spaced.
        progress: Percent of the task by the rubric of the paper's steering study.
        ended: "lifted", "out of time" or "gave up".
    """

    pictures: NDArray[np.uint8]
    progress: float
    ended: str


def film(
    lab: DirectLab, actor: Actor, layout: Layout, target: str, *, seconds: float, rate_hz: float
) -> Film:
    """Let an actor work on a table and film it.

    Args:
        lab: With pictures; it is reset first.
        actor: Who chooses the actions.
        layout: Objects.
        target: Name of the object that the task is about.
        seconds: Length of the film [s].
        rate_hz: Pictures per second.
    """
    lab.reset(layout)
    assert lab.renderer is not None, "a film needs pictures"
    wanted = round(seconds * rate_hz)
    pictures: list[NDArray[np.uint8]] = []
    start = lab.data.time

    def look() -> None:
        while len(pictures) < min(wanted, int((lab.data.time - start) * rate_hz) + 1):
            assert lab.renderer is not None
            pictures.append(lab.renderer.rgb(lab.data, "front").copy())

    slots = [item.slot for item in layout.objects]
    slot = layout.named(target).slot
    closest, ended, best = np.inf, "", 0.0
    lab.on_physics = look
    try:
        look()
        while len(pictures) < wanted:
            actions = None if ended else actor(lab)
            if actions is None:
                ended = ended or "gave up"
                actions = [_still(lab)]
            for action in actions:
                lab.step(action)
                away = float(np.linalg.norm((lab.tool - lab.object_position(slot))[:2]))
                closest = min(closest, away)
                # The best moment counts: an arm that holds still lets its load sag a little.
                share = progress(
                    moved_towards=closest < RIGHT_DIRECTION,
                    grasped=lab.grasped(slot),
                    lifted=lab.lifted(slot),
                )
                best = max(best, share)
                if not ended and any(lab.lifted(one) for one in slots):
                    ended = "lifted"
                    break
    finally:
        lab.on_physics = None
    return Film(pictures=np.stack(pictures), progress=100.0 * best, ended=ended or "out of time")


def start_picture(lab: DirectLab, layout: Layout) -> NDArray[np.uint8]:
    """Return the (H, W, 3) uint8 RGB picture of a table before anything moves."""
    lab.reset(layout)
    assert lab.renderer is not None
    return lab.renderer.rgb(lab.data, "front").copy()


def stand_still(lab: DirectLab) -> list[NDArray[np.float64]]:
    """Do nothing: the side of an attention check that nobody can prefer."""
    return [_still(lab)]


def expert(item: ObjectSpec) -> Actor:
    """Return the lab's own script for picking up an object."""

    def act(lab: DirectLab) -> list[NDArray[np.float64]]:
        state = HandState(position=lab.tool[None], width=np.array([lab.width]))
        return [expert_action(state, lab.object_position(item.slot)[None])[0]]

    return act


def guided(
    policy: Policy,
    instruction: str,
    line: NDArray[np.float64] | None = None,
    *,
    noise: float = 0.0,
    seed: int = 0,
) -> Actor:
    """Return an actor that asks a policy, again and again; each film needs one of its own.

    Args:
        policy: Whom to ask.
        instruction: What it is told; with a line and without words, to pick up any object.
        line: (L, 2) drawn line in model units; None lets the model plan.
        noise: Standard deviation of what is added to each translation, as a share of the expert's
            longest step.
        seed: Seed of the noise.
    """
    rng = np.random.default_rng([seed, 31])
    rest = line

    def act(lab: DirectLab) -> list[NDArray[np.float64]] | None:
        nonlocal rest
        state = lab.state()
        words = instruction or AMBIGUOUS[TaskKind.PICK]
        observation = Observation(frames=lab.frames(), instruction=words, state=state)
        trace = None
        if rest is not None:
            rest = follow_line(rest, gripper_point(state))
            trace = Trace(points=rest, source=TraceSource.USER)
        chunk = policy.infer(observation, trace).chunk
        if chunk is None:
            return None
        actions = np.array(chunk.actions[: policy.capabilities.execute_steps])
        actions[:, :3] += rng.normal(0.0, noise * STEP, (len(actions), 3))
        return list(actions)

    return act


def line_to(
    lab: DirectLab, layout: Layout, target: str, *, error: float = 3.0
) -> NDArray[np.float64]:
    """Return the (2, 2) line that the expert draws from the gripper to an object, in model units.

    Args:
        lab: It is reset.
        layout: Objects.
        target: Name of the object.
        error: How far the end misses the object's centre, standard deviation [model units].
    """
    lab.reset(layout)
    rng = np.random.default_rng([layout.seed, 32])
    place = lab.object_position(layout.named(target).slot)
    pixel = camera_models()["front"].project(place) - 0.5
    end = to_model(pixel, FRAME_SIZE) + rng.normal(0.0, error, 2)
    return np.clip(np.stack([gripper_point(lab.state()), end]), 0.0, 255.0)


def _still(lab: DirectLab) -> NDArray[np.float64]:
    action = np.zeros(7)
    action[6] = 1.0 if lab.width > 0.06 else 0.0
    return action
