"""A small LeRobot data set of the simulated lab, for tests, documentation and first steps.

The expert picks objects up, or puts them on a plate or next to another one. The names and
conventions are ours, or those of an imagined other arm: absolute poses with Euler angles in
degrees, an inverted gripper, other columns and cameras.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from core.camera import CameraModel
from core.export.lerobot import KEYFRAMES, VIDEO
from core.export.lerobot_rows import as_table, video_feature
from core.export.statistics import PictureStats, column_stats
from core.ply import write_whole
from core.types import RobotState
from core.video import VideoFile
from robot.sim.direct import RATE_HZ, DirectLab
from robot.sim.expert import HandState, expert_action
from robot.sim.layout import Layout, random_layout
from robot.sim.scene import FRAME_SIZE, camera_models
from robot.sim.task_layout import HELD_OUT_COMBINATIONS, task_layout
from robot.sim.tasks import Task, TaskKind, destination, draw_task, is_done, possible_tasks
from training.data.actions import Poses, from_matrices, native_actions
from training.data.conventions import FILE, Arm, Part, Pose
from training.data.conventions_file import parse_conventions
from training.data.lab_names import DEPTH_COLUMN, NAMES, ROBOTS
from training.data.lerobot_out import Episode, index_features, write_dataset
from training.data.pictures import encode_png
from training.data.types import Clip
from training.data.workplace import Workplace

ALL = "all"
MAX_STEPS = 60
AFTER_DONE = 3
IDLE_STEPS = 2
"""Steps at the beginning in which nothing is asked, as when a person has not begun yet."""


@dataclass(slots=True, kw_only=True)
class _Recording:
    """One episode while it is recorded."""

    instruction: str
    front: list[NDArray[np.uint8]]
    wrist: list[NDArray[np.uint8]]
    depth: list[NDArray[np.uint16]]
    states: list[RobotState]
    actions: list[NDArray[np.float64]]
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    """What lies there, and what is to be done with it."""

    seed: int
    layout: Layout
    task: Task


def make_lab(
    out: Path,
    *,
    episodes: int,
    names: str = "ours",
    task: str = TaskKind.PICK,
    first_seed: int = 0,
    novel: bool = False,
) -> Path:
    """Record episodes in the lab and write them as a LeRobot data set with its conventions.

    Args:
        out: Folder of the data set.
        episodes: Number of episodes.
        names: "ours" or "other".
        task: A kind of task, or "all" for one after the other.
        first_seed: Seed of the first layout; the others count up.
        novel: Ask only for things whose colour and shape the embedded model never saw together.

    Returns:
        Where it is.

    Raises:
        StudioError: If it cannot be written.
    """
    declared = _with_cameras({"rate": RATE_HZ, **NAMES[names]})
    conventions = parse_conventions(declared, out)
    place = Workplace(out, None)
    lab = DirectLab()
    try:
        folder = place.bench()
        features = _features(conventions.arms[0], names)
        seeds = range(first_seed, first_seed + episodes)
        write_dataset(
            folder,
            _episodes(lab, folder, _tables(seeds, task, novel), declared, features),
            features=features,
            fps=RATE_HZ,
            robot=ROBOTS[names],
        )
        text = yaml.safe_dump(declared, sort_keys=False, default_flow_style=None, width=100)
        write_whole(folder / FILE, text.encode())
        return place.complete()
    finally:
        lab.close()
        place.close()


def _episodes(
    lab: DirectLab,
    folder: Path,
    tables: Iterator[_Table],
    declared: Mapping[str, Any],
    features: Mapping[str, Any],
) -> Iterator[Episode]:
    conventions = parse_conventions(declared, folder)
    front, wrist = (camera.column for camera in conventions.cameras)
    for number, drawn in enumerate(tables):
        recording = _record(lab, drawn.layout, drawn.task)
        columns = _columns(conventions.arms[0], recording)
        numbers = {name: entry for name, entry in features.items() if name in columns}
        table = as_table(columns, numbers)
        cells = [{"bytes": encode_png(depth), "path": None} for depth in recording.depth]
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        table = table.append_column(DEPTH_COLUMN, pa.array(cells, type=kind))
        times = np.arange(len(recording.actions)) / RATE_HZ
        table = table.append_column("timestamp", pa.array(times.astype(np.float32)))
        stats: dict[str, Any] = {name: column_stats(values) for name, values in columns.items()}
        clips: dict[str, Clip] = {}
        for camera, pictures in ((front, recording.front), (wrist, recording.wrist)):
            path = folder / VIDEO.format(video_key=camera, chunk_index=0, file_index=number)
            stats[camera] = _film(path, pictures)
            clips[camera] = Clip(path=path)
        yield Episode(
            table=table,
            tasks=[recording.instruction] * len(recording.actions),
            stats=stats,
            clips=clips,
            about={"success": recording.done, "seed": drawn.seed},
        )


def _tables(seeds: range, task: str, novel: bool) -> Iterator[_Table]:
    """Return what lies on the table, and a task for it; the same ones for the same seeds."""
    kinds = list(TaskKind) if task == ALL else [TaskKind(task)]
    for number, seed in enumerate(seeds):
        kind = kinds[number % len(kinds)]
        rng = np.random.default_rng([seed, 77])
        if kind is TaskKind.PICK and not novel:  # any table will do
            layout = random_layout(seed)
            target = layout.objects[int(rng.integers(len(layout.objects)))]
            yield _Table(seed, layout, Task(kind=kind, target=target.name))
        else:
            yield _drawn_table(rng, seed, kind, novel)


def _drawn_table(rng: np.random.Generator, seed: int, kind: TaskKind, novel: bool) -> _Table:
    for attempt in count():
        layout = task_layout(seed + 100_000 * attempt, held_out_combinations=novel)
        unseen = {
            item.name
            for item in layout.objects
            if (item.colour, item.shape) in HELD_OUT_COMBINATIONS
        }
        tasks = possible_tasks(layout, kind)
        if novel:
            tasks = [each for each in tasks if {each.target, each.reference} & unseen]
            if tasks:
                return _Table(seed, layout, tasks[int(rng.integers(len(tasks)))])
        elif tasks:
            return _Table(seed, layout, draw_task(rng, layout, kind))
    raise AssertionError("tables never end")


def _record(lab: DirectLab, layout: Layout, task: Task) -> _Recording:
    slot = layout.named(task.target).slot
    lab.reset(layout)
    recording = _Recording(
        instruction=task.instruction, front=[], wrist=[], depth=[], states=[], actions=[]
    )
    after = 0
    for step in range(MAX_STEPS):
        action = np.zeros(7)
        action[6] = 1.0
        if step >= IDLE_STEPS:
            state = HandState(position=lab.tool[None], width=np.array([lab.width]))
            goal = destination(task, layout, lab.places())
            target = lab.object_position(slot)[None]
            action = expert_action(state, target, None if goal is None else goal[None])[0]
        front, wrist = lab.frames()
        assert lab.renderer is not None, "this lab was opened with pictures"
        metres = lab.renderer.depth(lab.data, "front")[::2, ::2]
        recording.front.append(front.image)
        recording.wrist.append(wrist.image)
        recording.depth.append(np.rint(1000 * np.clip(metres, 0, 65)).astype(np.uint16))
        recording.states.append(lab.state())
        recording.actions.append(action)
        lab.step(action)
        recording.done = is_done(task, layout, lab.places(), lab.tool, lab.width)
        after += recording.done
        if after >= AFTER_DONE:
            break
    return recording


def _columns(arm: Arm, recording: _Recording) -> dict[str, NDArray[Any]]:
    poses = np.stack([state.ee_pose for state in recording.states])
    measured = Poses(
        position=poses[:, :3, 3],
        rotation=poses[:, :3, :3],
        gripper=np.array([state.gripper for state in recording.states]),
    )
    asked = native_actions(arm, np.stack(recording.actions), measured)
    assert arm.state is not None, "both sets of names declare the state"
    columns: dict[str, NDArray[Any]] = {}
    for pose, values in ((arm.action, asked), (arm.state, measured)):
        for part, numbers in _parts(pose, values):
            known = columns.get(part.column)
            columns[part.column] = numbers if known is None else np.hstack([known, numbers])
    return columns | {"joints": np.stack([state.q for state in recording.states])}


def _parts(pose: Pose, values: Poses) -> Iterator[tuple[Part, NDArray[np.float64]]]:
    if pose.position is not None:
        yield pose.position, values.position / pose.metres
    if pose.rotation is not None:
        yield pose.rotation, from_matrices(values.rotation, pose.form, pose.radians)
    if pose.gripper is not None:
        raw = pose.closed + values.gripper * (pose.opened - pose.closed)
        yield pose.gripper, raw[:, None]


def _features(arm: Arm, names: str) -> dict[str, dict[str, Any]]:
    columns: dict[str, list[str]] = {}
    for pose in (arm.action, arm.state):
        assert pose is not None, "both sets of names declare the state"
        for part in (pose.position, pose.rotation, pose.gripper):
            assert part is not None, "both sets of names declare all parts"
            columns.setdefault(part.column, []).extend(str(value) for value in part.values)
    columns["joints"] = [f"joint{index + 1}" for index in range(7)]
    table: dict[str, dict[str, Any]] = {
        column: {
            "dtype": "float32",
            "shape": [len(values)],
            "names": values if len(values) > 1 else None,
        }
        for column, values in columns.items()
    }
    for camera in NAMES[names]["cameras"]:
        table[camera["column"]] = video_feature(FRAME_SIZE, round(RATE_HZ))
    table[DEPTH_COLUMN] = {
        "dtype": "image",
        "shape": [FRAME_SIZE[1] // 2, FRAME_SIZE[0] // 2, 1],
        "names": ["height", "width", "channels"],
        "info": {"is_depth_map": True, "depth_unit": "mm"},
    }
    return table | index_features()


def _film(path: Path, pictures: list[NDArray[np.uint8]]) -> Mapping[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    film = VideoFile(path, size=FRAME_SIZE, fps=round(RATE_HZ), keyframe_every=KEYFRAMES)
    stats = PictureStats()
    try:
        for picture in pictures:
            film.add(picture)
            stats.add(picture)
        film.finish()
    finally:
        film.abandon()
    return stats.stats()


def _with_cameras(declared: Mapping[str, Any]) -> dict[str, Any]:
    models = camera_models()

    def known(camera: Mapping[str, Any], model: CameraModel) -> dict[str, Any]:
        return {**camera, "calibration": model.to_message()}

    pairs = zip(declared["cameras"], (models["front"], models["wrist"]), strict=True)
    return {**declared, "cameras": [known(camera, model) for camera, model in pairs]}
