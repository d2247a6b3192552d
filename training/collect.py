"""Record demonstrations of the scripted expert in the direct lab.

What is executed is disturbed (noise, kicks, early closing, dropped things, a change of mind, starts
beside things, in the middle of a task and with closed fingers); labels are computed later from the
undisturbed expert, for every task that makes sense in a frame. See :mod:`training.recording` for
what a shard holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from robot.sim.direct import DirectLab
from robot.sim.expert import (
    GRASP_HEIGHT,
    LIFT_HEIGHT,
    STEP,
    HandState,
    expert_action,
    random_start,
)
from robot.sim.layout import Layout, random_layout
from robot.sim.scene import jittered_front
from robot.sim.task_layout import holds_held_out, task_layout
from robot.sim.tasks import Task, TaskKind, destination, has_room, is_done
from training.pairs import KINDS, in_reach
from training.recording import IMAGE_SIZE, Recording, held_thing

__all__ = ["IMAGE_SIZE", "collect", "collect_shard"]

MAX_STEPS = {TaskKind.PICK: 28, TaskKind.PLACE: 48, TaskKind.BESIDE: 48}
STEPS_AFTER = 2
"""Frames that are recorded after a task is done."""

MOST_TASKS = 3
"""Tasks done one after another on the same table."""

NEARBY = 0.04
"""Closer than this sideways [m] every step is recorded."""

TRAVEL_SHARE = 0.5
"""Share of the other steps that is recorded: they resemble each other, tables do not."""

CHAINED = 0.4
"""How often a finished task is followed by another one."""


def collect_shard(folder: Path, seed: int, frames: int) -> None:
    """Record at least ``frames`` frames into a new shard; an existing one is left alone.

    Args:
        folder: Folder to create.
        seed: Seed of the shard's first layout; episodes count up from it.
        frames: Number of frames to stop at.
    """
    if folder.exists():
        return
    lab = DirectLab()
    recording = Recording()
    episode = seed
    while len(recording) < frames:
        _Episode(lab, recording, episode).run()
        episode += 1
    lab.close()
    recording.save(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How carelessly an episode is executed: noise [m], chance of each slip per step."""

    noise: float
    early: float
    drop: float


class _Episode:
    """One table with one to three tasks."""

    def __init__(self, lab: DirectLab, recording: Recording, seed: int) -> None:
        self._lab, self._recording, self._seed = lab, recording, seed
        self._rng = np.random.default_rng([seed, 21])
        self._layout = _table(self._rng, seed)

    def run(self) -> None:
        """Do the tasks, recording every step."""
        rng, lab = self._rng, self._lab
        kind = self._kind()
        targets = [item for item in self._layout.objects if item.graspable]
        target = targets[int(rng.integers(len(targets)))]
        closed = rng.random() < 0.05
        lab.reset(
            self._layout,
            _start(rng, self._layout, target.name),
            width=0.0 if closed else 0.08,
            front=jittered_front(rng) if rng.random() < 0.8 else None,
        )
        task = self._choose(kind, target.name)
        if rng.random() < 0.3:
            self._hurry(task)
        for _ in range(MOST_TASKS):
            if not self._do(task) or rng.random() > CHAINED:
                return
            held = held_thing(lab)
            name = "" if held < 0 else self._layout.objects[held].name
            kind = self._kind() if held < 0 else KINDS[int(rng.integers(1, 3))]
            task = self._choose(kind, name)

    def _do(self, task: Task) -> bool:
        """Do one task; tells whether it was done in time."""
        rng, lab = self._rng, self._lab
        clumsy = rng.random() < 0.45
        manner = _Manner(
            noise=float(rng.choice([0.0, 0.003, 0.006], p=[0.3, 0.4, 0.3])),
            early=0.15 if clumsy else 0.0,
            drop=0.05 if clumsy else 0.0,
        )
        after = 0
        for _ in range(MAX_STEPS[task.kind]):
            if self._is_lost(task):
                return False
            if self._is_near(task) or rng.random() < TRAVEL_SHARE:
                self._recording.add(lab, self._seed)
            if is_done(task, self._layout, lab.places(), lab.tool, lab.width):
                after += 1
                if after > STEPS_AFTER:
                    return True
            task = self._act(task, manner)
        return False

    def _act(self, task: Task, manner: _Manner) -> Task:
        """Execute one disturbed step; returns the task, which may have changed."""
        rng, lab = self._rng, self._lab
        action = self._expert(task)
        resting = not action[:3].any()
        if not resting:
            action[:3] += rng.normal(0.0, manner.noise, 3)
        held = held_thing(lab)
        if not resting and rng.random() < (0.05 if held < 0 else 0.03):
            action[:3] = rng.uniform(-STEP, STEP, 3)
            name = "" if held < 0 else self._layout.objects[held].name
            task = self._choose(self._kind(), name)
        centre = lab.object_position(self._layout.named(task.target).slot)
        near = np.linalg.norm(centre[:2] - lab.tool[:2]) < 0.05
        if action[6] > 0.5 and near and rng.random() < manner.early:
            action[6] = 0.0
        elif held >= 0 and rng.random() < manner.drop:
            action[6] = 1.0
        action[:3] = _inside(lab.command, action[:3])
        lab.step(action)
        return task

    def _is_lost(self, task: Task) -> bool:
        """Tell whether the task's thing has left the part of the table that is worked on."""
        place = self._lab.object_position(self._layout.named(task.target).slot)
        return not in_reach(place)

    def _is_near(self, task: Task) -> bool:
        """Tell whether the hand is close to what it does next: there every frame differs."""
        lab = self._lab
        places = lab.places()
        place = places[self._layout.named(task.target).slot]
        goal = destination(task, self._layout, places)
        if goal is not None and held_thing(lab) >= 0:
            place = goal
        return bool(np.linalg.norm((place - lab.tool)[:2]) < NEARBY)

    def _hurry(self, task: Task) -> None:
        """Play a part of the task without recording it, so that late phases are begun with."""
        steps = int(self._rng.integers(6, 26))
        for _ in range(steps):
            lab = self._lab
            if is_done(task, self._layout, lab.places(), lab.tool, lab.width):
                return
            action = self._expert(task)
            action[:3] = _inside(lab.command, action[:3])
            lab.step(action)

    def _expert(self, task: Task) -> NDArray[np.float64]:
        lab = self._lab
        places = lab.places()
        goal = destination(task, self._layout, places)
        state = HandState(position=lab.tool[None], width=np.array([lab.width]))
        target = places[self._layout.named(task.target).slot]
        return expert_action(state, target[None], None if goal is None else goal[None])[0]

    def _kind(self) -> TaskKind:
        return KINDS[int(self._rng.choice(3, p=[0.3, 0.35, 0.35]))]

    def _choose(self, kind: TaskKind, target: str = "") -> Task:
        """Draw a task of a kind that there is room for now; picking up when there is none."""
        places = self._lab.places()
        objects = self._layout.objects
        targets = [item for item in objects if item.graspable and target in ("", item.name)]
        tasks: list[Task] = []
        for item in targets:
            for other in objects:
                wanted = TaskKind.BESIDE if other.graspable else TaskKind.PLACE
                if wanted is not kind or other is item:
                    continue
                if has_room(kind, item, other, self._layout, places):
                    tasks.append(Task(kind=kind, target=item.name, reference=other.name))
        if not tasks:
            tasks = [Task(kind=TaskKind.PICK, target=item.name) for item in targets]
        return tasks[int(self._rng.integers(len(tasks)))]


def _table(rng: np.random.Generator, seed: int) -> Layout:
    """Draw a table that training may show; three in ten have cubes and cylinders only."""
    if rng.random() < 0.3:
        layout = random_layout(seed)
        if not holds_held_out(layout):
            return layout
    return task_layout(seed)


def _start(rng: np.random.Generator, layout: Layout, target: str) -> NDArray[np.float64]:
    """Draw a start over the table, or (two in five) right beside an object."""
    if rng.random() < 0.6:
        return random_start(rng)
    item = layout.named(target)
    angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.06)
    low = 0.0 if radius < 0.006 else 0.055
    return np.array(
        [
            max(0.405, item.x + radius * np.cos(angle)),
            item.y + radius * np.sin(angle),
            GRASP_HEIGHT + rng.uniform(low, 0.11),
        ]
    )


def _inside(position: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shorten a step so that the hand stays over the table."""
    low = np.array([0.405, -0.25, GRASP_HEIGHT - 0.004])
    high = np.array([0.68, 0.25, LIFT_HEIGHT + 0.08])
    return np.clip(position + step, low, high) - position


def collect(folder: Path, *, frames: int, shard_frames: int = 5000, processes: int = 2) -> None:
    """Record shards in parallel; whatever exists already is kept.

    Args:
        folder: Where the shards go.
        frames: Total number of frames.
        shard_frames: Frames of one shard.
        processes: Local processes.
    """
    import multiprocessing

    folder.mkdir(parents=True, exist_ok=True)
    count = -(-frames // shard_frames)
    # 20,000 seeds for each shard: more than it can use, so that shards never share a layout.
    jobs = [(folder / f"shard_{i:03d}", i * 20_000, shard_frames) for i in range(count)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for index, _ in enumerate(pool.imap_unordered(_collect_job, jobs)):
            print(f"shard {index + 1} of {count} done", flush=True)


def _collect_job(job: tuple[Path, int, int]) -> None:
    collect_shard(*job)
