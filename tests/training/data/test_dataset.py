import json

import numpy as np
import pytest

from core.types import StudioError
from tests.training.data import sets
from training.data.dataset import open_dataset


@pytest.fixture(scope="module", params=["v2.1", "v3.0"])
def dataset(request, tmp_path_factory):
    return open_dataset(sets.write_set(tmp_path_factory.mktemp("set") / "toy", request.param))


def test_both_versions_tell_the_same(dataset):
    assert dataset.cameras == (sets.FRONT, sets.WRIST)
    assert dataset.fps == sets.FPS
    assert [episode.length for episode in dataset.episodes] == [12, 12, 12]
    assert dataset.episodes[1].tasks == (sets.TASKS[1],)
    assert dataset.tasks == dict(enumerate(sets.TASKS))
    assert dataset.features["observation.state"].names[:3] == ("x", "y", "z")
    assert dataset.about == {}


def test_rows_are_those_of_the_episode(dataset):
    found = dataset.rows(dataset.episodes[2])
    for name, values in sets.rows(2, 12).items():
        assert np.allclose(found[name], values, atol=1e-6), name
    assert found["depth"].shape == (12, 12, 16)


@pytest.mark.parametrize("camera", [sets.FRONT, sets.WRIST])
def test_every_row_has_its_own_picture(dataset, camera):
    for episode in dataset.episodes:
        frames = list(dataset.frames(episode, camera))
        assert len(frames) == 12
        for row, frame in enumerate(frames):
            wanted = sets.picture(episode.number, row, camera == sets.WRIST)
            assert np.abs(frame.astype(int) - wanted).mean() < 3


def test_a_single_picture_is_that_of_the_whole_reading(dataset):
    episode = dataset.episodes[1]
    frames = list(dataset.frames(episode, sets.FRONT))
    for row in (11, 0, 6):
        assert np.array_equal(dataset.picture(episode, sets.FRONT, row), frames[row])


def test_a_single_value_of_a_large_column_is_that_of_the_whole_reading(dataset):
    episode = dataset.episodes[2]
    whole = list(dataset.stream(episode, "depth"))
    assert len(whole) == 12
    for row in (11, 0, 5):
        assert np.array_equal(dataset.raw(episode, "depth", row), whole[row])


def test_a_video_that_ends_too_early_misses_pictures(tmp_path):
    folder = sets.write_set(tmp_path / "toy", "v2.1", episodes=1)
    video = folder / f"videos/chunk-000/{sets.FRONT}/episode_000000.mp4"
    sets._film(video, [sets.picture(0, row) for row in range(10)])
    dataset = open_dataset(folder)
    found = [p is not None for p in dataset.pictures(dataset.episodes[0], sets.FRONT)]
    assert found == [True] * 10 + [False] * 2
    with pytest.raises(StudioError, match="ends too early"):
        list(dataset.frames(dataset.episodes[0], sets.FRONT))


def test_what_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(StudioError, match=r"no meta/info\.json"):
        open_dataset(tmp_path)
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/info.json").write_text(json.dumps({"codebase_version": "v1.6"}))
    with pytest.raises(StudioError, match=r"version 'v1\.6'"):
        open_dataset(tmp_path)
    (tmp_path / "meta/info.json").write_text(json.dumps({"codebase_version": "v3.0"}))
    with pytest.raises(StudioError, match="damaged"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("path", ["../{episode_index}.parquet", "/etc/{episode_index}", "{x.y}"])
def test_file_names_may_not_lead_elsewhere(tmp_path, path):
    folder = sets.write_set(tmp_path / "toy", "v2.1", episodes=1, videos=False)
    info = json.loads((folder / "meta/info.json").read_text())
    (folder / "meta/info.json").write_text(json.dumps(info | {"data_path": path}))
    with pytest.raises(StudioError, match="leads elsewhere"):
        open_dataset(folder)


def test_missing_files_are_named(tmp_path):
    folder = sets.write_set(tmp_path / "toy", "v2.1", episodes=1)
    dataset = open_dataset(folder)
    (folder / f"videos/chunk-000/{sets.FRONT}/episode_000000.mp4").unlink()
    with pytest.raises(StudioError, match=r"episode_000000\.mp4"):
        list(dataset.frames(dataset.episodes[0], sets.FRONT))
    (folder / "data/chunk-000/episode_000000.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(StudioError, match="cannot be read"):
        dataset.rows(dataset.episodes[0])
    with pytest.raises(StudioError, match=r"its cameras: observation\.images\.front"):
        list(dataset.frames(dataset.episodes[0], "cam_high"))
