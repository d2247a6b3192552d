from pathlib import Path

import numpy as np
import pytest

from core.types import StudioError
from tests.training.data import sets
from training.data.checks import check
from training.data.conventions_file import parse_conventions
from training.data.dataset import open_dataset


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return open_dataset(sets.write_set(tmp_path_factory.mktemp("set") / "toy"))


def look(dataset, **changes):
    return check(parse_conventions(sets.declared(**changes), Path()), dataset)


def part(what, key, **changes):
    whole = sets.declared()[what]
    return whole | {key: whole[key] | changes}


def test_what_is_true_passes_without_a_word(toy):
    assert look(toy) == []


def action(**changes):
    return sets.declared()["action"] | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 20}, "say 20 rows per second; the data set says 10"),
        ({"action": action(form="absolute", frame="base")}, "look like changes"),
        ({"action": part("action", "position", column="observation.state")}, "look like poses"),
        ({"action": part("action", "gripper", closed=0, open=80)}, "never reaches its ends"),
        ({"action": part("action", "gripper", closed=0, open=0.4)}, "beyond its ends"),
        ({"action": part("action", "gripper", closed=1, open=0)}, "swapped"),
        ({"action": part("action", "position", values=[1, 2, 0])}, None),
        ({"action": action(frame="tool")}, "when they are read in the base frame"),
        ({"state": part("state", "position", unit="mm")}, "moves 0.001 times as far as it is told"),
        (
            {"state": part("state", "rotation", form="quaternion-xyzw", values=[3, 4, 5, 6])},
            "its length is 3.* and not 1",
        ),
        ({"cameras": [{"column": "cam_high", "role": "front"}]}, "no camera 'cam_high'"),
    ],
)
def test_what_is_false_is_refused_or_told(toy, changes, words):
    if words is None:
        assert any("hardly agree" in sentence for sentence in look(toy, **changes))
    else:
        with pytest.raises(StudioError, match=words):
            look(toy, **changes)


def spoiled(tmp_path, change):
    return open_dataset(sets.write_set(tmp_path / "toy", change=change))


def test_actions_against_the_motion_are_refused(tmp_path):
    def turn(number, columns):
        columns["action"][:, :3] *= -1

    with pytest.raises(StudioError, match="point against its motion"):
        look(spoiled(tmp_path, turn))


def test_degrees_that_are_called_radians_are_refused(tmp_path):
    def degrees(number, columns):
        columns["observation.state"][:, 3:6] *= 180 / np.pi

    with pytest.raises(StudioError, match="more than a whole turn"):
        look(spoiled(tmp_path, degrees))


def test_timestamps_of_another_rate_are_refused(tmp_path):
    def slower(number, columns):
        columns["timestamp"] *= 2

    with pytest.raises(StudioError, match="the timestamps say 5"):
        look(spoiled(tmp_path, slower))


def test_some_broken_numbers_are_told_and_only_broken_ones_refused(tmp_path):
    def some(number, columns):
        columns["action"][3] = np.nan

    assert any("no finite numbers" in sentence for sentence in look(spoiled(tmp_path, some)))

    def all_of_them(number, columns):
        columns["action"][:] = np.nan

    with pytest.raises(StudioError, match="No action of the right arm is a finite number"):
        look(spoiled(tmp_path / "b", all_of_them))


def test_a_data_set_without_pictures_is_refused(tmp_path):
    dataset = open_dataset(sets.write_set(tmp_path / "toy", videos=False))
    with pytest.raises(StudioError, match="no pictures at all"):
        look(dataset)


def test_a_missing_video_is_named_before_anything_is_made(tmp_path):
    folder = sets.write_set(tmp_path / "toy", "v2.1")
    (folder / f"videos/chunk-000/{sets.WRIST}/episode_000002.mp4").unlink()
    with pytest.raises(StudioError, match=r"episode_000002\.mp4 of camera"):
        look(open_dataset(folder))


def test_a_gripper_that_never_moves_is_told(tmp_path):
    def still(number, columns):
        columns["action"][:, 6] = 1.0

    assert any("never moves" in sentence for sentence in look(spoiled(tmp_path, still)))
