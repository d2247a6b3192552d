"""Where the arm is sent without a plan: within its joints, clear of the table and of itself."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from robot.franka_shape import tool_pose
from robot.poses import READY_JOINTS, TIDY_JOINTS
from robot.sim.layout import random_layout
from robot.sim.physics import Physics

# published for the FR3: frankarobotics.github.io/docs/robot_specifications.html
LOW = np.array([-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159])
HIGH = np.array([2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159])


@pytest.mark.parametrize("joints", [READY_JOINTS, TIDY_JOINTS])
def test_every_joint_is_well_within_its_range(joints):
    assert np.minimum(joints - LOW, HIGH - joints).min() > np.deg2rad(15)


def test_the_tidy_arm_is_folded_over_its_base():
    tool = tool_pose(TIDY_JOINTS)
    assert np.hypot(*tool[:2, 3]) < 0.25  # nearer than any workspace over a table begins
    assert tool[2, 3] > 0.3
    np.testing.assert_allclose(tool[:3, 2], [0, 0, -1], atol=1e-3)  # it points down: nothing drops


@pytest.mark.parametrize("joints", [READY_JOINTS, TIDY_JOINTS])
def test_on_the_way_there_the_arm_touches_nothing(joints):
    physics = Physics(random_layout(0))
    try:
        model, data = physics._model, mujoco.MjData(physics._model)
        for share in np.linspace(0.0, 1.0, 9):
            data.qpos[:] = physics._data.qpos
            way = physics.qpos()[:7] + share * (joints - physics.qpos()[:7])
            data.qpos[physics._arm[:7]] = way
            mujoco.mj_forward(model, data)
            touching = [
                {model.body(model.geom_bodyid[g]).name for g in (c.geom1, c.geom2)}
                for c in data.contact[: data.ncon]
            ]
            arm = [pair for pair in touching if any("link" in n or "hand" in n for n in pair)]
            assert not arm, f"{share:.2f} of the way: {arm}"
    finally:
        physics.close()
