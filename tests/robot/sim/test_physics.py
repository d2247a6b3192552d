"""The mended simulator, stepped as fast as it goes: no clock, no client."""

from __future__ import annotations

import dataclasses
import socket

import mujoco
import numpy as np
import pytest
from franky_sim.franka_robot_protocol import (
    MoveCommandControllerMode,
    MoveCommandMotionGeneratorMode,
)

from core.memory import own_bytes
from core.types import StudioError
from robot.sim.layout import SLOTS, random_layout
from robot.sim.physics import Physics
from robot.sim.scene import place_layout
from robot.sim.state import ARM_QPOS, QPOS

LAYOUT = random_layout(11)
WEIGHT = 0.06 * 9.81


@pytest.fixture(scope="module")
def physics():
    world = Physics(LAYOUT, hosts=[f"127.77.{n}.1" for n in range(40)])
    yield world
    world.close()


@pytest.fixture(autouse=True)
def fresh(physics):
    physics._data.qpos[physics._arm[7:]] = 0.04
    physics._robot.set_hand_goal(0.08, 0.05, 30.0)
    physics.reset(LAYOUT)
    for _ in range(100):
        physics.tick()


def _objects(physics) -> np.ndarray:
    return physics.qpos()[ARM_QPOS:].reshape(len(SLOTS), 7)


def _tool(physics) -> np.ndarray:
    return np.array(physics._robot.state.O_T_EE[12:15])


def test_objects_rest_where_the_layout_puts_them(physics):
    assert physics.qpos().shape == (QPOS,)
    for slot, pose in place_layout(LAYOUT).items():
        index = SLOTS.index(slot)
        if any(item.slot == slot for item in LAYOUT.objects):
            np.testing.assert_allclose(_objects(physics)[index], pose, atol=1e-3)
        else:
            assert _objects(physics)[index][0] > 3.0  # parked, behind the cameras


def test_a_reset_moves_the_objects_and_not_the_arm(physics):
    arm = physics.qpos()[:ARM_QPOS].copy()
    other = random_layout(12)
    physics.reset(other)
    np.testing.assert_array_equal(physics.qpos()[:ARM_QPOS], arm)
    for item in other.objects:
        assert np.allclose(_objects(physics)[SLOTS.index(item.slot)][:2], (item.x, item.y))
    assert physics.layout == other


def test_the_reported_pose_is_measured_not_desired(physics):
    robot = physics._robot
    hand = mujoco.mj_name2id(physics._model, mujoco.mjtObj.mjOBJ_BODY, "robot0_hand")
    turn = np.array([0.2, 0, 0, 0, 0, 0, 0])
    target = np.array(robot.state.q_d) + turn
    before = _tool(physics)
    for _ in range(30):  # the arm trails the jump of its target
        robot.joint_position_control(target)
        physics._sim.step()
    state = robot.state
    mujoco.mj_kinematics(physics._model, physics._data)
    axis = physics._data.xmat[hand].reshape(3, 3)[:, 2]
    measured = physics._data.xpos[hand] + 0.1034 * axis
    np.testing.assert_allclose(state.O_T_EE[12:15], measured, atol=2e-3)
    assert np.linalg.norm(np.subtract(state.O_T_EE_d[12:15], measured)) > 0.01
    for _ in range(1500):  # and home again for the next test
        robot.joint_position_control(target - turn)
        physics._sim.step()
    np.testing.assert_allclose(_tool(physics), before, atol=2e-3)


def test_the_servo_trails_a_moving_target_by_little(physics):
    robot = physics._robot
    start = np.array(robot.state.q)
    target = start.copy()
    for _ in range(400):
        target[0] += 0.5e-3  # 0.5 rad/s
        robot.joint_position_control(target)
        physics._sim.step()
    assert abs(target[0] - robot.state.q[0]) < 0.02  # 0.05 with franky-sim's own damping
    for _ in range(1500):
        robot.joint_position_control(start)
        physics._sim.step()


def test_a_held_object_is_felt_with_its_weight(physics):
    assert np.allclose(physics._robot.state.O_F_ext_hat_K, 0.0, atol=1e-3)
    address = physics._object_qpos[SLOTS.index(LAYOUT.objects[0].slot)]
    physics._data.qpos[address : address + 3] = _tool(physics)
    physics._data.qpos[physics._arm[7:]] = 0.024
    physics._robot.set_hand_goal(0.0, 0.05, 30.0)
    for _ in range(900):
        physics.tick()
    state = physics._robot.state
    np.testing.assert_allclose(state.O_F_ext_hat_K[:3], [0, 0, -WEIGHT], atol=0.03)
    # the hand points down, so the weight pulls along the tool's own z
    np.testing.assert_allclose(state.K_F_ext_hat_K[:3], [0, 0, WEIGHT], atol=0.03)
    assert np.linalg.norm(state.O_F_ext_hat_K[3:]) < 0.01
    reach = _tool(physics)[0]
    assert state.tau_ext_hat_filtered[1] == pytest.approx(WEIGHT * reach, rel=0.1)
    assert physics._robot.hand_width > 0.03


def test_an_object_is_not_put_into_the_hand(physics):
    tool = _tool(physics)
    before = physics._data.qpos.copy()
    low = random_layout(11)
    item = dataclasses.replace(low.objects[0], x=float(tool[0]), y=float(tool[1]))
    layout = dataclasses.replace(low, objects=(item,))
    physics.reset(layout)  # the hand is high above the table: fine
    physics.reset(LAYOUT)
    lowered = physics._data.qpos.copy()
    lowered[physics._arm[:7]] = [0.0, 0.45, 0.0, -2.30, 0.0, 2.75, 0.785]
    physics._data.qpos[:] = lowered
    mujoco.mj_forward(physics._model, physics._data)
    hand = physics._data.body("robot0_left_finger").xpos
    item = dataclasses.replace(item, x=float(hand[0]), y=float(hand[1]))
    with pytest.raises(StudioError, match="move the arm home"):
        physics.reset(dataclasses.replace(low, objects=(item,)))
    np.testing.assert_array_equal(physics._data.qpos, lowered)
    physics._data.qpos[:] = before


def test_nonsense_on_the_robot_port_does_not_end_the_robot(physics):
    with socket.create_connection((physics.hostname, 1337)) as client:
        for _ in range(20):
            physics.tick()
        client.sendall(b"GET / HTTP/1.1\r\nHost: robot\r\n\r\n" * 4)
        for _ in range(200):
            physics.tick()
    before = physics.sim_time
    for _ in range(20):
        physics.tick()
    assert physics.sim_time > before


def test_following_commanded_poses_keeps_no_memory(physics, monkeypatch):
    server, poses = physics._server, []
    server.start_motion(
        MoveCommandControllerMode.kJointImpedance,
        MoveCommandMotionGeneratorMode.kCartesianPosition,
        1,
    )
    monkeypatch.setattr(
        physics._robot, "cartesian_position_control", lambda pose, *_, **__: poses.append(pose)
    )

    def follow():
        for _ in range(40_000):
            server._post_process_commands()
            poses[1:] = []

    follow()
    before = own_bytes()
    follow()
    assert own_bytes() - before < 1_000_000
    server.reset_state()
    held = physics._robot.kinematics(np.array(physics._robot.state.q))
    np.testing.assert_allclose(poses[0][:3], held.translation, atol=1e-6)
    assert abs(np.linalg.norm(poses[0][3:]) - 1.0) < 1e-9


def test_no_free_address_is_a_sentence(physics):
    with pytest.raises(StudioError, match="1337"):
        Physics(LAYOUT, hosts=[physics.hostname])
