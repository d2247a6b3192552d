"""Checks of a chunk before anything moves. A violation rejects the chunk.

Nothing is changed unless somebody chose :func:`clamp`, and that never moves a joint, a corner of
the workspace or a table. The checks that need the arm's shape import pinocchio and MuJoCo when the
first chunk reaches them, so the window can read verdicts without either.
"""

from robot.guard.clamping import clamp
from robot.guard.judge import preview
from robot.guard.limits import Limits
from robot.guard.verdict import Preview, RejectedError, Verdict, first_steps
from robot.guard.workspace import Workspace

__all__ = [
    "Limits",
    "Preview",
    "RejectedError",
    "Verdict",
    "Workspace",
    "clamp",
    "first_steps",
    "preview",
]
