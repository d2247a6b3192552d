"""A policy that knows the table and asks the scripted expert: the harness without a model."""

from __future__ import annotations

import numpy as np

from core.trace import subsample_future
from core.types import ActionChunk, Capabilities, Reasoning, StudioError, Trace
from robot.sim.expert import HandState, path_of, play_forward
from robot.sim.harness.cases import Case
from robot.sim.harness.drawing import in_front
from robot.sim.harness.layouts import case_layout, case_tasks
from robot.sim.harness.wording import open_list
from robot.sim.tasks import Task, destination
from robot.sim.trials import nearest_to_trace


class ExpertPolicy:
    """Follows names, open wordings and lines; with nothing named it takes the first task.

    Attributes:
        traces: What it was given, in order.
        instructions: What it was told.
    """

    def __init__(self, lab, case: Case, *, broken: str = "", step: float = 1.0) -> None:
        """Sit at a table.

        Args:
            lab: The table.
            case: What will be tried.
            broken: "silent" for an answer without actions, "refusing" for none at all.
            step: Factor on every translation; a large one is a policy gone wild.
        """
        self.lab, self.broken, self.step = lab, broken, step
        self.layout = case_layout(case)
        self.tasks = case_tasks(case, self.layout)
        self.seed = case.seed
        self.traces: list[Trace | None] = []
        self.instructions: list[str] = []
        self._drawn: Task | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(name="expert", trace_in=True, trace_out=True, execute_steps=3)

    def infer(self, observation, trace=None, **_):
        self.traces.append(trace)
        self.instructions.append(observation.instruction)
        if self.broken == "refusing":
            raise StudioError("this policy does not want to")
        if self.broken:
            return Reasoning(request_id=0, text="?", error="the answer has no actions")
        places = {slot: pose[:3] for slot, pose in self.lab.poses().items()}
        task = self._task(observation.instruction, trace, places)
        state = observation.state
        target = places[self.layout.named(task.target).slot]
        goal = destination(task, self.layout, places)
        hand = HandState(position=state.ee_pose[None, :3, 3], width=np.array([self.lab.width()]))
        actions, _, _ = play_forward(
            hand, target[None], None if goal is None else goal[None], steps=8
        )
        actions = actions[0].copy()
        actions[:, :3] *= self.step
        path = path_of(state.ee_pose[:3, 3], self.lab.width(), target, goal)
        points = subsample_future(in_front(path, self.lab.front()))
        chunk = ActionChunk(actions=actions)
        return Reasoning(request_id=0, text="", traces=(Trace(points=points),), chunk=chunk)

    def _task(self, words, trace, places) -> Task:
        if trace is not None:
            self._drawn = self._drawn or self._read(trace, places)
            return self._drawn
        for task in self.tasks:
            if words in (task.instruction, open_list().instruction(task, self.seed)):
                return task
        return self.tasks[0]

    def _read(self, trace, places) -> Task:
        """Return the task that a whole line shows: its thing on the way, its goal at the end."""
        front = self.lab.front()
        kind = self.tasks[0].kind
        names = list(dict.fromkeys(task.target for task in self.tasks))
        centres = in_front(
            np.stack([places[self.layout.named(name).slot] for name in names]), front
        )
        target = names[nearest_to_trace(trace.points, centres, kind)]
        fitting = [task for task in self.tasks if task.target == target]
        goals = [destination(task, self.layout, places) for task in fitting]
        if goals[0] is None:
            return fitting[0]
        ends = in_front(np.stack(goals), front)
        return fitting[int(np.argmin(np.linalg.norm(ends - trace.points[-1], axis=1)))]
