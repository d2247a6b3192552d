"""``main.py bench serve``: what the server costs, how it stands a crowd, and who else can use it.

The overhead is a round trip less the inference, measured against a policy in this process that
answers at once: server and client share one interpreter here, which is the slower case. The crowd
and the episode run on a real checkpoint.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.policy.base import Policy, StageCallback
from core.policy.client import RemotePolicy
from core.policy.comparison import Question, ask_in_turn
from core.policy.limits import Limits
from core.policy.server import EMBEDDED_MODEL, PolicyServer
from core.report import Report
from core.types import (
    ActionChunk,
    Capabilities,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    Trace,
)

SIZE = (320, 240)
OVERHEAD_GOAL_MS = 5.0
SEED = 0
CLIENT = "openpi-client>=0.1.2,<0.2"
"""The range that was run; it asks for an older numpy than ours without needing it."""

Say = Callable[[str], None]


class EchoPolicy:
    """Answers at once with everything that a full answer has, so that only the way is measured."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(
            name="echo", depth=True, trace_out=True, trace_in=True, images=2
        )

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: StageCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        """Return a full answer; its ``total`` is the time spent in here [s]."""
        started = time.perf_counter()
        answer = Reasoning(
            request_id=request_id,
            text=observation.instruction,
            depth=DepthTokens(codes=np.arange(100)),
            depth_map=DepthMap(values=np.zeros((320, 320), np.float32), metric=True),
            traces=(Trace(points=np.array([[10.0, 20.0], [30.0, 40.0]])),),
            chunk=ActionChunk(actions=np.zeros((8, 7))),
            model_image=observation.frames[0].image,
            timings=(timings := {"total": 0.0}),
        )
        timings["total"] = time.perf_counter() - started
        return answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py bench serve``."""
    parser.add_argument("--model", default=str(EMBEDDED_MODEL), help="checkpoint for the crowd")
    parser.add_argument("--rounds", type=int, default=300, help="round trips for the overhead")
    parser.add_argument("--sessions", type=int, default=8, help="clients at once")
    parser.add_argument("--requests", type=int, default=3, help="requests of each client")
    parser.add_argument("--episode", type=int, default=5, help="requests of the openpi client")
    parser.add_argument("--comparisons", type=int, default=7, help="comparisons of five questions")
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_bench_serve(arguments: argparse.Namespace) -> int:
    """Run ``main.py bench serve``; returns 0 when it ran, whether or not the goals hold."""
    from core.policy.local import load_policy  # torch takes seconds to import

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    report = Report(
        f"main.py bench serve --model {arguments.model} --rounds {arguments.rounds} --sessions "
        f"{arguments.sessions} --requests {arguments.requests} --episode {arguments.episode} "
        f"--comparisons {arguments.comparisons}",
        seed=SEED,
    )
    measure_overhead(report, arguments.rounds)
    say("overhead measured; loading the model")
    policy = load_policy(arguments.model, progress=say)
    measure_crowd(report, policy, arguments.sessions, arguments.requests, say)
    measure_episode(report, policy, arguments.episode)
    say("episode done")
    measure_comparison(report, policy, arguments.comparisons + 1)
    say("comparisons done")
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def observation(seed: int = SEED) -> Observation:
    """Return two noisy 320 x 240 pictures and an instruction."""
    noise = np.random.default_rng(seed)
    images = noise.integers(0, 256, (2, SIZE[1], SIZE[0], 3), np.uint8)
    frames = tuple(
        Frame(camera=camera, image=image, t_ns=0)
        for camera, image in zip(("front", "wrist"), images, strict=True)
    )
    return Observation(frames=frames, instruction="pick up the red cube")


def measure_overhead(report: Report, rounds: int) -> None:
    """Measure round trips less the inference, asked as the studio asks and as openpi asks."""
    asked = observation()
    limits = Limits(rate=1e9)
    with PolicyServer(EchoPolicy(), limits=limits) as server, RemotePolicy(server.url) as remote:
        spent: list[float] = []
        for _ in range(rounds):
            started = time.perf_counter()
            answer = remote.infer(asked)
            spent.append(1000 * (time.perf_counter() - started - answer.timings["total"]))
    row = {"measurement": "loopback overhead, full answer", "policy": "echo", "clients": 1}
    p50 = float(np.median(spent))
    report.add_row(**row, answered=rounds, p50_ms=p50, p95_ms=float(np.percentile(spent, 95)))
    report.add_goal(
        "loopback overhead p50, 2 raw 320 x 240 images",
        p50,
        "ms",
        f"<= {OVERHEAD_GOAL_MS:g}",
        p50 <= OVERHEAD_GOAL_MS,
    )


def measure_crowd(report: Report, policy: Policy, sessions: int, requests: int, say: Say) -> None:
    """Let several clients ask at once; each waits for its answer before asking again."""

    def ask(number: int) -> list[float]:
        spent: list[float] = []
        with RemotePolicy(server.url, timeout_s=600.0) as remote:
            for _ in range(requests):
                started = time.perf_counter()
                remote.infer(observation(number))
                spent.append(1000 * (time.perf_counter() - started))
        say(f"session {number + 1} of {sessions}: {requests} answers")
        return spent

    name = policy.capabilities.name
    with PolicyServer(policy) as server, ThreadPoolExecutor(sessions) as pool:
        started = time.perf_counter()
        waits = list(pool.map(ask, range(sessions)))
        seconds = time.perf_counter() - started
    row: dict[str, Any] = {"policy": name, "clients": sessions}
    for number, spent in enumerate(waits):
        p50, p95 = float(np.median(spent)), float(np.percentile(spent, 95))
        title = f"crowd, session {number + 1}"
        report.add_row(measurement=title, **row, answered=len(spent), p50_ms=p50, p95_ms=p95)
    everything = np.concatenate(waits)
    report.add_row(
        measurement="crowd, all sessions",
        **row,
        answered=len(everything),
        p50_ms=float(np.median(everything)),
        p95_ms=float(np.percentile(everything, 95)),
        answers_per_s=len(everything) / seconds,
    )
    wanted = sessions * requests
    report.add_goal(
        f"answers to {sessions} sessions",
        len(everything),
        "",
        str(wanted),
        len(everything) == wanted,
    )


def measure_comparison(report: Report, policy: Policy, rounds: int) -> None:
    """Ask five questions about one picture: in one message, and one after the other."""
    noise = np.random.default_rng(SEED)
    questions = [
        Question(),
        *(Question(trace=Trace(points=noise.uniform(20, 235, (5, 2)))) for _ in range(3)),
        Question(instruction="lift the red cube"),
    ]
    spent: dict[str, list[float]] = {"together": [], "in turn": []}
    limits = Limits(rate=1e9)
    with PolicyServer(policy, limits=limits) as server:
        for turn in range(rounds):
            asked = observation(turn)  # a picture of its own, to both ways
            for way in ("together", "in turn") if turn % 2 else ("in turn", "together"):
                with RemotePolicy(server.url, timeout_s=600.0) as remote:
                    ask = remote.compare if way == "together" else partial(ask_in_turn, remote)
                    started = time.perf_counter()
                    answers = ask(asked, questions)
                    seconds = time.perf_counter() - started
                if turn and all(isinstance(answer, Reasoning) for answer in answers):
                    spent[way].append(1000 * seconds)
    row: dict[str, Any] = {"policy": policy.capabilities.name, "clients": 1}
    for way, times in spent.items():
        p50, p95 = (float(np.percentile(times, at)) if times else None for at in (50, 95))
        title = f"comparison of {len(questions)}, {way}"
        report.add_row(measurement=title, **row, answered=len(times), p50_ms=p50, p95_ms=p95)
    ratio = float(np.median(spent["together"]) / np.median(spent["in turn"]))
    report.add_goal("comparison, together by in turn", ratio, "", "< 1", ratio < 1)


def measure_episode(report: Report, policy: Policy, steps: int) -> None:
    """Let an unmodified openpi client ask several times in a row."""
    try:
        module = importlib.import_module("openpi_client.websocket_client_policy")
    except ImportError:
        missing = f"not installed: pip install --no-deps '{CLIENT}'"
        report.add_row(measurement=f"openpi client, {missing}", answered=0)
        report.add_goal("episode of an unmodified openpi client", 0, "", str(steps), False)
        return
    asked = observation()
    message = {
        "observation/image": asked.frames[0].image,
        "observation/wrist_image": asked.frames[1].image,
        "observation/state": np.zeros(8, np.float32),
        "prompt": asked.instruction,
    }
    spent: list[float] = []
    with PolicyServer(policy) as server:
        host, port = server.url.removeprefix("ws://").split(":")
        client = module.WebsocketClientPolicy(host, int(port))
        for _ in range(steps):
            started = time.perf_counter()
            actions = np.asarray(client.infer(message)["actions"])
            if actions.ndim == 2 and np.isfinite(actions).all():
                spent.append(1000 * (time.perf_counter() - started))
        client._ws.close()  # pyright: ignore[reportPrivateUsage] - it offers no other way
    report.add_row(
        measurement="openpi client, episode",
        policy=policy.capabilities.name,
        clients=1,
        answered=len(spent),
        p50_ms=float(np.median(spent)) if spent else None,
        p95_ms=float(np.percentile(spent, 95)) if spent else None,
    )
    report.add_goal(
        "episode of an unmodified openpi client", len(spent), "", str(steps), len(spent) == steps
    )
