"""Record demonstrations of the scripted expert in the direct lab.

A shard is a folder of plain ``.npy`` files, so that training reads frames at random through the
page cache: ``front`` and ``wrist`` (N, 120, 160, 3) uint8, ``depth`` (M, 120, 160) float16 [m] of
the frames in ``depth_index``, and per frame ``tool`` (N, 3) [m], ``width`` (N,) [m], ``objects``
(N, 4, 3) [m], ``colour``, ``shape`` (N, 4) indices with -1 for no object, ``held`` (N,) index or
-1, ``episode`` (N,).

What is executed is disturbed (noise, kicks, early closing, a change of mind, starts beside the
object and with closed fingers); labels are computed later from the undisturbed expert.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.overlay import prepare_frame
from robot.sim.direct import DirectLab
from robot.sim.expert import (
    GRASP_HEIGHT,
    LIFT_HEIGHT,
    STEP,
    HandState,
    expert_action,
    random_start,
)
from robot.sim.layout import COLOURS, MAX_OBJECTS, SHAPES, Layout, random_layout

IMAGE_SIZE = (160, 120)
"""Width and height of the frames that the embedded model is shown [px]."""

MAX_STEPS = 28
DEPTH_EVERY = 3
STEPS_AFTER_LIFT = 2


@dataclass(slots=True)
class _Shard:
    """Frames of one shard while they are collected."""

    front: list[NDArray[np.uint8]] = field(default_factory=list)
    wrist: list[NDArray[np.uint8]] = field(default_factory=list)
    depth: list[NDArray[np.float16]] = field(default_factory=list)
    depth_index: list[int] = field(default_factory=list)
    tool: list[NDArray[np.float64]] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    objects: list[NDArray[np.float64]] = field(default_factory=list)
    colour: list[NDArray[np.int8]] = field(default_factory=list)
    shape: list[NDArray[np.int8]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    episode: list[int] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write all arrays, then rename the folder into place."""
        partial = folder.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in self.__dataclass_fields__:
            np.save(partial / f"{name}.npy", np.asarray(getattr(self, name)))
        (partial / "meta.json").write_text(json.dumps({"frames": len(self.front)}))
        os.replace(partial, folder)


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
    shard = _Shard()
    episode = seed
    while len(shard.front) < frames:
        _episode(lab, shard, episode)
        episode += 1
    lab.close()
    shard.save(folder)


def _episode(lab: DirectLab, shard: _Shard, seed: int) -> None:
    rng = np.random.default_rng([seed, 21])
    layout = random_layout(seed)
    target = int(rng.integers(len(layout.objects)))
    closed = rng.random() < 0.06
    lab.reset(layout, _start(rng, layout, target), width=0.0 if closed else 0.08)
    noise = rng.choice([0.0, 0.003, 0.006], p=[0.3, 0.4, 0.3])
    clumsy = rng.random() < 0.35
    after = 0
    for _ in range(MAX_STEPS):
        _record(lab, shard, layout, seed)
        slot = layout.objects[target].slot
        if any(lab.lifted(item.slot) for item in layout.objects):
            after += 1
            if after > STEPS_AFTER_LIFT:
                break
        state = HandState(position=lab.tool[None], width=np.array([lab.width]))
        centre = lab.object_position(slot)
        action = expert_action(state, centre[None])[0]
        if action[6] > 0.5:
            action[:3] += rng.normal(0.0, noise, 3)
            if rng.random() < 0.05:
                action[:3] = rng.uniform(-STEP, STEP, 3)
                target = int(rng.integers(len(layout.objects)))
            near = np.linalg.norm(centre[:2] - lab.tool[:2]) < 0.05
            if clumsy and near and rng.random() < 0.12:
                action[6] = 0.0
        action[:3] = _inside(lab.command, action[:3])
        lab.step(action)


def _start(rng: np.random.Generator, layout: Layout, target: int) -> NDArray[np.float64]:
    """Draw a start over the table, or (two in five) right beside an object."""
    if rng.random() < 0.6:
        return random_start(rng)
    item = layout.objects[target]
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


def _record(lab: DirectLab, shard: _Shard, layout: Layout, seed: int) -> None:
    if len(shard.front) % DEPTH_EVERY == 0:
        assert lab.renderer is not None
        depth = lab.renderer.depth(lab.data, "front")
        shard.depth.append(depth[::2, ::2].astype(np.float16))
        shard.depth_index.append(len(shard.front))
    front, wrist = (prepare_frame(frame.image, IMAGE_SIZE) for frame in lab.frames())
    shard.front.append(front)
    shard.wrist.append(wrist)
    shard.tool.append(lab.tool)
    shard.width.append(lab.width)
    places = np.full((MAX_OBJECTS, 3), np.nan)
    colour, shape = (np.full(MAX_OBJECTS, -1, dtype=np.int8) for _ in range(2))
    held = -1
    for index, item in enumerate(layout.objects):
        places[index] = lab.object_position(item.slot)
        colour[index] = list(COLOURS).index(item.colour)
        shape[index] = SHAPES.index(item.shape)
        near = np.linalg.norm(places[index] - lab.tool) < 0.03
        if near and 0.02 < lab.width < 0.06:
            held = index
    shard.objects.append(places)
    shard.colour.append(colour)
    shard.shape.append(shape)
    shard.held.append(held)
    shard.episode.append(seed)


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
