"""What an operator sets and confirms before the arm may move: workspace, speed, checklist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.types import StudioError
from robot.base import Robot
from robot.guard import RejectedError, Workspace
from robot.rig.checks import (
    SpeedSettable,
    first_checklist,
    recovery_checklist,
    require_confirmed,
)
from robot.rig.desk import Desk, Operation
from robot.rig.messages import SpeedChanged
from robot.rig.plan import Peer
from robot.rig.requests import corner, flag, names, optional_number
from robot.rig.rules import RigRules
from robot.rig.states import MotionState

SLOWEST = 0.01


class Setup:
    """Operations that change what the arm may do; each is refused while it moves."""

    def __init__(
        self, *, robot: Robot, desk: Desk, rules: RigRules, checks: Sequence[Any] = ()
    ) -> None:
        """Prepare.

        Args:
            robot: The arm.
            desk: What is told of changes.
            rules: How strict to be.
            checks: Items of the checklist that are not about the arm.
        """
        self._checks = checks
        self._robot = robot
        self._desk = desk
        self._rules = rules
        self._speed = rules.speed
        self.operations: dict[str, Operation] = {
            "set_workspace": self._set_workspace,
            "teach": self._teach,
            "set_speed": self._set_speed,
            "checklist": self._checklist,
            "acknowledge": self._acknowledge,
        }

    @property
    def speed(self) -> float:
        """Share of the arm's dynamics."""
        return self._speed

    def slow_down(self) -> None:
        """Go back to the speed after an error, if the rules have one."""
        share = self._rules.recovered_speed
        if share is not None and share < self._speed:
            self._apply_speed(share, "The arm is slow again after its error.")

    def _set_workspace(self, request: dict[str, Any], owner: Peer) -> Any:
        self._require_holder(owner)
        workspace = Workspace(low=corner(request, "low"), high=corner(request, "high"))
        workspace.require_sensible(self._desk.limits.table)
        limits = replace(self._desk.limits, workspace=workspace)
        self._desk.set_limits(limits, "The workspace was changed; preview the plan again.")
        return {"limits_revision": self._desk.revision}

    def _teach(self, _request: dict[str, Any], _owner: Peer) -> Any:
        return np.asarray(self._robot.state().ee_pose[:3, 3], dtype=np.float64)

    def _set_speed(self, request: dict[str, Any], owner: Peer) -> Any:
        self._require_holder(owner)
        share, most = optional_number(request, "share"), self._rules.max_speed
        if share is None or not SLOWEST <= share <= most:
            raise RejectedError(
                f"The speed would be {share}; {SLOWEST:.2f} to {most:.2f} of the arm's dynamics "
                "are allowed (--max-speed of the rig says how much)."
            )
        self._apply_speed(share, "The speed was changed; preview the plan again.")
        return {"limits_revision": self._desk.revision}

    def _apply_speed(self, share: float, why: str) -> None:
        if not isinstance(self._robot, SpeedSettable):
            raise StudioError("The speed of this arm cannot be set while the rig runs.")
        self._desk.set_limits(self._desk.limits, why)
        self._robot.set_speed(share)
        self._speed = share
        self._desk.tell(SpeedChanged(share=share))

    def _checklist(self, request: dict[str, Any], _owner: Peer) -> Any:
        if self._desk.authority.state is MotionState.EXECUTING:
            raise RejectedError("The arm is still moving; wait for its end, or stop it.")
        if not flag(request, "recovery"):
            return self._first_checklist()
        return recovery_checklist(self._robot, real=self._rules.real)

    def _acknowledge(self, request: dict[str, Any], owner: Peer) -> Any:
        self._require_holder(owner)
        items = self._first_checklist()
        require_confirmed(items, names(request, "items"))
        self._desk.decide(lambda authority: authority.lack("checklist", ""))

    def _first_checklist(self) -> list[dict[str, str]]:
        return first_checklist(self._robot, real=self._rules.real, more=self._checks)

    def _require_holder(self, owner: Peer) -> None:
        self._desk.decide(lambda authority: authority.require_holder(owner))
