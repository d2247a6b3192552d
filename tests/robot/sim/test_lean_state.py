"""What the lab's arm reports is what franky-sim would report, but for what the lab mends."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from franky_sim.franka_robot_protocol import RobotMode
from franky_sim.franka_robot_state import FrankaRobotState

from robot.sim.layout import random_layout
from robot.sim.lean_state import LeanState
from robot.sim.mended import MendedRobot
from robot.sim.physics import Physics

MENDED = {
    "tau_ext_hat_filtered", "O_F_ext_hat_K", "K_F_ext_hat_K", "O_dP_EE_c", "O_dP_EE_d",
    "O_ddP_EE_c", "dq_d", "ddq_d", "delbow_c", "ddelbow_c",
}  # fmt: skip
"""What is told otherwise than by franky-sim (robot.sim.mended)."""

MODES = ("pose", "pose", "pose and elbow", "joints", "hold")


@pytest.fixture(scope="module")
def pair():
    worlds = [
        Physics(random_layout(3), hosts=[f"127.78.{n}.{i}" for n in range(40)]) for i in (1, 2)
    ]
    yield worlds
    for world in worlds:
        world.close()


def test_every_field_is_franky_sims(pair):
    lean, full = (world._robot for world in pair)
    start = lean.kinematics(lean._held).homogeneous
    for tick in range(400):
        mode = MODES[tick // 80]
        for world in pair:
            command(world._robot, mode, tick, start)
        full._refit = True  # everything anew in each step, as franky-sim does it
        for world in pair:
            world._sim.step()
        theirs = super(MendedRobot, full).state  # what the class above would say
        ours = vars(lean.state)
        assert set(ours) == {field.name for field in dataclasses.fields(FrankaRobotState)}
        for name, value in vars(theirs).items():
            if name in MENDED or not isinstance(value, tuple):
                continue

            np.testing.assert_allclose(ours[name], value, atol=1e-9, err_msg=f"{name} {tick}")
    assert max(abs(number) for number in lean.state.dtau_J) > 1.0


def command(robot, mode, tick, start):
    wave = 0.03 * np.sin(0.01 * tick)
    if mode == "hold":
        robot.joint_position_control(robot._held)
    elif mode == "joints":
        robot.joint_position_control(robot._held + 1e-4)
    else:
        pose = np.array([*(start[:3, 3] + [0.0, wave, 0.0]), 1.0, 0.0, 0.0, 0.0])
        elbow = np.array([0.01 * wave, -1.0]) if mode == "pose and elbow" else None
        robot.cartesian_position_control(pose, elbow, tick % 3 != 2)


def test_a_new_payload_is_reported_with_the_next_step(pair):
    robot = pair[0]._robot
    robot.set_load(0.4, (0.0, 0.0, 0.02), (1e-4,) * 9)
    pair[0].tick()
    assert robot.state.m_load == 0.4
    pair[0].tick()
    assert robot.state.m_load == 0.4


def test_it_is_packed_as_franky_sim_packs_it(pair):
    rng = np.random.default_rng(5)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(FrankaRobotState):
        usual = getattr(FrankaRobotState(), field.name)
        if isinstance(usual, tuple) and isinstance(usual[0], bool):
            values[field.name] = tuple((rng.random(len(usual)) < 0.5).tolist())
        elif isinstance(usual, tuple):
            values[field.name] = tuple(rng.normal(size=len(usual)).tolist())
        else:
            values[field.name] = float(rng.normal()) if isinstance(usual, float) else usual
    assert LeanState.of(values).pack_state() == FrankaRobotState(**values).pack_state()
    moved: dict[str, Any] = {**values, "robot_mode": RobotMode.kMove}
    moving = LeanState.of(values).replace(robot_mode=RobotMode.kMove)
    assert moving.pack_state() == FrankaRobotState(**moved).pack_state()
