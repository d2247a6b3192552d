"""Stills, clips, and recorded moments as questions."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.review.branching import observation_at
from core.review.clip import FPS, picture_at, write_clip, write_still
from core.types import StudioError
from tests.core.review import recording
from tests.core.review.recording import SECOND, START

MODEL, USER = (240, 228, 66), (86, 180, 233)


def at(seconds):
    return START + round(seconds * SECOND)


def test_a_still_has_all_cameras_and_the_traces(session):
    before = picture_at(session, at(0.9), model=MODEL, user=USER)
    assert before.shape == (48, 128, 3)
    assert abs(before[40, 10].astype(int) - 27).max() < 6
    after = picture_at(session, at(2.2), model=MODEL, user=USER)

    def has(picture, colour):
        return (np.abs(picture.astype(int) - colour).max(axis=2) < 12).any()

    assert has(after[:, :64], USER)
    assert has(after[:, :64], MODEL)
    assert not has(after[:, 64:], USER)
    assert not has(before, USER)
    assert picture_at(session, START - 1, model=MODEL, user=USER) is None


def test_a_still_is_written_exactly(session, tmp_path):
    picture = picture_at(session, at(2.2), model=MODEL, user=USER)
    write_still(tmp_path / "a.png", picture)
    assert np.array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], picture)
    with pytest.raises(StudioError, match="cannot be written"):
        write_still(tmp_path / "none" / "a.png", picture)


def test_a_clip_has_its_length_and_its_pictures(session, tmp_path):
    path, told = tmp_path / "a.mp4", []
    count = write_clip(path, session, (at(1), at(3)), colours=(MODEL, USER), told=told.append)
    assert count == 2 * FPS
    assert told[0] == 0.0
    assert told == sorted(told)
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == count
    assert video.get(cv2.CAP_PROP_FPS) == FPS
    _, first = video.read()
    assert first.shape == (48, 128, 3)
    shade = float(first[40, 100].mean())
    assert shade == pytest.approx(recording.image("wrist", 10)[40, 10, 0], abs=8)
    video.release()


def test_a_clip_that_is_given_up_leaves_nothing(session, tmp_path):
    def told(fraction):
        if fraction > 0.5:
            raise KeyError

    with pytest.raises(KeyError):
        write_clip(tmp_path / "a.mp4", session, (at(1), at(3)), colours=(MODEL, USER), told=told)
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".mp4"]


def test_a_clip_too_long_or_empty_is_refused(session, tmp_path):
    colours = (MODEL, USER)
    with pytest.raises(StudioError, match="minutes"):
        write_clip(tmp_path / "a.mp4", session, (at(0), at(9999)), colours=colours)
    with pytest.raises(StudioError, match="no picture"):
        write_clip(tmp_path / "a.mp4", session, (at(-9), at(-8)), colours=colours)


def test_a_moment_between_questions_is_asked_with_the_live_pictures(session):
    observation = observation_at(session, at(3.05))
    assert observation.instruction == "lift the red cube"
    assert [frame.seq for frame in observation.frames] == [30, 30]
    assert [frame.camera for frame in observation.frames] == ["front", "wrist"]
    assert observation.state.ee_pose[0, 3] == pytest.approx(0.43)


def test_the_moment_of_a_question_is_asked_with_its_exact_pictures(session):
    observation = observation_at(session, at(2.1))
    assert np.array_equal(observation.frames[0].image, recording.image("front", 9))
    # the answer came, and more than a blink later the live pictures hold again
    assert observation_at(session, at(2.6)).frames[0].seq == 26


def test_before_the_first_picture_nothing_can_be_asked(session):
    with pytest.raises(StudioError, match="no picture at this moment"):
        observation_at(session, START - 5)


def test_an_episode_without_a_question_gives_its_instruction(session):
    assert observation_at(session, at(0.7)).instruction == "lift the red cube"
