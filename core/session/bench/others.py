"""Two other ways to keep the same load, for comparison.

Raw arrays: every picture a file of numpy's. LeRobot's way (huggingface/lerobot, dataset v3.0):
rows at the cameras' rate, every picture a PNG written by threads, and at the end of the episode one
video a camera and one table. Both are built from the description of the format; nothing here is
read back by those programs.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from core.session.bench.load import CAMERAS, PICTURES_PER_SECOND, SIZE, Sink
from core.session.pictures import decode_picture, encode_png
from core.types import Frame, RobotState

WRITERS = 4
"""Threads that write PNG files, as many as LeRobot uses for each camera by default."""

Finish = Callable[[], dict[str, Any]]
"""Ends the session and returns what shall stand in the report about it."""


def raw_arrays(folder: Path) -> tuple[Sink, Finish]:
    """Write each picture at once, and the measurements at the end."""
    folder.mkdir()
    rows: list[list[float]] = []
    decisions = (folder / "decisions.jsonl").open("a", encoding="utf-8")

    def frame(value: Frame) -> None:
        np.save(folder / f"{value.camera}-{value.seq:06d}.npy", value.image)

    def state(value: RobotState) -> None:
        rows.append(_row(value))

    def decision(number: int) -> None:
        decisions.write(json.dumps({"decision": number}) + "\n")
        decisions.flush()

    def finish() -> dict[str, Any]:
        np.save(folder / "states.npy", np.asarray(rows))
        decisions.close()
        return {"frames": len(list(folder.glob("*-*.npy"))), "states": len(rows)}

    return Sink(frame=frame, state=state, decision=decision), finish


def lerobot_style(folder: Path) -> tuple[Sink, Finish]:
    """Write each picture as PNG in threads, and videos and the table at the end."""
    folder.mkdir()
    rows: list[list[float]] = []
    newest: list[RobotState] = []
    waiting: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()

    def write() -> None:
        while (value := waiting.get()) is not None:
            _png(folder, value.camera, value.seq).write_bytes(encode_png(value.image))

    threads = [threading.Thread(target=write, name=f"png-{i}") for i in range(WRITERS)]
    for thread in threads:
        thread.start()

    def frame(value: Frame) -> None:
        waiting.put(value)
        if value.camera == CAMERAS[0] and newest:
            rows.append(_row(newest[-1]))

    def state(value: RobotState) -> None:
        newest[:] = [value]

    def finish() -> dict[str, Any]:
        for _ in threads:
            waiting.put(None)
        for thread in threads:
            thread.join()
        written = len(list(folder.glob("*.png")))
        for camera in CAMERAS:
            _video(folder, camera)
        np.savez(folder / "episode.npz", state=np.asarray(rows))
        return {"frames": written, "states": len(rows)}

    return Sink(frame=frame, state=state, decision=lambda _: None), finish


def _row(state: RobotState) -> list[float]:
    return [state.t_ns * 1e-9, *state.q.tolist(), state.gripper]


def _png(folder: Path, camera: str, number: int) -> Path:
    return folder / f"{camera}-{number:06d}.png"


def _video(folder: Path, camera: str) -> None:
    """Encode the pictures of a camera, with a keyframe every second picture as LeRobot does."""
    paths = sorted(folder.glob(f"{camera}-*.png"))
    with av.open(str(folder / f"{camera}.mp4"), "w") as container:
        options = {"crf": "30", "preset": "veryfast", "g": "2"}
        stream = container.add_stream("libx264", rate=PICTURES_PER_SECOND, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for path in paths:
            picture = av.VideoFrame.from_ndarray(decode_picture(path.read_bytes()), format="rgb24")
            container.mux(stream.encode(picture))
            path.unlink()
        container.mux(stream.encode())
