"""The robot state that franky-sim sends each millisecond, without what nobody reads of it.

franky-sim derives twelve quantities by filters in every tick, most of which the lab replaces
(:mod:`robot.sim.mended`), and packs them one by one. That is a third of a tick; on two cores that a
window and a model share, the simulated arm would fall behind the clock.
"""

from __future__ import annotations

import enum
import struct
from itertools import chain
from typing import Any

from franky_sim.franka_robot_state import FrankaRobotState

_FLOATS = (
    ("O_T_EE", 16), ("O_T_EE_d", 16), ("F_T_EE", 16), ("EE_T_K", 16), ("F_T_NE", 16),
    ("NE_T_EE", 16), ("m_ee", 1), ("I_ee", 9), ("F_x_Cee", 3), ("m_load", 1), ("I_load", 9),
    ("F_x_Cload", 3), ("elbow", 2), ("elbow_d", 2), ("tau_J", 7), ("tau_J_d", 7), ("dtau_J", 7),
    ("q", 7), ("q_d", 7), ("dq", 7), ("dq_d", 7), ("ddq_d", 7), ("joint_contact", 7),
    ("cartesian_contact", 6), ("joint_collision", 7), ("cartesian_collision", 6),
    ("tau_ext_hat_filtered", 7), ("O_F_ext_hat_K", 6), ("K_F_ext_hat_K", 6), ("O_dP_EE_d", 6),
    ("O_ddP_O", 3), ("elbow_c", 2), ("delbow_c", 2), ("ddelbow_c", 2), ("O_T_EE_c", 16),
    ("O_dP_EE_c", 6), ("O_ddP_EE_c", 6), ("theta", 7), ("dtheta", 7), ("accelerometer_top", 18),
    ("accelerometer_bottom", 18),
)  # fmt: skip
"""Fields before the modes, in the order of libfranka's message, and how many numbers each has."""

_BEFORE = struct.Struct(f"<{sum(count for _, count in _FLOATS)}f")
_AFTER = struct.Struct("<BB41B41BBf")


class LeanState(FrankaRobotState):
    """A state of the arm that is copied and packed with little work."""

    @classmethod
    def of(cls, values: dict[str, Any]) -> LeanState:
        """Return a state with these fields, every one of which has to be there."""
        state = object.__new__(cls)
        state.__dict__.update(values)
        return state

    def replace(self, **kwargs: Any) -> LeanState:
        """Return a state with other values of some fields."""
        return LeanState.of(self.__dict__ | kwargs)

    def pack_state(self) -> bytes:
        """Return the message of the protocol, as franky-sim's own packing does."""
        fields = self.__dict__
        parts = [(fields[name],) if count == 1 else fields[name][:count] for name, count in _FLOATS]
        return _BEFORE.pack(*chain.from_iterable(parts)) + _AFTER.pack(
            _number(self.motion_generator_mode),
            _number(self.controller_mode),
            *map(bool, self.errors),
            *map(bool, self.reflex_reason),
            _number(self.robot_mode),
            self.control_command_success_rate,
        )


def _number(mode: Any) -> int:
    return int(mode.value) if isinstance(mode, enum.Enum) else int(mode)
