"""What a chunk must keep to."""

from __future__ import annotations

from dataclasses import dataclass

from robot.guard.workspace import Workspace

FINGERTIPS = 0.012
"""How far fingers that point down reach below the tool centre [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What a chunk must keep to.

    Attributes:
        workspace: Box for the tool; without one every chunk is rejected.
        step_metres: Longest translation of one step.
        step_radians: Largest rotation of one step.
        chunk_metres: Longest way of a chunk, step lengths added up.
        chunk_radians: Most rotation of a chunk, step angles added up.
        chunk_steps: Most steps of a chunk.
        speed: Fastest mean translation over a step [m/s].
        rate_hz: Lowest and highest rate.
        gripper_margin: How far a gripper value may lie outside 0..1; the action symbols do not
            hit 0 exactly.
        gripper_changes: How often a chunk may open or close the gripper.
        offset_metres: Largest distance between where the arm is and where the chunk starts.
        offset_radians: Largest rotation between the two.
        joint_margin: How far the joints stay away from their ends [rad].
        singularity: Smallest singular value of the flange's Jacobian [m/rad]; 0 is an arm that
            cannot move in some direction.
        jump: Most that a joint may turn in one step [rad]: more is another branch of the arm.
        share: Part of Franka's published velocities, accelerations and jerks that may be used.
        stretch: By how much a step may last longer than the chunk's rate says for their sake.
        clearance: Least distance of the arm to itself and to the table [m]. None checks neither
            and is somebody's deliberate choice: without MuJoCo a chunk is rejected, not waved
            through.
        table: Height of the table in the base frame [m]. None takes it to be just under the
            fingertips when the tool is at the bottom of the workspace.
    """

    workspace: Workspace | None = None
    step_metres: float = 0.05
    step_radians: float = 0.35
    chunk_metres: float = 0.40
    chunk_radians: float = 1.5
    chunk_steps: int = 64
    speed: float = 0.30
    rate_hz: tuple[float, float] = (0.5, 10.0)
    gripper_margin: float = 0.05
    gripper_changes: int = 1
    offset_metres: float = 0.04
    offset_radians: float = 0.25
    joint_margin: float = 0.05
    singularity: float = 0.10
    jump: float = 0.45
    share: float = 0.9
    stretch: float = 2.5
    clearance: float | None = 0.01
    table: float | None = None

    @property
    def table_height(self) -> float | None:
        """Height of the table as it is checked [m]; None when nothing says where it is."""
        if self.table is not None or self.workspace is None:
            return self.table
        return float(self.workspace.low[2]) - FINGERTIPS
