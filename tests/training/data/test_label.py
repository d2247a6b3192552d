import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from core.trace import subsample_future
from core.types import StudioError
from tests.training.data import sets
from training.data import label as labelling
from training.data.conventions_file import parse_conventions
from training.data.dataset import open_dataset
from training.data.depth import load_codec
from training.data.gripper import project, tool_places
from training.data.label import LabelRequest, label
from training.data.types import trace_points

ROOT = Path(__file__).resolve().parents[3]


def request(folder, out, settings, **changes):
    path = folder.parent / f"{folder.name}.yaml"
    path.write_text(yaml.safe_dump(sets.declared(**changes.pop("declared", {}))))
    return LabelRequest(dataset=folder, out=out, conventions=path, settings=settings, **changes)


def digest(folder):
    """Return the bytes of every file below a folder, as one hash each."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return sets.write_set(tmp_path_factory.mktemp("set") / "toy", episodes=4)


def test_a_labelled_row_says_what_it_should(toy, tmp_path, settings, codec):
    result = label(request(toy, tmp_path / "out", settings))
    assert (result.episodes, result.rows, result.odd) == (4, 4 * 10, ())
    assert result.skipped == {"no-op": 8}
    dataset = open_dataset(result.folder)
    episode = dataset.episodes[2]
    found = dataset.rows(episode)
    kept = [row for row in range(12) if row not in sets.IDLE]
    truth = sets.rows(2, 12)
    assert found["source_frame"].tolist() == kept
    assert np.allclose(found["action"], truth["action"][kept], atol=1e-6)
    assert np.allclose(found["source_action"], truth["action"][kept], atol=1e-6)
    assert np.allclose(found["timestamp"], truth["timestamp"][kept])
    assert found["index"].tolist() == list(range(20, 30))
    arm = parse_conventions(sets.declared(), Path()).arms[0]
    places = tool_places(arm, {"observation.state": truth["observation.state"]}, dataset.features)
    camera = parse_conventions(sets.declared(), Path()).cameras[0]
    line = subsample_future(project(places, camera)[kept][3:])
    assert np.allclose(trace_points(found["trace"][3], found["trace_length"][3]), line, atol=1e-3)
    assert found["depth_codes"].shape == (10, 100)
    assert ((found["depth_codes"] >= 0) & (found["depth_codes"] < 128)).all()
    assert (found["depth_error"] > 0).all()
    frames = list(dataset.frames(episode, sets.FRONT))
    for frame, row in zip(frames, kept, strict=True):
        assert np.abs(frame.astype(int) - sets.picture(2, row)).mean() < 3


def test_the_set_says_how_it_was_made_and_counts_rightly(toy, tmp_path, settings, codec):
    result = label(request(toy, tmp_path / "out", settings, name="toy_arm"))
    about = json.loads((result.folder / "meta/action_reasoning.json").read_text())
    statistics = about["norm_stats"]["toy_arm"]
    assert statistics["num_trajectories"] == 4
    assert statistics["num_transitions"] == 40
    assert statistics["action"]["mask"] == [True] * 6 + [False]
    actions = np.concatenate(
        [
            open_dataset(result.folder).rows(e)["action"]
            for e in open_dataset(result.folder).episodes
        ]
    )
    assert np.allclose(statistics["action"]["q01"], np.quantile(actions, 0.01, axis=0), atol=1e-6)
    assert about["depth"]["codec"] == load_codec(str(codec)).digest
    assert about["depth"]["range"] == {"near": 0.5, "far": 2.0}
    assert about["cameras"] == [sets.FRONT, sets.WRIST]
    assert about["skipped"] == {"no-op": 8}
    info = json.loads((result.folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["total_frames"], info["total_tasks"]) == ("v3.0", 40, 2)
    for name in ("contact_sheet.png", "contact_sheet.html"):
        assert (result.folder / name).stat().st_size > 1000


def test_two_versions_of_the_same_data_give_the_same_rows(tmp_path, settings):
    folders = [sets.write_set(tmp_path / v, v, episodes=2) for v in ("v2.1", "v3.0")]
    made = [label(request(f, tmp_path / f"{f.name}-out", settings)).folder for f in folders]
    for episode in (0, 1):
        a, b = (open_dataset(folder) for folder in made)
        one, two = (d.rows(d.episodes[episode]) for d in (a, b))
        assert one.keys() == two.keys()
        assert all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.timeout(300)
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path, settings):
    """Kill -9 in the middle, go on with two processes: what comes out is what one process makes."""
    toy = sets.write_set(tmp_path / "toy", episodes=12)
    whole = label(request(toy, tmp_path / "whole", settings)).folder
    out = tmp_path / "killed"
    command = [
        *(sys.executable, "main.py", "data", "label", str(toy), "--out", str(out)),
        *("--conventions", str(tmp_path / "toy.yaml"), "--codec", settings.codec),
    ]
    shards = Path(f"{out}.part") / "shards"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    run = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not list(shards.glob("*.parquet")):
            assert run.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = len(list(shards.glob("*.parquet")))
    assert 1 <= done < 12
    assert not out.exists()
    result = label(request(toy, out, replace(settings), processes=2))
    assert result.reused == done
    assert digest(result.folder) == digest(whole)
    assert not Path(f"{out}.part").exists()
    again = label(request(toy, out, settings))
    assert (again.reused, again.rows, again.skipped) == (12, 120, {"no-op": 24})


def test_a_full_disk_is_said_and_the_next_run_goes_on(toy, tmp_path, settings, monkeypatch):
    from training.data import shard

    write, written = shard.write_shard, []

    def full(path, table, facts):
        if len(written) == 2:
            written.append(path)
            real = Path.write_bytes
            monkeypatch.setattr(Path, "write_bytes", _no_space)
            try:
                write(path, table, facts)
            finally:
                monkeypatch.setattr(Path, "write_bytes", real)
        written.append(path)
        write(path, table, facts)

    monkeypatch.setattr(shard, "write_shard", full)
    wanted = request(toy, tmp_path / "out", settings)
    with pytest.raises(StudioError, match=r"could not be written \(No space left on device\)"):
        label(wanted)
    assert not (tmp_path / "out").exists()
    assert label(wanted).reused == 2


def _no_space(self, data):
    raise OSError(28, "No space left on device")


def test_the_work_of_another_command_is_left_alone(toy, tmp_path, settings, monkeypatch):
    monkeypatch.setattr(labelling, "_assemble", _stop)
    wanted = request(toy, tmp_path / "out", settings)
    with pytest.raises(StudioError, match="stopped here"):
        label(wanted)
    other = request(toy, tmp_path / "out", replace(settings, released_depth=True))
    with pytest.raises(StudioError, match="unfinished work of another command"):
        label(other)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.tex").write_text("…")
    with pytest.raises(StudioError, match="holds something already"):
        label(request(toy, tmp_path / "full", settings))


def _stop(*_):
    raise StudioError("stopped here")


def test_bad_frames_and_bad_episodes_are_counted_with_their_reasons(tmp_path, settings):
    def spoil(number, columns):
        if number == 0:
            columns["action"][3, 2] = np.nan
            columns["observation.state"][6:8, 0] = 9.0  # far outside of the picture
        if number == 2:
            columns["action"][:, :] = np.nan

    toy = sets.write_set(tmp_path / "toy", "v2.1", change=spoil)
    video = toy / f"videos/chunk-000/{sets.WRIST}/episode_000001.mp4"
    sets._film(video, [sets.picture(1, row) for row in range(9)])
    result = label(request(toy, tmp_path / "out", settings))
    assert result.skipped == {
        "action not finite, or no pose before it": 1,
        "no-op": 4,
        f"no picture of {sets.WRIST}": 3,
    }
    assert result.left_out == {"fewer than two usable frames": 1}
    dataset = open_dataset(result.folder)
    rows = dataset.rows(dataset.episodes[0])
    place = rows["source_frame"].tolist().index(6)
    assert rows["trace_length"][place] == 4  # rows 6 and 7 are outside, four are left
    page = (result.folder / "contact_sheet.html").read_text()
    assert "no-op" in page
    assert "fewer than two usable frames" in page


def test_nothing_left_is_said_and_why(tmp_path, settings):
    def far(number, columns):
        columns["observation.state"][:, 0] = 9.0

    toy = sets.write_set(tmp_path / "toy", change=far)
    with pytest.raises(StudioError, match="No episode could be labelled: fewer than two usable"):
        label(request(toy, tmp_path / "out", settings))


def test_without_conventions_a_draft_is_made_and_nothing_else(toy, tmp_path, settings):
    wanted = LabelRequest(dataset=toy, out=tmp_path / "out", conventions=None, settings=settings)
    with pytest.raises(StudioError, match=r"out\.conventions\.yaml"):
        label(wanted)
    assert "observation.state" in (tmp_path / "out.conventions.yaml").read_text()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("declared", "change", "words"),
    [
        ({"cameras": [{"column": "cam", "role": "front"}]}, {}, "no camera 'cam'"),
        ({"action": sets.declared()["action"] | {"gripper": "none"}}, {"depth": "none"}, None),
        ({"depth": {"column": "range", "unit": "m"}}, {}, "no column 'range'"),
        ({}, {"codec": "/nowhere"}, "no depth codec"),
        ({}, {"trace": "column"}, "No place of the right gripper"),
        ({}, {"trace": "keep"}, "no traces that could be kept"),
        ({}, {"depth": "depth-anything", "depth_model": "/nowhere"}, "cannot be loaded"),
    ],
)
def test_what_does_not_fit_is_said(toy, tmp_path, settings, declared, change, words):
    wanted = request(toy, tmp_path / "out", replace(settings, **change), declared=declared)
    if words is None:
        folder = label(wanted).folder
        rows = open_dataset(folder).rows(open_dataset(folder).episodes[0])
        assert (rows["action"][:, 6] == 1).all()
        assert "depth_codes" not in rows
    else:
        with pytest.raises(StudioError, match=words):
            label(wanted)


def test_wrong_action_dimensions_are_said(tmp_path, settings):
    toy = sets.write_set(tmp_path / "toy")
    wrong = {"column": "action", "values": [0, 1, 9], "unit": "m"}
    declared = {"action": sets.declared()["action"] | {"position": wrong}}
    with pytest.raises(StudioError, match="'action' has no value '9'; it has 7"):
        label(request(toy, tmp_path / "out", settings, declared=declared))


def test_two_arms_have_two_traces_and_fourteen_values(toy, tmp_path, settings):
    one = sets.declared()
    arms = [{"name": n, "action": one["action"], "state": one["state"]} for n in ("left", "right")]
    declared = {k: v for k, v in one.items() if k not in ("action", "state")} | {"arms": arms}
    path = tmp_path / "two.yaml"
    path.write_text(yaml.safe_dump(declared))
    wanted = LabelRequest(
        dataset=toy,
        out=tmp_path / "out",
        conventions=path,
        settings=replace(settings, depth="none"),
    )
    dataset = open_dataset(label(wanted).folder)
    rows = dataset.rows(dataset.episodes[0])
    assert rows["action"].shape == (10, 14)
    assert np.array_equal(rows["trace_left"], rows["trace_right"])
    assert dataset.about["arms"] == ["left", "right"]
    (statistics,) = dataset.about["norm_stats"].values()
    assert statistics["action"]["mask"] == ([True] * 6 + [False]) * 2


def test_a_labelled_set_can_get_depth_later(toy, tmp_path, settings):
    first = label(request(toy, tmp_path / "a", replace(settings, depth="none"))).folder
    path = tmp_path / "again.yaml"
    names = ["x", "y", "z", "rx", "ry", "rz"]
    again = sets.declared()
    again["action"]["position"]["values"] = names[:3]
    again["action"]["rotation"]["values"] = names[3:]
    path.write_text(yaml.safe_dump(again))
    wanted = LabelRequest(
        dataset=first,
        out=tmp_path / "b",
        conventions=path,
        settings=replace(settings, trace="auto"),
    )
    dataset = open_dataset(label(wanted).folder)
    assert dataset.about["trace"]["source"] == "keep"
    before, after = (s.rows(s.episodes[1]) for s in (open_dataset(first), dataset))
    assert np.array_equal(before["trace"], after["trace"])
    assert np.array_equal(before["action"], after["action"])
    assert "depth_codes" in after
    assert "depth_codes" not in before


def test_a_network_that_points_gives_traces_in_between_as_well(
    toy, tmp_path, settings, monkeypatch
):
    """The pictures brighten by 10 from row to row; the pointer reads its place from that."""
    from training.data import shard

    asked = []

    class Pointer:
        def point(self, picture, question):
            asked.append(question)
            row = round((float(picture[30:, 4:24].mean()) - 60) / 10)
            if row == 6:
                return np.array([250.0, 250.0])  # a mistake
            return np.array([10.0 * row, 5.0])

    monkeypatch.setattr(shard, "load_pointer", lambda *_: Pointer())
    pointing = replace(settings, trace="pointing", depth="none", every=2)
    declared = {"no_ops": "keep"}
    result = label(request(toy, tmp_path / "out", pointing, declared=declared))
    dataset = open_dataset(result.folder)
    rows = dataset.rows(dataset.episodes[0])
    assert asked == ["point to the robot gripper"] * 7 * 4  # every second of 12 rows, and the last
    starts = rows["trace"][:, :2]
    assert np.allclose(starts, [[10 * row, 5] for row in range(12)], atol=0.01)
    assert rows["trace_suspect"].tolist() == [5 <= row <= 7 for row in range(12)]
    assert dataset.about["trace_suspect"] == 4 * 3
    assert dataset.about["trace"]["every"] == 2


def test_colour_pictures_can_give_the_depth(toy, tmp_path, settings, depth_anything):
    network = replace(settings, depth="depth-anything", depth_model=str(depth_anything))
    dataset = open_dataset(label(request(toy, tmp_path / "out", network)).folder)
    assert dataset.about["depth"]["network"] == depth_anything.name
    assert dataset.about["depth"]["range"] is None
    rows = dataset.rows(dataset.episodes[0])
    assert rows["depth_codes"].shape == (10, 100)
    assert (rows["depth_error"] > 0).all()
