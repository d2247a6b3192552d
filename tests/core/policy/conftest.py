"""A policy that answers by a script, so that tests decide when and what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.policy.base import Cancelled, check_request
from core.policy.server import PolicyServer
from core.types import (
    ActionChunk,
    Capabilities,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    Trace,
    TraceSource,
)


class ScriptedPolicy:
    """Reports depth, then a trace, then waits for the test to open the gate, then answers."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(
            name="scripted",
            depth=True,
            trace_out=True,
            trace_in=True,
            stream=True,
            cancel=True,
            chunk=3,
            images=2,
            image_size=(32, 24),
            execute_steps=2,
        )
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)
        self.order: list[str] = []
        self.thread_names: set[str] = set()
        self.seen: list[Observation] = []
        self.failure: Exception | None = None
        self.error = ""

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: Callable[[Reasoning], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        check_request(observation, trace)
        self.order.append(observation.instruction)
        self.thread_names.add(threading.current_thread().name)
        self.seen.append(observation)
        self.started.release()
        try:
            if self.failure is not None:
                raise self.failure
            answer = Reasoning(
                request_id=request_id,
                text="so far",
                prompt=observation.instruction,
                depth=DepthTokens(codes=np.arange(100)),
                depth_map=DepthMap(values=np.full((6, 8), 0.5), metric=True),
                model_image=observation.frames[0].image,
                steered_by=trace,
                timings={"depth": 0.25},
            )
            if on_stage is not None:
                on_stage(answer)
            answer = replace(answer, traces=(Trace(points=np.array([[1, 2], [3, 4]])),))
            if on_stage is not None:
                on_stage(answer)
            while not self.gate.wait(0.002):
                if cancelled is not None and cancelled():
                    raise Cancelled
            if self.error:
                return replace(answer, error=self.error)
            actions = np.full((3, 7), float(len(observation.instruction)))
            return replace(
                answer, text="done", chunk=ActionChunk(actions=actions), warnings=("a doubt",)
            )
        finally:
            self.ended.release()


@pytest.fixture
def policy() -> Iterator[ScriptedPolicy]:
    scripted = ScriptedPolicy()
    yield scripted
    scripted.gate.set()


@pytest.fixture
def server(policy: ScriptedPolicy) -> Iterator[PolicyServer]:
    with PolicyServer(policy) as running:
        yield running


@pytest.fixture
def observation() -> Observation:
    image = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    return Observation(
        frames=(
            Frame(camera="front", image=image, t_ns=5, seq=1),
            Frame(camera="wrist", image=image[::-1], t_ns=6, seq=2),
        ),
        instruction="pick up the red cube",
    )


@pytest.fixture
def drawn() -> Trace:
    return Trace(points=np.array([[0.0, 1.5], [255.0, 128.0]]), source=TraceSource.USER)
