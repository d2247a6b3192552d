"""What the arm did in a run, in the terms in which the model said what it should do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from core.review.session import ReviewSession
from core.session.events import ChunkEnded, ChunkStarted, Reasoned, StepDone
from core.types import ACTION_DIM, RobotState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Execution:
    """A plan and what became of it.

    Attributes:
        predicted: (N, 7) what the model said: steps [m, rad, 0..1].
        executed: (K, 7) what was measured from step to step, K <= N; (0, 7) when it never ran.
        reason: Why the run ended; empty when it never ran or goes on.
    """

    predicted: NDArray[np.float64]
    executed: NDArray[np.float64]
    reason: str = ""


def execution_of(session: ReviewSession, answer: int) -> Execution | None:
    """Return what became of an answer; None when it has no actions.

    Args:
        session: The session.
        answer: Index of a :class:`Reasoned` in its events.

    Raises:
        StudioError: If the file is damaged.
    """
    event = session.events[answer]
    if not isinstance(event, Reasoned) or event.reasoning.chunk is None:
        return None
    number, run = event.reasoning.request_id, ""
    poses: list[RobotState] = []
    reason = ""
    for later in session.events[answer + 1 :]:
        match later:
            case Reasoned() if later.reasoning.request_id == number:
                break  # numbers began anew
            case ChunkStarted() if later.request_id == number and not run:
                run = later.run_id
                before = session.state_at(later.wall_ns)
                poses = [] if before is None else [before]
            case StepDone() if run and later.run_id == run:
                state = later.state or session.state_at(later.wall_ns)
                if state is not None:
                    poses.append(state)
            case ChunkEnded() if run and later.run_id == run:
                reason = later.reason
                break
            case _:
                pass
    return Execution(predicted=event.reasoning.chunk.actions, executed=_steps(poses), reason=reason)


def _steps(states: list[RobotState]) -> NDArray[np.float64]:
    """Return the (K, 7) motion between consecutive states, in the base frame."""
    rows = np.zeros((max(len(states) - 1, 0), ACTION_DIM))
    for row, (before, after) in zip(rows, pairwise(states), strict=True):
        row[:3] = after.ee_pose[:3, 3] - before.ee_pose[:3, 3]
        turn = after.ee_pose[:3, :3] @ before.ee_pose[:3, :3].T
        row[3:6] = Rotation.from_matrix(turn).as_rotvec()
        row[6] = after.gripper
    return rows
