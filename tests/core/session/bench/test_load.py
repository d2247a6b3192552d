"""The load and the other ways of keeping it."""

from __future__ import annotations

import av
import numpy as np
import pytest

from core.session.bench.cost import measure, nothing, recorder
from core.session.bench.load import SIZE, Sink, play, scenes
from core.session.bench.others import lerobot_style, raw_arrays

SECONDS = 0.2


@pytest.fixture(scope="module")
def images():
    return scenes(0)


def test_the_scene_moves_and_is_worth_compressing(images):
    assert images[0].shape == (SIZE[1], SIZE[0], 3)
    assert not images[0].flags.writeable
    assert np.abs(images[0].astype(int) - images[1]).mean() > 3


def test_everything_that_is_due_is_handed_over(images):
    frames, states, decisions = [], [], []
    sink = Sink(frame=frames.append, state=states.append, decision=decisions.append)
    handed = play(sink, SECONDS, images, decision_every_s=0.05)
    assert (handed.frames, handed.states) == (len(frames), len(states)) == (12, 200)
    assert decisions == [0, 1, 2]
    assert [(f.camera, f.seq) for f in frames[:3]] == [("front", 0), ("wrist", 0), ("front", 1)]
    assert len(handed.append_s) == 12 + 200 + 3
    assert handed.seconds >= 0.19


def test_it_ends_when_it_is_told(images):
    sink, _ = nothing()
    assert play(sink, 60.0, images, cancelled=lambda: True).states == 0


def test_raw_arrays_keep_everything(tmp_path, images):
    place = tmp_path / "raw"
    row, handed = measure("raw", *raw_arrays(place), place, SECONDS, images)
    assert (row["kept"], row["states kept"]) == (handed.frames, handed.states)
    np.testing.assert_array_equal(np.load(place / "front-000000.npy"), images[0])


def test_lerobots_way_ends_in_videos_and_rows_at_the_cameras_rate(tmp_path, images):
    place = tmp_path / "lerobot"
    row, handed = measure("lerobot", *lerobot_style(place), place, SECONDS, images)
    assert row["kept"] == handed.frames
    assert row["states kept"] == handed.frames // 2
    with av.open(str(place / "wrist.mp4")) as container:
        assert len(list(container.decode(video=0))) == handed.frames // 2
    assert list(place.glob("*.png")) == []


@pytest.mark.parametrize("video", [False, True])
def test_the_recorder_is_counted_by_the_plain_reader(tmp_path, images, video):
    sink, finish, durable = recorder(tmp_path / "s", video=video)
    row, handed = measure("recorder", sink, finish, tmp_path / "s", SECONDS, images)
    assert row["kept"] == handed.frames - row["dropped"]
    assert row["states kept"] == handed.states
    assert row["decisions kept"] == handed.decisions == len(durable)
    assert row["CPU recorder"] is not None
