import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.export.lerobot_rows import MEANING
from core.export.request import Chosen, ExportRequest, Format
from core.export.run import export
from core.types import StudioError
from tests.core.export.sessions import NAME, no_episodes, two_episodes, write
from tests.core.export.videos import look_into


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    place = tmp_path_factory.mktemp("lerobot")
    paths = [
        write(place / NAME, two_episodes()),
        write(place / "session-20261123-111213.mcap", no_episodes()),
    ]
    request = ExportRequest(
        chosen=tuple(Chosen(path=path) for path in paths),
        format=Format.LEROBOT,
        out=place / "out",
    )
    return export(request).folder


def rows(dataset, number):
    return pq.read_table(dataset / f"data/chunk-000/file-{number:03d}.parquet").to_pydict()


def test_the_dataset_says_what_it_holds(dataset):
    info = json.loads((dataset / "meta/info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    assert (info["total_episodes"], info["total_frames"], info["fps"]) == (3, 11, 5)
    assert info["total_tasks"] == 2
    about = json.loads((dataset / "meta/steering_studio.json").read_text())
    declared = {n for n, f in info["features"].items() if f["dtype"] != "video"}
    plain = {"timestamp", "frame_index", "episode_index", "index", "task_index"}
    assert set(about["columns"]) == set(MEANING) == declared - plain


def test_a_row_is_a_step_that_was_executed(dataset):
    first = rows(dataset, 0)
    assert np.allclose(first["action"][3], np.arange(7) / 1000 + 2)
    assert first["steered"] == [False] * 3 + [True] * 2
    assert first["trace"][0] == [10, 20, 30, 40, -1, -1, -1, -1, -1, -1]
    assert first["trace"][4] == [1, 2, 3, 4, 5, 6, -1, -1, -1, -1]
    assert first["trace_points"] == [2, 2, 2, 3, 3]
    assert np.allclose(first["timestamp"], np.arange(5) / 5)
    assert np.allclose(first["recorded_time"], [1.5, 1.7, 1.9, 2.6, 2.8])
    assert first["next.done"] == first["next.success"] == [False] * 4 + [True]
    assert first["success"] == [True] * 5
    assert first["progress"] == pytest.approx([0.85] * 5)
    assert first["observation.state"][0][:3] == pytest.approx([0.414, 0, 0.2])


def test_numbers_run_on_through_all_episodes(dataset):
    second, third = rows(dataset, 1), rows(dataset, 2)
    assert second["index"] == [5, 6, 7, 8]
    assert third["index"] == [9, 10]
    assert second["task_index"] == [1] * 4
    assert third["task_index"] == [0, 0]
    assert second["intervention"] == [True] * 4
    assert second["steered"] == [False] * 4
    assert second["progress"] == [-1] * 4
    assert second["next.success"] == [False] * 4


def test_tasks_have_the_words_as_the_index(dataset):
    table = pq.read_table(dataset / "meta/tasks.parquet")
    about = json.loads(table.schema.metadata[b"pandas"])
    assert about["index_columns"] == ["task"]
    assert table["task"].to_pylist() == ["lift the cube", "push the cube"]


def test_every_row_has_the_picture_of_the_moment_it_began(dataset):
    first = rows(dataset, 0)
    video = look_into(dataset / "videos/observation.images.front/chunk-000/file-000.mp4")
    assert video["rate"] == 5
    shown = [picture[:, :12].mean() for picture in video["pictures"]]
    # the steps begin at 1.5, 1.7 … s, where pictures have the greys 45 + 60, 51 + 60 …
    assert np.allclose(shown, [105, 111, 117, 138, 144], atol=1.4)
    assert np.allclose(first["observation.age"], 0.0, atol=1e-6)


def test_the_episodes_point_to_their_files_and_carry_statistics(dataset):
    table = pq.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [e["length"] for e in table] == [5, 4, 2]
    assert [e["dataset_from_index"] for e in table] == [0, 5, 9]
    assert [e["data/file_index"] for e in table] == [0, 1, 2]
    assert [e["outcome"] for e in table] == ["success", "failure", ""]
    assert table[0]["videos/observation.images.wrist/to_timestamp"] == 1.0
    assert table[1]["tasks"] == ["push the cube"]
    assert np.asarray(table[0]["stats/observation.images.front/mean"]).shape == (3, 1, 1)


def test_the_statistics_are_those_of_all_rows_together(dataset):
    stats = json.loads((dataset / "meta/stats.json").read_text())["action"]
    actions = np.concatenate([rows(dataset, k)["action"] for k in range(3)])
    assert stats["count"] == [11]
    assert np.allclose(stats["mean"], actions.mean(axis=0))
    assert np.allclose(stats["std"], actions.std(axis=0), atol=1e-6)
    assert np.allclose(stats["max"], actions.max(axis=0))


def test_episodes_of_different_rates_do_not_mix(tmp_path):
    one = write(tmp_path / "a.mcap", two_episodes())
    two = write(tmp_path / "b.mcap", two_episodes(rate=10.0))
    request = ExportRequest(
        chosen=(Chosen(path=one), Chosen(path=two)), format=Format.LEROBOT, out=tmp_path / "out"
    )
    with pytest.raises(StudioError, match="steps at 5 and 10 Hz"):
        export(request)
    assert not (tmp_path / "out.part").exists()
