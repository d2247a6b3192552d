"""A scripted policy, recorder and rig with the interfaces of the real ones' clients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from core import depth
from core.overlay import draw_trace, prepare_frame
from core.policy.base import Cancelled
from core.protocol.action_codec import bins_of, rows_text
from core.protocol.prompts import reasoning_answer, steered_answer
from core.protocol.statistics import NormStats
from core.session.client import RecorderStatus
from core.types import ActionChunk, Capabilities, DepthTokens, Observation, Reasoning, Trace
from tests.app.fake_rig import Preview, ScriptedRig, Verdict
from tests.app.scenery import SIZE, ee_pose, front_camera, picture

__all__ = [
    "CODES",
    "MODEL_TRACE",
    "SIZE",
    "Preview",
    "ScriptedPolicy",
    "ScriptedRecorder",
    "ScriptedRig",
    "Verdict",
    "actions",
    "ee_pose",
    "front_camera",
    "picture",
]

NEAR, FAR = 0.5, 2.0
CODES = (np.arange(100) * 7) % 128
MODEL_TRACE = np.array([[120.0, 60.0], [110.0, 100.0], [96.0, 140.0], [90.0, 170.0]])


def actions(n: int = 8) -> np.ndarray:
    """Go down and to the right, closing the gripper at the end."""
    rows = np.zeros((n, 7))
    rows[:, 1], rows[:, 2] = -0.03, -0.025
    rows[:, 6] = 1.0
    rows[-2:, 6] = 0.0
    return rows


STATS = NormStats(
    q01=np.full(7, -0.05, np.float32),
    q99=np.full(7, 0.05, np.float32),
    mask=np.array([True] * 6 + [False]),
    summary={},
)


class ScriptedPolicy:
    """Answers at once, or stage by stage as far as ``steps`` are released."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self.capabilities = capabilities or Capabilities(
            name="scripted",
            depth=True,
            trace_out=True,
            trace_in=True,
            stream=True,
            cancel=True,
            chunk=8,
            images=2,
            image_size=(160, 120),
            execute_steps=2,
        )
        self.gate = threading.Event()
        self.gate.set()
        self.stage_fraction = 1.0
        self.asked: list[tuple[Observation, Trace | None]] = []
        self.cancelled = 0
        self.error: str = ""
        self.failure: Exception | None = None
        self.closed = False
        self.chunk = ActionChunk(actions=actions())

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: Callable[[Reasoning], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        self.asked.append((observation, trace))
        image = prepare_frame(observation.frames[0].image, self.capabilities.image_size)
        if trace is not None:
            image = draw_trace(image, trace.points)
        rows = rows_text(bins_of(self.chunk.actions, STATS))
        if trace is None:
            text = reasoning_answer(CODES, [MODEL_TRACE], rows, len(observation.frames))
        else:
            text = steered_answer(rows)
        if on_stage is not None:
            cut = int(len(text) * self.stage_fraction)
            on_stage(
                Reasoning(
                    request_id=request_id, text=text[:cut], model_image=image, steered_by=trace
                )
            )
        while not self.gate.wait(0.005):
            if cancelled is not None and cancelled():
                self.cancelled += 1
                raise Cancelled
        if self.failure is not None:
            raise self.failure
        map_ = depth.metric_map(np.tile(np.linspace(-0.6, 0.9, 80)[:, None], (1, 80)), NEAR, FAR)
        thinking = trace is None
        return Reasoning(
            request_id=request_id,
            text=text,
            prompt="scripted",
            depth=DepthTokens(codes=CODES) if thinking else None,
            depth_map=map_ if thinking else None,
            traces=(Trace(points=MODEL_TRACE),) if thinking else (),
            chunk=None if self.error else self.chunk,
            steered_by=trace,
            model_image=image,
            timings={"depth": 0.31, "trace": 0.42, "actions": 0.8, "total": 0.8}
            if thinking
            else {"actions": 0.4, "total": 0.4},
            error=self.error,
        )

    def close(self) -> None:
        self.closed = True


class ScriptedRecorder:
    """Keeps the events."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.closed = False
        self.error = ""
        self.left: list[Any] = []

    def put(self, event: Any) -> None:
        self.events.append(event)

    def status(self) -> RecorderStatus:
        return RecorderStatus(
            recording=True,
            seconds=192.0,
            bytes=4_200_000,
            path="session.mcap.part",
            error=self.error,
        )

    def close(self, timeout: float = 10.0) -> RecorderStatus:
        self.closed = True
        return self.status()

    def unsaved(self) -> list[Any]:
        return self.left

    def names(self) -> list[str]:
        """Kinds of the decisive events, in order."""
        return [type(e).__name__ for e in self.events if not e.droppable]
