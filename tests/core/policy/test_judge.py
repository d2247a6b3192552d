from __future__ import annotations

import numpy as np
import pytest

from core.policy.judge import action_warnings
from core.protocol.statistics import read_statistics

STATS = read_statistics(
    {
        "lab": {
            "action": {"q01": [-0.1] * 3 + [0.0] * 3 + [0.0], "q99": [0.2] * 3 + [0.0] * 3 + [1.0]}
        }
    }
)
RESTING = [0.001, 0, 0.002, 0, 0, 0, 1.0]


def test_almost_no_motion_is_doubted():
    (warning,) = action_warnings(np.array([RESTING, RESTING]), STATS)
    assert "1.0 %" in warning


@pytest.mark.parametrize("changed", [{0: 0.05}, {6: 0.0}])
def test_motion_or_a_moving_gripper_is_fine(changed):
    actions = np.array([RESTING, RESTING])
    for column, value in changed.items():
        actions[1, column] = value
    assert action_warnings(actions, STATS) == []


def test_statistics_without_any_motion_raise_no_doubt():
    flat = read_statistics({"x": {"action": {"q01": [0.0] * 7, "q99": [0.0] * 7}}})
    assert action_warnings(np.zeros((2, 7)), flat) == []
