from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.protocol.statistics import compute_statistics, read_statistics
from core.types import StudioError

GOLDEN = Path(__file__).parents[2] / "data/golden/protocol/trace_cases.json"
CASES = json.loads(GOLDEN.read_text())["dataset_statistics"]["compute_dataset_statistics"]


def entry(**changes):
    action = {"q01": [0.0, 0.0], "q99": [1.0, 1.0], "mask": [True, False], **changes}
    return {"action": {name: value for name, value in action.items() if value is not None}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['dims']}d")
def test_statistics_are_the_references(case):
    rows = [row["action"] for row in case["rows"]]
    stats = compute_statistics(
        rows,
        trajectories=case["stats"]["num_trajectories"],
        normalised_dims=case["normalize_dims"],
    )
    config, expected = stats.to_config(), case["stats"]
    assert list(config) == list(expected)
    assert list(config["action"]) == list(expected["action"])
    for name, values in expected["action"].items():
        np.testing.assert_allclose(config["action"][name], values, rtol=1e-6, atol=1e-7)
    assert config["num_transitions"] == expected["num_transitions"]
    assert config["num_trajectories"] == expected["num_trajectories"]


def test_config_round_trip():
    stats = compute_statistics(np.random.default_rng(0).normal(size=(50, 7)), trajectories=3)
    config = json.loads(json.dumps({"mine": stats.to_config()}))
    again = read_statistics(config, "mine")
    np.testing.assert_array_equal(again.q01, stats.q01)
    np.testing.assert_array_equal(again.mask, stats.mask)
    assert again.to_config() == stats.to_config()


def test_a_single_entry_needs_no_key():
    assert read_statistics({"only": entry()}).dims == 2


def test_the_gripper_is_never_scaled():
    stats = read_statistics({"k": entry(mask=[True, True])})
    assert stats.mask.tolist() == [True, True]
    assert stats.scaled.tolist() == [True, False]


def test_without_a_mask_all_but_the_gripper_is_scaled():
    assert read_statistics({"k": entry(mask=None)}).scaled.tolist() == [True, False]


def test_arrays_are_read_only():
    stats = read_statistics({"k": entry()})
    with pytest.raises(ValueError, match="read-only"):
        stats.q01[0] = 5


@pytest.mark.parametrize(
    ("norm_stats", "key", "message"),
    [
        (None, None, "no action statistics"),
        ({}, "a", "no action statistics"),
        ({"a": entry(), "b": entry()}, None, "choose one: a, b"),
        ({"a": entry(), "b": entry()}, "c", "named 'c'; this checkpoint has: a, b"),
        ({"a": {}}, "a", "no part called 'action'"),
        ({"a": 3}, "a", "no part called 'action'"),
        ({"a": entry(q99=None)}, "a", "have no q99"),
        ({"a": entry(q01=["x", "y"])}, "a", "q01 of the action statistics 'a' are no numbers"),
        ({"a": entry(mask=["x", "y"])}, "a", "mask of the action statistics 'a' are no numbers"),
        ({"a": entry(q99=[1.0])}, "a", "q99 has 1 values; q01 has 2"),
        ({"a": entry(q01=[])}, "a", "expected one value per dimension"),
        ({"a": entry(q01=[float("nan"), 0.0])}, "a", "not finite"),
        ({"a": entry(q01=[2.0, 0.0])}, "a", "q99 below q01"),
        ({"a": {**entry(), "num_transitions": "many"}}, "a", "no whole number"),
    ],
)
def test_damaged_statistics_say_what_is_wrong(norm_stats, key, message):
    with pytest.raises(StudioError, match=message):
        read_statistics(norm_stats, key)


@pytest.mark.parametrize("actions", [[], np.zeros((0, 7)), np.zeros(7), [[np.inf] * 7]])
def test_statistics_of_nothing_are_refused(actions):
    with pytest.raises(StudioError, match="action"):
        compute_statistics(actions)
