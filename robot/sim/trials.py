"""Closed-loop trials of a policy: look, ask, run a few steps, again, until lifted or out of time.

The three conditions follow the paper's steering study (MolmoAct, section 5.6 and appendix D.7):
"instruction" names an object; "ambiguous" asks for any object and lets the model choose; "trace"
asks for any object, sees which one the model heads for, and draws a line to another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.policy.base import Policy
from core.trace import remaining_line, to_model
from core.types import ActionChunk, Observation, Reasoning, RobotState, Trace, TraceSource
from robot.sim.layout import Layout
from robot.sim.scene import FRAME_SIZE, camera_models
from robot.sim.tasks import RIGHT_DIRECTION, nearest_object, progress

CONDITIONS = ("instruction", "ambiguous", "trace")
AMBIGUOUS = "pick up the object"
MAX_CYCLES = 24
SKETCH_ERROR = 3.0
"""How far the drawn line's end misses the object's centre [model units, standard deviation]."""


class TrialLab(Protocol):
    """A table that a trial runs on: the direct lab, or the real driver on the simulated arm."""

    def reset(self, layout: Layout) -> None:
        """Place the objects and bring the hand home."""
        ...

    def observe(self, instruction: str) -> Observation:
        """Return fresh pictures and the state of the arm."""
        ...

    def execute(self, chunk: ActionChunk, steps: int) -> str:
        """Run the first steps of a chunk; returns why it ended early, or nothing."""
        ...

    def positions(self) -> dict[str, NDArray[np.float64]]:
        """Return every object's (3,) centre by slot [m, base frame]."""
        ...

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        ...

    def lifted(self, slot: str) -> bool:
        """Tell whether an object hangs clear of the table."""
        ...

    def grasped(self, slot: str) -> bool:
        """Tell whether an object is off the table between closed fingers."""
        ...

    def violations(self) -> int | None:
        """Return how many commands so far a real arm would have refused; None where none judges."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Outcome of one trial.

    Attributes:
        seed: Seed of the layout.
        condition: One of :data:`CONDITIONS`.
        instruction: What the model was told.
        target: Object that was named or drawn to; for "ambiguous" the one the model headed for.
        planned: Object nearest to the end of the model's first trace, empty without one.
        picked: Object that was lifted in the end, or empty.
        lifted: Whether it was the target.
        score: The paper's rubric for the target.
        cycles: Inferences that were executed.
        ended: Why the trial ended.
        fci_violations: Commands that a real arm would have refused; None without a driver.
    """

    seed: int
    condition: str
    instruction: str
    target: str
    planned: str
    picked: str
    lifted: bool
    score: float
    cycles: int
    ended: str
    fci_violations: int | None = None


def run_trial(lab: TrialLab, policy: Policy, layout: Layout, condition: str) -> Trial:
    """Run one trial to its end.

    Args:
        lab: Table; it is reset first.
        policy: Policy to ask.
        layout: Objects.
        condition: One of :data:`CONDITIONS`.
    """
    rng = np.random.default_rng([layout.seed, 22])
    before = lab.violations()
    lab.reset(layout)
    names = [item.name for item in layout.objects]
    slots = [item.slot for item in layout.objects]
    target = int(rng.integers(len(slots)))
    instruction = AMBIGUOUS if condition != "instruction" else f"pick up the {names[target]}"
    first = policy.infer(lab.observe(instruction))
    planned = _heads_for(first, lab, slots)
    line: NDArray[np.float64] | None = None
    if condition == "trace":
        others = [index for index in range(len(slots)) if index != planned]
        target = int(rng.choice(others))
        line = _draw_line(lab, slots[target], rng)
    elif condition == "ambiguous" and planned is not None:
        target = planned
    closest = np.inf
    cycles, ended = 0, "out of cycles"
    while cycles < MAX_CYCLES:
        observation = lab.observe(instruction)
        reasoning = _ask(policy, observation, line)
        if reasoning.chunk is None:
            ended = reasoning.error or "no actions"
            break
        fault = lab.execute(reasoning.chunk, policy.capabilities.execute_steps)
        cycles += 1
        places = lab.positions()
        closest = min(closest, float(np.linalg.norm((lab.tool() - places[slots[target]])[:2])))
        if any(lab.lifted(slot) for slot in slots):
            ended = "lifted"
            break
        if fault:
            ended = fault
            break
    picked = next((n for n, slot in zip(names, slots, strict=True) if lab.lifted(slot)), "")
    lifted = lab.lifted(slots[target])
    return Trial(
        seed=layout.seed,
        condition=condition,
        instruction=instruction,
        target=names[target],
        planned="" if planned is None else names[planned],
        picked=picked,
        lifted=lifted,
        score=progress(
            moved_towards=closest < RIGHT_DIRECTION,
            grasped=lab.grasped(slots[target]),
            lifted=lifted,
        ),
        cycles=cycles,
        ended=ended,
        fci_violations=None if before is None else (lab.violations() or 0) - before,
    )


def _ask(policy: Policy, observation: Observation, line: NDArray[np.float64] | None) -> Reasoning:
    """Think, or steer along what is left of the line."""
    if line is None:
        return policy.infer(observation)
    assert observation.state is not None, "steering needs the arm's pose"
    points = remaining_line(line, gripper_point(observation.state))
    return policy.infer(observation, Trace(points=points, source=TraceSource.USER))


def gripper_point(state: RobotState) -> NDArray[np.float64]:
    """Return the tool's (2,) place in the front picture, 0..255."""
    pixel = camera_models()["front"].project(state.ee_pose[:3, 3]) - 0.5
    return to_model(pixel, FRAME_SIZE)


def _draw_line(lab: TrialLab, slot: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a straight line from the gripper to an object, as roughly as a person does."""
    observation = lab.observe(AMBIGUOUS)
    assert observation.state is not None, "steering needs the arm's pose"
    pixel = camera_models()["front"].project(lab.positions()[slot]) - 0.5
    end = to_model(pixel, FRAME_SIZE) + rng.normal(0.0, SKETCH_ERROR, 2)
    return np.clip(np.stack([gripper_point(observation.state), end]), 0.0, 255.0)


def _heads_for(reasoning: Reasoning, lab: TrialLab, slots: list[str]) -> int | None:
    """Return which object the model's trace ends at, if it has one."""
    if not reasoning.traces:
        return None
    places = np.stack([lab.positions()[slot] for slot in slots])
    pixels = camera_models()["front"].project(places) - 0.5
    return nearest_object(reasoning.traces[0].points[-1], to_model(pixels, FRAME_SIZE))
