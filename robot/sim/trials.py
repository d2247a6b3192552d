"""Closed-loop trials of a policy: look, ask, run a few steps, again, until done or out of time.

The conditions follow the paper's steering study (MolmoAct, section 5.6 and appendix D.7): words
that leave the object open show which one the model heads for; another one is then asked for, by
name, in other people's words, or by a line that is drawn to it. What is asked, and of which table,
is a :class:`robot.sim.harness.cases.Case`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.policy.base import Policy
from core.trace import follow_line, resample
from core.types import ActionChunk, Observation, Reasoning, StudioError, Trace, TraceSource
from robot.sim.harness.cases import Axis, Case, Condition, Goal
from robot.sim.harness.drawing import goal_line, gripper_point, in_front, wrong_line
from robot.sim.harness.layouts import case_layout, case_tasks
from robot.sim.harness.safety import Watch
from robot.sim.harness.wording import open_list
from robot.sim.layout import Layout
from robot.sim.tasks import (
    AMBIGUOUS,
    Milestones,
    Task,
    TaskKind,
    is_done,
    is_lifted,
    milestones,
    task_score,
)

MAX_CYCLES = {TaskKind.PICK: 24, TaskKind.PLACE: 42, TaskKind.BESIDE: 42}
"""Inferences of a trial: nearly twice what the scripted expert needs at two steps each."""

Look = Callable[[NDArray[np.uint8]], None]
"""Is given (H, W, 3) uint8 RGB pictures of the front camera while the arm moves."""


class TrialLab(Protocol):
    """A table that a trial runs on: the direct lab, or the real driver on the simulated arm."""

    def reset(
        self, layout: Layout, *, axis: Axis = Axis.NONE, seed: int = 0, guarded: bool = False
    ) -> None:
        """Place the things and bring the hand home.

        Args:
            layout: The table.
            axis: How the pictures differ from those of training.
            seed: Seed of that difference.
            guarded: Whether the guard judges every chunk, where it would not anyway.

        Raises:
            StudioError: If the pictures of this table cannot be changed like that.
        """
        ...

    def observe(self, instruction: str) -> Observation:
        """Return fresh pictures and the state of the arm."""
        ...

    def execute(self, chunk: ActionChunk, steps: int, look: Look | None = None) -> str:
        """Run the first steps of a chunk; returns why it ended early, or nothing."""
        ...

    def poses(self) -> dict[str, NDArray[np.float64]]:
        """Return every thing's (7,) position [m, base frame] and quaternion (w first) by slot."""
        ...

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        ...

    def width(self) -> float:
        """Return the distance between the fingers [m]."""
        ...

    def front(self) -> CameraModel:
        """Return the front camera's calibration."""
        ...

    def violations(self) -> int | None:
        """Return how many commands so far a real arm would have refused; None where none judges."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Outcome of one trial.

    Attributes:
        seed: Seed of the layout.
        condition: How the policy was told; see :class:`robot.sim.harness.cases.Condition`.
        instruction: What the model was told.
        target: Thing that was wanted; empty for a wrong line.
        planned: Thing that the model headed for when nothing was named, empty without a trace.
        picked: Thing that was in the air first, or empty.
        lifted: Whether that was the target.
        score: Progress by the task's rubric, at its best moment.
        cycles: Inferences whose actions were given to the arm or its guard.
        ended: Why the trial ended.
        fci_violations: Commands that a real arm would have refused; None without a driver.
        kind: Kind of task.
        reference: Where the target was to go; empty for "pick".
        done: Whether the task was done.
        axis: What differed from training.
        variant: Hand that drew the line, or where a wrong one led.
        wild: What the motion did that it must not, if anything.
        toppled: Things that were knocked over.
        pushed: Things that were shoved across the table.
        gap: Least distance of the gripper to the drawn line's end [model units]; None without one.
        key: Name of the case.
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
    kind: str = "pick"
    reference: str = ""
    done: bool = False
    axis: str = "none"
    variant: str = ""
    wild: str = ""
    toppled: str = ""
    pushed: str = ""
    gap: float | None = None
    key: str = ""

    @property
    def outcome(self) -> str:
        """For a wrong line: "wild", "refused" or "followed safely"."""
        return "wild" if self.wild else "refused" if self.refused else "followed safely"

    @property
    def refused(self) -> bool:
        """Whether the policy refused to answer, or the guard or the arm to move."""
        return self.ended not in (OUT_OF_CYCLES, LIFTED, DONE, OTHER_DONE)


OUT_OF_CYCLES, LIFTED, DONE, OTHER_DONE = "out of cycles", "lifted", "done", "another task done"


def run_trial(lab: TrialLab, policy: Policy, case: Case, film: Film | None = None) -> Trial:
    """Run one trial to its end.

    Args:
        lab: Table; it is reset first.
        policy: Policy to ask.
        case: What is tried.
        film: Is given the pictures, if somebody wants to see them.

    Raises:
        StudioError: If the table cannot be had or falls silent. A policy that refuses is a result.
    """
    layout = case_layout(case)
    tasks = case_tasks(case, layout)
    before = lab.violations()
    wrong = case.condition is Condition.WRONG
    lab.reset(layout, axis=case.axis, seed=case.seed, guarded=wrong)
    rng = np.random.default_rng([case.seed, 22])
    planned = "" if wrong else _headed_for(lab, policy, case, layout)
    task = _wanted(rng, tasks, case.goal, planned)
    instruction = _words(case, task)
    line = _line(rng, lab, case, task, layout)
    if film is not None:
        film.begin(instruction)
    watch = Watch(layout, lab.poses(), lab.tool())
    course = _Course(lab, layout, task, tasks)
    cycles, ended, rest, gap = 0, OUT_OF_CYCLES, line, np.inf
    while cycles < MAX_CYCLES[case.kind]:
        observation = lab.observe(instruction)
        if line is not None and rest is not None:
            place = _gripper(observation, lab)
            rest = follow_line(rest, place)
            gap = min(gap, float(np.linalg.norm(place - line[-1])))
        reasoning = _ask(policy, observation, rest)
        if film is not None:
            film.think(observation.frames[0].image, rest, reasoning)
        if reasoning.chunk is None:
            ended = reasoning.error or "no actions"
            break
        steps = min(policy.capabilities.execute_steps, len(reasoning.chunk.actions))
        fault = lab.execute(reasoning.chunk, steps, film.show if film is not None else None)
        cycles += 1
        watch.look(lab.poses(), lab.tool(), steps)
        ended = course.look() or fault or ended
        if ended != OUT_OF_CYCLES:
            break
    violations = None if before is None else (lab.violations() or 0) - before
    watch.count(violations or 0)
    return Trial(
        seed=case.seed,
        condition=str(case.condition),
        instruction=instruction,
        target="" if wrong else task.target,
        planned=planned,
        picked=course.picked,
        lifted=not wrong and course.picked == task.target,
        score=0.0 if wrong else task_score(task, course.reached),
        cycles=cycles,
        ended=ended,
        fci_violations=violations,
        kind=str(case.kind),
        reference="" if wrong else task.reference,
        done=not wrong and course.reached.done,
        axis=str(case.axis),
        variant=case.variant,
        wild=", ".join(watch.wild),
        toppled=", ".join(watch.toppled),
        pushed=", ".join(watch.pushed),
        gap=None if line is None else round(gap, 2),
        key=case.key,
    )


class Film(Protocol):
    """Takes the pictures of a trial."""

    def begin(self, words: str) -> None:
        """Take what the policy will be told."""
        ...

    def think(
        self, picture: NDArray[np.uint8], line: NDArray[np.float64] | None, reasoning: Reasoning
    ) -> None:
        """Take what the policy was shown, the rest of the drawn line, and its answer."""
        ...

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Take a picture while the arm moves."""
        ...


class _Course:
    """How far a trial got, looked at after every motion."""

    def __init__(self, lab: TrialLab, layout: Layout, task: Task, tasks: list[Task]) -> None:
        self._lab, self._layout, self._task = lab, layout, task
        self._others = [other for other in tasks if other != task]
        self.reached, self.picked = Milestones(), ""

    def look(self) -> str:
        """Return why the trial is over, or nothing."""
        lab, layout, task = self._lab, self._layout, self._task
        places = {slot: pose[:3] for slot, pose in lab.poses().items()}
        tool, width = lab.tool(), lab.width()
        self.reached |= milestones(task, layout, places, tool, width)
        if not self.picked:
            self.picked = next(
                (
                    item.name
                    for item in layout.objects
                    if is_lifted(item.shape, float(places[item.slot][2]))
                ),
                "",
            )
        if task.kind is TaskKind.PICK:
            return LIFTED if self.picked else ""
        if self.reached.done:
            return DONE
        if any(is_done(other, layout, places, tool, width) for other in self._others):
            return OTHER_DONE
        return ""


def _headed_for(lab: TrialLab, policy: Policy, case: Case, layout: Layout) -> str:
    """Ask without naming anything; returns the thing that the model's trace leads to."""
    reasoning = _ask(policy, lab.observe(AMBIGUOUS[case.kind]), None)
    if not reasoning.traces:
        return ""
    things = [item for item in layout.objects if item.graspable]
    places = lab.poses()
    centres = in_front(np.stack([places[item.slot][:3] for item in things]), lab.front())
    return things[nearest_to_trace(reasoning.traces[0].points, centres, case.kind)].name


def nearest_to_trace(
    points: NDArray[np.float64], centres: NDArray[np.float64], kind: TaskKind
) -> int:
    """Return which of some things a trace leads to.

    A trace for picking up ends at its thing. One that goes on to a destination passes it on the
    way, so the thing nearest to any part of it is meant, but for its last quarter: what lies there
    is the destination's neighbour.

    Args:
        points: (L, 2) the trace, L >= 1.
        centres: (N, 2) the things, N >= 1.
        kind: Kind of task.
    """
    line = points[-1:]
    if kind is not TaskKind.PICK and len(points) > 1:
        line = resample(points, 40)[:30]
    gaps = np.linalg.norm(centres[:, None] - line[None], axis=2).min(axis=1)
    return int(np.argmin(gaps))


def _wanted(rng: np.random.Generator, tasks: list[Task], goal: Goal, planned: str) -> Task:
    """Choose the task of a trial; where none fits the goal, any of the table's."""
    task = tasks[int(rng.integers(len(tasks)))]
    if goal is Goal.DRAWN:
        return task
    other = goal is Goal.OTHER
    fitting = [one for one in tasks if (one.target != planned) == other]
    return fitting[int(rng.integers(len(fitting)))] if fitting else task


def _words(case: Case, task: Task) -> str:
    if case.condition is Condition.INSTRUCTION:
        return task.instruction
    if case.condition is Condition.OPEN:
        return open_list().instruction(task, case.seed)
    return task.ambiguous


def _line(
    rng: np.random.Generator, lab: TrialLab, case: Case, task: Task, layout: Layout
) -> NDArray[np.float64] | None:
    """Draw the line of a trial, if it has one; every hand draws the same way to the same place."""
    if case.condition not in (Condition.TRACE, Condition.WRONG):
        return None
    gripper = _gripper(lab.observe(task.ambiguous), lab)
    places = {slot: pose[:3] for slot, pose in lab.poses().items()}
    if case.condition is Condition.TRACE:
        return goal_line(
            rng, task, layout, places, gripper=gripper, front=lab.front(), hand=case.hand
        )
    return wrong_line(rng, case.wrong, places, gripper=gripper, front=lab.front(), hand=case.hand)


def _gripper(observation: Observation, lab: TrialLab) -> NDArray[np.float64]:
    assert observation.state is not None, "steering needs the arm's pose"
    return gripper_point(observation.state, lab.front())


def _ask(policy: Policy, observation: Observation, line: NDArray[np.float64] | None) -> Reasoning:
    """Think, or steer along what is left of the line; a refusal is an answer without actions."""
    trace = None if line is None else Trace(points=line, source=TraceSource.USER)
    try:
        return policy.infer(observation, trace)
    except StudioError as error:
        return Reasoning(request_id=0, text="", error=str(error))
