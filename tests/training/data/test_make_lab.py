"""Data sets of the lab, ours and another arm's, labelled, and read by the real ``lerobot``."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.types import StudioError
from robot.sim.task_layout import HELD_OUT_COMBINATIONS
from training.data import label_command, make_lab_command
from training.data.conventions_file import read_conventions
from training.data.dataset import open_dataset
from training.data.label import LabelRequest, label
from training.data.make_lab import make_lab
from training.data.types import trace_points

ROOT = Path(__file__).resolve().parents[3]
LEROBOT = os.environ.get("STUDIO_LEROBOT_PYTHON", "")


@pytest.fixture(scope="module")
def labs(tmp_path_factory):
    place = tmp_path_factory.mktemp("lab")
    return {
        names: make_lab(place / names, episodes=2, names=names, first_seed=5)
        for names in ("ours", "other")
    }


@pytest.fixture(scope="module")
def labelled(labs, tmp_path_factory):
    from training.data.label_command import CODEC
    from training.data.settings import Settings

    place = tmp_path_factory.mktemp("labelled")
    settings = Settings(
        depth="simulator",
        codec=str(CODEC),
        depth_model="",
        released_depth=False,
        trace="auto",
        every=5,
        pointing_url="",
        pointing_model="",
        device="cpu",
    )
    return {
        names: label(
            LabelRequest(
                dataset=folder, out=place / names, conventions=None, settings=replace(settings)
            )
        )
        for names, folder in labs.items()
    }


def test_the_expert_lifts_and_says_what_it_does(labs):
    dataset = open_dataset(labs["ours"])
    assert [episode.about["success"] for episode in dataset.episodes] == [True, True]
    assert all(task.startswith("pick up the ") for task in dataset.tasks.values())
    other = open_dataset(labs["other"])
    assert other.cameras == ("observation.images.cam_high", "observation.images.cam_hand")
    assert "action" not in other.features
    grip = other.rows(other.episodes[0])["action.grip"]
    assert set(np.unique(grip)) == {-1.0, 1.0}
    assert read_conventions(labs["other"] / "meta/conventions.yaml").rate == 5.0


def test_every_kind_of_task_can_be_recorded(tmp_path):
    dataset = open_dataset(make_lab(tmp_path / "all", episodes=3, task="all", first_seed=2))
    words = [episode.tasks[0] for episode in dataset.episodes]
    assert words[0].startswith("pick up the ")
    assert " plate" in words[1]
    assert " next to the " in words[2]
    assert [episode.about["success"] for episode in dataset.episodes] == [True] * 3


def test_what_the_embedded_model_never_saw_can_be_asked_for(tmp_path):
    folder = make_lab(tmp_path / "new", episodes=3, task="all", first_seed=2, novel=True)
    unseen = [f"{colour} {shape}" for colour, shape in HELD_OUT_COMBINATIONS]
    for episode in open_dataset(folder).episodes:
        assert any(name in episode.tasks[0] for name in unseen), episode.tasks


def test_both_sets_become_the_same_actions_and_nearly_the_same_traces(labelled):
    ours, other = (open_dataset(labelled[names].folder) for names in ("ours", "other"))
    assert labelled["ours"].odd == labelled["other"].odd == ()
    assert labelled["ours"].skipped["no-op"] > 0
    for a, b in zip(ours.episodes, other.episodes, strict=True):
        one, two = ours.rows(a), other.rows(b)
        first, second = (rows["source_frame"].tolist() for rows in (one, two))
        shared = sorted(set(first) & set(second))
        assert len(shared) >= max(len(first), len(second)) - 1
        pick_one, pick_two = [first.index(f) for f in shared], [second.index(f) for f in shared]
        # the first target is told from where the arm was, not from where it was sent
        actions = one["action"][pick_one][1:], two["action"][pick_two][1:]
        assert np.allclose(*actions, atol=2e-3)
        codes = one["depth_codes"][pick_one], two["depth_codes"][pick_two]
        assert (codes[0] == codes[1]).all()


def test_the_trace_ends_where_the_gripper_ends(labelled):
    dataset = open_dataset(labelled["ours"].folder)
    rows = dataset.rows(dataset.episodes[0])
    last = trace_points(rows["trace"][-1], rows["trace_length"][-1])
    for row in range(len(rows["trace"])):
        line = trace_points(rows["trace"][row], rows["trace_length"][row])
        assert np.allclose(line[-1], last[-1])
    assert dataset.about["depth_error"] < 0.05


@pytest.mark.skipif(not LEROBOT, reason="STUDIO_LEROBOT_PYTHON names no interpreter with lerobot")
@pytest.mark.parametrize("names", ["ours", "other"])
def test_lerobot_itself_reads_the_result(labs, labelled, names, tmp_path):
    for folder in (labs[names], labelled[names].folder):
        found = subprocess.run(
            [LEROBOT, str(ROOT / "tools/check_lerobot.py"), str(folder)],
            capture_output=True,
            text=True,
            timeout=170,
            env=os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"},
        )
        assert found.returncode == 0, found.stderr
        facts = json.loads(found.stdout.splitlines()[-1])
        assert facts["frames"] == sum(e.length for e in open_dataset(folder).episodes)


def test_the_commands_refuse_nonsense(tmp_path):
    import argparse

    parser = argparse.ArgumentParser()
    make_lab_command.add_arguments(parser)
    with pytest.raises(StudioError, match="--episodes is 0"):
        make_lab_command.run_make_lab(parser.parse_args(["--out", "x", "--episodes", "0"]))
    parser = argparse.ArgumentParser()
    label_command.add_arguments(parser)
    with pytest.raises(StudioError, match="whole numbers from 1 on"):
        label_command.run_label(parser.parse_args(["x", "--out", "y", "--processes", "0"]))
    words = label_command.left_out_words({"no-op": 3}, {"broken": 1})
    assert words.splitlines()[1].strip() == "3 frames: no-op"
