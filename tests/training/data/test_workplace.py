import pytest

from core.types import StudioError
from training.data.workplace import Workplace, clear_leftovers

PLAN = {"fingerprint": "ab"}


def test_finished_shards_wait_for_the_next_run(tmp_path):
    place = Workplace(tmp_path / "out", PLAN)
    place.shard(3).write_text("3")
    place.close()
    again = Workplace(tmp_path / "out", PLAN)
    assert again.shard(3).read_text() == "3"
    (again.bench() / "a").write_text("a")
    assert again.complete() == tmp_path / "out"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out/a").read_text() == "a"
    again.close()


def test_two_runs_do_not_write_to_one_place(tmp_path):
    place = Workplace(tmp_path / "out", PLAN)
    with pytest.raises(StudioError, match="Another run is writing"):
        Workplace(tmp_path / "out", PLAN)
    place.close()
    with pytest.raises(StudioError, match="work of another command"):
        Workplace(tmp_path / "out", {"fingerprint": "cd"})
    Workplace(tmp_path / "out", PLAN).close()


def test_work_in_one_go_leaves_nothing_behind(tmp_path):
    kept = Workplace(tmp_path / "out", PLAN)
    kept.shard(1).write_text("1")
    kept.close()
    place = Workplace(tmp_path / "out", None)
    assert not place.shard(1).exists()
    place.bench()
    place.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StudioError, match="holds something already"):
        Workplace(tmp_path / "out", PLAN)
    (tmp_path / "dir.part").write_text("no folder")
    with pytest.raises(StudioError, match="cannot be made"):
        Workplace(tmp_path / "dir", PLAN)
    clear_leftovers(tmp_path / "nothing")
