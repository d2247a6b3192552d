"""One shard of demonstrations while it is recorded.

A shard is a folder of plain ``.npy`` files, so that training reads frames at random through the
page cache: ``front`` and ``wrist`` (N, 120, 160, 3) uint8, ``depth`` (M, 120, 160) float16 [m] of
the frames in ``depth_index``, and per frame ``tool`` (N, 3) [m], ``width`` (N,) [m], ``objects``
(N, 6, 3) [m], ``colour`` and ``shape`` (N, 6) indices with -1 for nothing, ``held`` (N,) index or
-1, ``camera`` (N, 4, 4) pose of the front camera in the base frame [m], ``episode`` (N,).

Nothing in it belongs to a task: labels for every task are computed later from where things are.
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
from robot.sim.expert import EMPTY_WIDTH, NEAR, OPEN_WIDTH
from robot.sim.layout import COLOURS, SHAPES

IMAGE_SIZE = (160, 120)
"""Width and height of the frames that the embedded model is shown [px]."""

MOST_THINGS = len(COLOURS)
"""Things of distinct colours that a table can hold."""

DEPTH_EVERY = 3


@dataclass(slots=True)
class Recording:
    """Frames so far, one list for each array of the shard."""

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
    camera: list[NDArray[np.float64]] = field(default_factory=list)
    episode: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.front)

    def add(self, lab: DirectLab, episode: int) -> None:
        """Record what the cameras see now, and where everything is."""
        if len(self.front) % DEPTH_EVERY == 0:
            assert lab.renderer is not None, "demonstrations need pictures"
            depth = lab.renderer.depth(lab.data, "front")
            self.depth.append(depth[::2, ::2].astype(np.float16))
            self.depth_index.append(len(self.front))
        front, wrist = (prepare_frame(frame.image, IMAGE_SIZE) for frame in lab.frames())
        self.front.append(front)
        self.wrist.append(wrist)
        self.tool.append(lab.tool)
        self.width.append(lab.width)
        places = np.full((MOST_THINGS, 3), np.nan)
        colour, shape = (np.full(MOST_THINGS, -1, dtype=np.int8) for _ in range(2))
        for index, item in enumerate(lab.layout.objects):
            places[index] = lab.object_position(item.slot)
            colour[index] = list(COLOURS).index(item.colour)
            shape[index] = SHAPES.index(item.shape)
        self.objects.append(places)
        self.colour.append(colour)
        self.shape.append(shape)
        self.held.append(held_thing(lab))
        self.camera.append(lab.front.pose)
        self.episode.append(episode)

    def save(self, folder: Path) -> None:
        """Write all arrays, then rename the folder into place."""
        partial = folder.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in self.__dataclass_fields__:
            np.save(partial / f"{name}.npy", np.asarray(getattr(self, name)))
        (partial / "meta.json").write_text(json.dumps({"frames": len(self.front)}))
        os.replace(partial, folder)


def held_thing(lab: DirectLab) -> int:
    """Return the index of the thing between half-closed fingers, or -1."""
    if not EMPTY_WIDTH < lab.width < OPEN_WIDTH:
        return -1
    tool = lab.tool
    gaps = [
        float(np.linalg.norm(lab.object_position(item.slot) - tool)) if item.graspable else np.inf
        for item in lab.layout.objects
    ]
    nearest = int(np.argmin(gaps))
    return nearest if gaps[nearest] < NEAR else -1
