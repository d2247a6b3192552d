"""The attack on the guard finds nothing, and would find something if there were a hole."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from robot import bench_guard, bench_hostile
from robot.bench_guard import attack, bench_limits, run_bench_guard
from robot.bench_hostile import Hostile
from robot.bench_recorder import RecordingDriver
from robot.guard import first_steps, preview
from robot.kinematics import tool_pose
from robot.sim.good_chunks import load_good_chunks

GOOD = load_good_chunks()


@pytest.fixture(autouse=True)
def few_poses(monkeypatch):
    """Let attacks begin from fewer places: finding them takes longer than a test should."""
    monkeypatch.setattr(bench_hostile, "POSES_TRIED", 1500)


def test_nothing_outside_the_limits_reaches_the_driver(tmp_path, capsys):
    target = tmp_path / "guard.json"
    run_bench_guard(Namespace(chunks=600, seed=5, processes=1, minutes=None, json=target))
    goals = {goal["metric"]: goal for goal in json.loads(target.read_text())["goals"]}
    assert goals["outside at the driver"]["value"] == 0
    assert goals["false rejections"]["holds"]
    assert goals["reached the driver"]["value"] > 50
    assert "outside at the driver" in capsys.readouterr().out


@pytest.mark.parametrize(
    "hole",
    [
        {"step_metres": 0.2, "speed": 2.0, "chunk_metres": 2.0, "stretch": 9.0},
        {"joint_margin": -0.2},
        {"clearance": None},
        {"singularity": 0.0, "jump": 9.0},
    ],
)
def test_a_hole_in_the_guard_is_seen_at_the_driver(monkeypatch, hole):
    real = bench_guard.preview

    def leaky(chunk, start, measured, limits, joints, gripper):
        return real(chunk, start, measured, replace(limits, **hole), joints, gripper)

    monkeypatch.setattr(bench_guard, "preview", leaky)
    outcome = attack(500, (7, 0))
    assert outcome.tally.outside > 0
    assert sum(outcome.tally.broken.values()) >= outcome.tally.outside


def test_attacks_repeat_with_their_seed():
    first, second = (Hostile((3, 0), bench_limits(), GOOD) for _ in range(2))
    for _ in range(60):
        a, b = first.draw(), second.draw()
        assert a.kind == b.kind
        assert repr(a.message) == repr(b.message)


def test_the_models_own_chunks_pass():
    limits = bench_limits()
    assert len(GOOD) >= 300
    for one in GOOD[::12]:
        chunk = first_steps(one.chunk, one.steps)
        state = one.state
        result = preview(chunk, one.start, state.ee_pose, limits, state.q, state.gripper)
        assert result.verdict.ok, result.verdict.reason


def test_the_driver_notices_each_limit_by_itself():
    driver = RecordingDriver(bench_limits())
    start = GOOD[0].state.q
    here = tool_pose(start)

    def follow(change, seconds=0.3):
        driver.place(start)
        poses = np.repeat(here[None], 3, axis=0)
        change(poses)
        driver.tally.broken.clear()
        driver.follow(poses, seconds)
        return set(driver.tally.broken)

    assert not follow(lambda poses: None)
    assert follow(lambda poses: poses.__setitem__((2, 0, 3), np.nan)) == {"finite"}
    assert "step" in follow(lambda poses: poses[2, :3, 3].__iadd__([0.06, 0, 0]))
    assert "workspace" in follow(lambda poses: poses[2, :3, 3].__iadd__([0, 0.6, 0]))
    assert "speed" in follow(lambda poses: poses[2, :3, 3].__iadd__([0.02, 0, 0]), 0.05)
