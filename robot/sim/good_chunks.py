"""Chunks of the embedded model that were run in the lab: what a guard must not reject.

``python -m robot.sim.good_chunks`` runs the model on held-out layouts in the direct lab, half of
the trials told what to pick up and half steered by a drawn line, and stores every chunk with where
the arm was when it was run (assets/guard/good_chunks.npz). ``bench guard`` judges them.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, RobotState, StudioError

GOOD_CHUNKS = Path(__file__).resolve().parents[2] / "assets" / "guard" / "good_chunks.npz"
TRIALS = 60
FIRST_LAYOUT = 70_000
"""Added to the seed from which held-out layouts begin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoodChunk:
    """A chunk and where the arm was.

    Attributes:
        chunk: What the model answered; all of its steps.
        steps: How many of them were run.
        start: (4, 4) commanded pose [m].
        state: What the arm measured.
    """

    chunk: ActionChunk
    steps: int
    start: NDArray[np.float64]
    state: RobotState


def load_good_chunks(path: Path = GOOD_CHUNKS) -> tuple[GoodChunk, ...]:
    """Read the stored chunks.

    Raises:
        StudioError: If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            rows = [stored[name] for name in ("actions", "steps", "start", "pose", "q", "gripper")]
            rate = float(stored["rate_hz"])
        return tuple(
            GoodChunk(
                chunk=ActionChunk(actions=actions, rate_hz=rate),
                steps=int(steps),
                start=start,
                state=RobotState(q=q, ee_pose=pose, gripper=float(gripper), t_ns=0),
            )
            for actions, steps, start, pose, q, gripper in zip(*rows, strict=True)
        )
    except (OSError, ValueError, KeyError) as error:
        raise StudioError(
            f"the good chunks cannot be read from {path} ({error}); "
            "'python -m robot.sim.good_chunks' makes them"
        ) from error


def collect(trials: int, path: Path) -> int:
    """Run the model and store its chunks; return how many there are."""
    from core.policy.local import load_policy
    from core.policy.server import EMBEDDED_MODEL
    from robot.sim.harness.cases import Case, Condition, Goal, Scene
    from robot.sim.kinematics import down_pose
    from robot.sim.layout import HELD_OUT_SEED
    from robot.sim.tasks import TaskKind
    from robot.sim.trial_labs import DirectTrialLab
    from robot.sim.trials import Look, run_trial

    kept: list[GoodChunk] = []

    class RecordingLab(DirectTrialLab):
        def execute(self, chunk: ActionChunk, steps: int, look: Look | None = None) -> str:
            start = down_pose(self._lab.command)
            kept.append(GoodChunk(chunk=chunk, steps=steps, start=start, state=self._lab.state()))
            return super().execute(chunk, steps, look)

    policy = load_policy(str(EMBEDDED_MODEL), device="cpu", threads=1)
    with closing(RecordingLab()) as lab:
        for index in range(trials):
            case = Case(
                kind=TaskKind.PICK,
                seed=HELD_OUT_SEED + FIRST_LAYOUT + index,
                condition=(Condition.INSTRUCTION, Condition.TRACE)[index % 2],
                goal=(Goal.DRAWN, Goal.OTHER)[index % 2],
                scene=Scene.SIMPLE,
            )
            trial = run_trial(lab, policy, case)
            print(f"[{index + 1}/{trials}] {trial.ended}; {len(kept)} chunks", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        actions=np.stack([one.chunk.actions for one in kept]),
        steps=np.array([one.steps for one in kept]),
        start=np.stack([one.start for one in kept]),
        pose=np.stack([one.state.ee_pose for one in kept]),
        q=np.stack([one.state.q for one in kept]),
        gripper=np.array([one.state.gripper for one in kept]),
        rate_hz=kept[0].chunk.rate_hz,
    )
    return len(kept)


def main() -> None:
    """Collect from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--out", type=Path, default=GOOD_CHUNKS)
    arguments = parser.parse_args()
    print(f"{collect(arguments.trials, arguments.out)} chunks in {arguments.out}", flush=True)


if __name__ == "__main__":
    main()
