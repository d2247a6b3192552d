"""franky-sim's gripper server with a mend: a stop answers the command that it ends.

A real hand reports the interrupted command as aborted. franky-sim forgets it, so the client's call
never returns, and libfranka, which polls for the answer, starves every later command.
"""

from __future__ import annotations

import socket

from franky_sim import franka_robot_server
from franky_sim.franka_gripper_protocol import GripperCommandStatus
from franky_sim.franka_gripper_server import FrankaGripperServer
from franky_sim.franka_server import BaseCommand


class MendedGripperServer(FrankaGripperServer):
    """Gripper server whose stop ends what is under way."""

    def stop(self, command_id: int, tcp_socket: socket.socket) -> None:
        """Hold the current width; whoever waits for a motion learns that it was aborted."""
        kind, number = self._pending_command_type, self._pending_command_id
        waiting = self._pending_tcp_socket
        super().stop(command_id, tcp_socket)
        if kind is not None and number is not None and waiting is not None:
            BaseCommand.send_response(
                waiting, kind, number, GripperCommandStatus.kAborted,
                command_type_struct="H", status_type_struct="H",
            )  # fmt: skip


def install() -> None:
    """Let robot servers that are created from now on use it; franky-sim offers no other way."""
    franka_robot_server.FrankaGripperServer = MendedGripperServer
