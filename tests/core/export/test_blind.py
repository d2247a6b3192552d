import numpy as np
import pytest

from core.export.blind import DATE_S, Length, write_blind_pair
from core.types import StudioError
from tests.core.export.videos import look_into, rollout


def test_both_videos_are_alike_in_everything_but_their_pictures(tmp_path):
    pair = write_blind_pair(
        rollout(30, size=(64, 48)),
        rollout(12, size=(100, 60), start=500.0, colour=(20, 200, 90)),
        tmp_path,
        fps=10,
    )
    a, b = look_into(pair.a), look_into(pair.b)
    assert len(a.pop("pictures")) == len(b.pop("pictures")) == pair.pictures == 30
    assert a == b
    assert a["size"] == pair.size == (64, 48)
    assert a["tags"].keys() <= {"major_brand", "minor_version", "compatible_brands", *_HARMLESS}
    for path in (pair.a, pair.b):
        status = path.stat()
        assert status.st_mtime == DATE_S
        assert path.stem.startswith("clip-")
        assert len(path.stem) == 17
    assert sorted(tmp_path.iterdir()) == sorted((pair.a, pair.b))


_HARMLESS = ("language", "handler_name", "vendor_id")


def test_the_names_depend_on_the_pictures_only_not_on_the_order(tmp_path):
    one, two = rollout(9), rollout(9, colour=(0, 0, 255))
    forth = write_blind_pair(one, two, tmp_path / "x")
    back = write_blind_pair(two, one, tmp_path / "y")
    assert (forth.a.name, forth.b.name) == (back.b.name, back.a.name)


def test_the_same_rollout_twice_gives_two_equal_files(tmp_path):
    pair = write_blind_pair(rollout(9), rollout(9), tmp_path)
    assert pair.a != pair.b
    assert pair.b.stem == f"{pair.a.stem}-2"


def test_the_shorter_one_stands_still_or_the_longer_one_is_cut(tmp_path):
    held = write_blind_pair(rollout(20), rollout(8), tmp_path / "x", fps=10)
    tail = look_into(held.b)["pictures"][8:]
    assert held.pictures == 20
    assert all(np.abs(p.astype(int) - tail[0].astype(int)).mean() < 3 for p in tail)
    cut = write_blind_pair(rollout(20), rollout(8), tmp_path / "y", fps=10, length=Length.CUT)
    assert cut.pictures == 8


def test_a_slow_policy_does_not_show_when_pauses_are_cut(tmp_path):
    quick = rollout(20)
    slow = [(t if k < 10 else t + 4.0, picture) for k, (t, picture) in enumerate(quick)]
    pauses = [(0.95, 4.95)]
    cut = write_blind_pair(quick, slow, tmp_path / "x", fps=10, pauses_b=pauses)
    assert cut.pauses_cut
    assert cut.b.stem == f"{cut.a.stem}-2"  # the names are made of the pictures
    kept = write_blind_pair(quick, slow, tmp_path / "y", fps=10, pauses_b=pauses, cut_pauses=False)
    assert not kept.pauses_cut
    assert kept.pictures == 60


def test_nothing_stays_when_it_is_given_up_or_a_rollout_is_empty(tmp_path):
    seen = []

    def check():
        seen.append(1)
        if len(seen) == 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_blind_pair(rollout(20), rollout(20), tmp_path, check=check)
    with pytest.raises(StudioError, match="second rollout has no picture"):
        write_blind_pair(rollout(20), [], tmp_path)
    with pytest.raises(StudioError, match="names of two files"):
        write_blind_pair(rollout(3), rollout(3), tmp_path, names=("../a", "b"))
    assert not list(tmp_path.iterdir())


def test_names_can_be_given(tmp_path):
    pair = write_blind_pair(rollout(3), rollout(4), tmp_path, names=("item-1", "item-2"))
    assert (pair.a.name, pair.b.name) == ("item-1.mp4", "item-2.mp4")
