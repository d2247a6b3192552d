"""franky-sim's protocol server, which tells the arm where motions begin and end.

A client that talks nonsense is hung up on; franky-sim would end with its error.
"""

from __future__ import annotations

import contextlib
import logging
import struct
from typing import Any, cast

import numpy as np
import pinocchio as pin  # pyright: ignore[reportMissingImports]  # cmeel's own path
from franky_sim.franka_robot_protocol import (
    MoveCommandControllerMode,
    MoveCommandMotionGeneratorMode,
)
from franky_sim.franka_robot_server import ControlMode, FrankaRobotServer
from franky_sim.franka_server import FrankaServer

from robot.sim.mended import MendedRobot

_log = logging.getLogger(__name__)


class MendedServer(FrankaRobotServer):
    """The protocol's server for one arm and its gripper, which survives damaged messages."""

    def process_commands(self) -> None:
        """Answer the clients of the arm and of the gripper; run once per millisecond."""
        _serve(self)
        if self.gripper_server is not None:
            _serve(self.gripper_server)

    @property
    def _arm(self) -> MendedRobot:
        return cast(MendedRobot, self.robot)

    def start_motion(
        self,
        controller_mode: MoveCommandControllerMode,
        motion_generator_mode: MoveCommandMotionGeneratorMode,
        motion_id: int,
    ) -> None:
        """Begin a motion of the client."""
        super().start_motion(controller_mode, motion_generator_mode, motion_id)
        modes = MoveCommandMotionGeneratorMode
        cartesian = motion_generator_mode == modes.kCartesianPosition
        judged = controller_mode != MoveCommandControllerMode.kExternalController and (
            cartesian or motion_generator_mode == modes.kJointPosition
        )
        self._arm.begin_motion(cartesian=cartesian, judged=judged)

    def stop_motion(self, send_preemption_signal: bool = True) -> None:
        """End a motion; it was the client's own end unless it has to be told."""
        super().stop_motion(send_preemption_signal)
        self._arm.end_motion(finished=not send_preemption_signal)

    def _post_process_commands(self) -> None:
        """Move the arm on; a commanded pose goes another way than franky-sim's.

        ``pinocchio.Quaternion`` of a matrix (eigenpy 3.13) keeps 80 bytes for good: 5 MB a minute.
        """
        inside: Any = self  # franky-sim keeps the command to itself
        if inside._FrankaRobotServer__control_mode != ControlMode.CARTESIAN_POSITION:
            super()._post_process_commands()
            return
        command = inside._FrankaRobotServer__current_control_command
        pose = pin.SE3(np.array(command.O_T_EE_c).reshape((4, 4), order="F"))
        self._arm.cartesian_position_control(
            pin.SE3ToXYZQUAT(pose),
            np.array(command.elbow_c) if command.valid_elbow else None,
            has_new_command=inside._FrankaRobotServer__has_new_command,
        )

    def _handle_udp_command(self, command_data: bytes) -> None:
        self._arm.answered(struct.unpack_from("<Q", command_data)[0])
        super()._handle_udp_command(command_data)

    def send_state(self) -> None:
        """Send the states; one that the network does not take is lost, as any datagram may be."""
        with contextlib.suppress(OSError):
            super().send_state()


def _serve(server: FrankaServer) -> None:
    try:
        FrankaServer.process_commands(server)
    except (ValueError, KeyError, struct.error) as error:
        _log.warning("hung up on a client of the simulated robot that sent nonsense: %s", error)
        server.reset_state()
        server._post_process_commands()  # the joints still need their torques for this step
