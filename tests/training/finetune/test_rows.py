"""What is read of a data set, and what is refused before a run begins."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.protocol.action_codec import encode_chunk
from core.types import StudioError
from tests.training.finetune.small_data import CAMERAS, TASKS, write_about, write_small_set
from training.finetune.questions import Kind
from training.finetune.rows import held_out_episodes, open_set


def opened(folder, images=2, held_out=0.0):
    return open_set(folder, images=images, held_out=held_out)


def test_a_row_knows_its_labels(tmp_path):
    source = opened(write_small_set(tmp_path / "a", episodes=2, rows=6))
    assert len(source) == 12
    assert source.name == "a"
    facts = source.facts(7, Kind.REASONING, 8)
    assert facts.instruction == TASKS[1]
    assert len(facts.trace) == source.trace_length[7]
    assert facts.depth_codes is not None
    assert facts.depth_codes.shape == (100,)
    assert [picture.shape for picture in source.pictures(7, 2)] == [(24, 32, 3)] * 2


def test_a_chunk_ends_with_its_episode(tmp_path):
    source = opened(write_small_set(tmp_path / "a", episodes=2, rows=6))
    rows = [4, 5, 5, 5]  # row 4 of the first episode, whose last row is repeated
    expected = encode_chunk(source.actions[rows], source.statistics)
    assert source.facts(4, Kind.STEERED, 4).actions == expected
    assert source.facts(4, Kind.TRACE, 4).actions == ""


def test_a_share_of_the_episodes_is_held_out(tmp_path):
    folder = write_small_set(tmp_path / "a", episodes=5, rows=2)
    episodes = opened(folder).dataset.episodes
    assert sum(held_out_episodes("a", episodes, 0.4)) == 2
    assert sum(held_out_episodes("a", episodes, 0.01)) == 1
    assert sum(held_out_episodes("a", episodes, 1.0)) == 4
    assert sum(held_out_episodes("a", episodes, 0.0)) == 0
    assert sum(held_out_episodes("a", episodes[:1], 0.5)) == 0
    chosen = {tuple(held_out_episodes(name, episodes, 0.4)) for name in "abcdef"}
    assert len(chosen) > 1


def test_failed_episodes_and_guessed_traces_are_not_used(tmp_path):
    guessed = np.arange(18) == 3
    folder = write_small_set(tmp_path / "a", change={"trace_suspect": guessed}, success=[1, 0, 1])
    source = opened(folder)
    assert source.usable(Kind.STEERED, held_out=False).tolist() == [0, 1, 2, 4, 5, *range(12, 18)]
    every = open_set(folder, images=2, held_out=0.0, failures=True)
    assert len(every.usable(Kind.STEERED, held_out=False)) == 17


def nan_action(folder):
    rows = np.zeros((18, 7))
    rows[8, 2] = np.nan
    return write_small_set(folder, change={"action": rows.tolist()})


def wild_trace(folder):
    rows = np.full((18, 10), 300.0)
    return write_small_set(folder, change={"trace": rows.tolist()})


def wrong_codes(folder):
    return write_small_set(folder, change={"depth_codes": np.full((18, 100), 128).tolist()})


def no_statistics(folder):
    write_small_set(folder)
    write_about(folder, {})
    return folder


def nan_statistics(folder, part="q01"):
    write_small_set(folder)
    path = folder / "meta" / "action_reasoning.json"
    values = json.loads(path.read_text())
    next(iter(values["norm_stats"].values()))["action"][part][0] = float("nan")
    write_about(folder, values)
    return folder


def lost_camera(folder):
    write_small_set(folder)
    path = folder / "meta" / "action_reasoning.json"
    write_about(folder, json.loads(path.read_text()) | {"cameras": ["side"]})
    return folder


def lost_video(folder):
    write_small_set(folder)
    path = folder / "meta" / "info.json"
    values = json.loads(path.read_text())
    values["features"][CAMERAS[0]]["dtype"] = "video"
    path.write_text(json.dumps(values))
    return folder


def no_trace(folder):
    write_small_set(folder)
    path = folder / "meta" / "info.json"
    values = json.loads(path.read_text())
    del values["features"]["trace"]
    path.write_text(json.dumps(values))
    return folder


def unknown_task(folder):
    return write_small_set(folder, change={"task_index": np.full(18, 5)})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder, "there is no data set"),
        (lambda folder: write_small_set(folder, dims=6), "have 6 values; expected 7"),
        (lambda folder: write_small_set(folder, cameras=CAMERAS[:1]), "has 1 cameras"),
        (nan_action, "an action of episode 1 is not finite"),
        (wild_trace, "outside of 0 to 255"),
        (wrong_codes, "no 100 numbers from 0 to 127"),
        (no_statistics, "has no action statistics"),
        (nan_statistics, "not finite"),
        (lambda folder: nan_statistics(folder, "mean"), "hold a mean that is not finite"),
        (lost_camera, "has no camera 'side'"),
        (lost_video, "has no video of camera"),
        (no_trace, "has no column 'trace'"),
        (unknown_task, "task 5 has no instruction"),
    ],
)
def test_a_damaged_data_set_is_refused_in_a_sentence(tmp_path, make, sentence):
    folder = make(tmp_path / "a")
    with pytest.raises(StudioError) as error:
        opened(folder)
    assert sentence in str(error.value)


def test_one_picture_needs_one_camera(tmp_path):
    source = opened(write_small_set(tmp_path / "a", cameras=CAMERAS[:1]), images=1)
    assert len(source.pictures(0, 1)) == 1
