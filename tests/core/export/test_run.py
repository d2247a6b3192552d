"""Exports as a whole: nothing half-made, nothing made twice, nobody named."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.export import films, lerobot
from core.export.command import add_arguments, request_of, run_export
from core.export.request import Chosen, ExportCancelled, ExportRequest, Format, Keep
from core.export.run import export
from core.types import StudioError
from tests.core.export.sessions import NAME, no_episodes, two_episodes, write
from tests.core.export.videos import look_into

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return write(tmp_path_factory.mktemp("sessions") / NAME, two_episodes())


def request(session, kind, out, **more):
    return ExportRequest(chosen=(Chosen(path=session),), format=Format(kind), out=out, **more)


@pytest.mark.parametrize("kind", ["lerobot", "mp4", "csv", "parquet", "ply"])
def test_an_export_that_is_broken_off_goes_on_where_it_was(session, tmp_path, kind, monkeypatch):
    whole = export(request(session, kind, tmp_path / "whole"))
    wanted = request(session, kind, tmp_path / "out")
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > limit

    broken = 0
    limit = 4
    while True:
        try:
            asked.clear()
            result = export(wanted, cancelled=cancelled)
            break
        except ExportCancelled:
            broken += 1
            limit = limit * 3 // 2
            assert not (tmp_path / "out").exists()
            assert broken < 40
    assert broken > 1
    assert result.made + result.reused == whole.made
    assert result.files == whole.files
    for path in whole.folder.rglob("*"):
        if path.is_file():
            twin = result.folder / path.relative_to(whole.folder)
            if path.suffix == ".mp4":
                assert len(look_into(twin)["pictures"]) == len(look_into(path)["pictures"])
            else:
                assert twin.read_bytes() == path.read_bytes()
    assert not (tmp_path / "out.part").exists()


def test_finished_parts_are_not_made_again(session, tmp_path, monkeypatch):
    wanted = request(session, "mp4", tmp_path / "out")
    made = []
    make = films.FilmJob.make

    def counted(self, part, *rest):
        made.append(part.key)
        if len(made) == 2:
            raise ExportCancelled
        return make(self, part, *rest)

    monkeypatch.setattr(films.FilmJob, "make", counted)
    with pytest.raises(ExportCancelled):
        export(wanted)
    result = export(wanted)
    assert (result.made, result.reused) == (1, 1)
    assert made[0] not in made[1:]
    again = export(wanted)
    assert (again.made, again.reused, again.files) == (0, 0, result.files)
    assert len(made) == 3


def test_a_finished_part_that_was_damaged_is_made_again(session, tmp_path, monkeypatch):
    wanted = request(session, "lerobot", tmp_path / "out")
    finish = lerobot.LeRobotJob.finish

    def stop(*_):
        raise ExportCancelled

    monkeypatch.setattr(lerobot.LeRobotJob, "finish", stop)
    with pytest.raises(ExportCancelled):
        export(wanted)
    next((tmp_path / "out.part").rglob("*.mp4")).write_bytes(b"short")
    monkeypatch.setattr(lerobot.LeRobotJob, "finish", finish)
    result = export(wanted)
    assert result.made >= 1
    assert all(look_into(path)["pictures"] for path in result.folder.rglob("*.mp4"))


def test_a_killed_export_leaves_nothing_under_its_name_and_can_be_taken_up(session, tmp_path):
    out = tmp_path / "out"
    words = [sys.executable, str(ROOT / "main.py"), "export", str(session)]
    words += ["--format", "mp4", "--out", str(out)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "out.part").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not out.exists()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert str(out) in done.stdout
    assert "100 %" in done.stderr
    assert sorted(p.name for p in out.glob("*.mp4"))[0].endswith("episode-01-front.mp4")
    assert len(list(out.glob("*.mp4"))) == 4


def test_nothing_tells_who_was_there_unless_it_is_asked_for(tmp_path):
    session = write(tmp_path / "berta.mcap", two_episodes())
    out = {}
    for kind in ("csv", "lerobot", "parquet", "mp4", "ply"):
        folder = export(request(session, kind, tmp_path / kind)).folder
        out[kind] = b"".join(
            str(path.relative_to(folder)).encode() + path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        )
        assert b"erta" not in out[kind], kind
        assert b"/home" not in out[kind], kind
    assert b"lift the cube" in out["csv"]
    keep = Keep(names=True, notes=True, paths=True)
    folder = export(request(session, "csv", tmp_path / "kept", keep=keep)).folder
    events = (folder / "events.csv").read_text()
    assert "Berta sneezed" in events
    assert "/home/berta/logs" in events
    table = pq.read_table(tmp_path / "parquet" / "events.parquet").to_pylist()
    assert {row["kind"] for row in table} >= {"Note", "EpisodeEnded", "SessionStarted", "StepDone"}
    assert [r["episode"] for r in table if r["kind"] == "StepDone"] == [1] * 5 + [2] * 4


def test_the_tables_count_what_happened(session, tmp_path):
    folder = export(request(session, "parquet", tmp_path / "out")).folder
    one, two = pq.read_table(folder / "episodes.parquet").to_pylist()
    assert (one["steps"], one["runs"], one["plans"], one["steered_by"]) == (5, 2, 2, "trace")
    assert (two["outcome"], two["progress"], two["steered_by"]) == ("failure", None, "language")
    steps = pq.read_table(folder / "steps.parquet").to_pylist()
    assert [s["step"] for s in steps] == [0, 1, 2, 0, 1, 0, 1, 2, 3]
    assert steps[3]["trace_x2"] == 5
    assert steps[3]["action_dx"] == pytest.approx(2.0)


def test_a_blind_pair_lies_apart_from_its_key(session, tmp_path):
    out = tmp_path / "pair"
    folder = export(request(session, "blind", out, cut_pauses=True)).folder
    names = {path.name for path in folder.iterdir()}
    clips = sorted(name for name in names if name.startswith("clip-"))
    assert len(clips) == 2
    assert names - set(clips) == {"about.json", "export.json"}
    inside = b"".join((folder / name).read_bytes() for name in names)
    assert b"embedded" not in inside
    assert b"session-" not in inside
    key = json.loads((tmp_path / "pair-key.json").read_text())
    assert sorted(key) == clips
    assert {entry["episode"] for entry in key.values()} == {1, 2}
    assert len({os.stat(folder / clip).st_mtime for clip in clips}) == 1
    a, b = (look_into(folder / clip) for clip in clips)
    assert len(a.pop("pictures")) == len(b.pop("pictures"))
    assert a == b


def test_a_blind_pair_needs_two_episodes(tmp_path):
    session = write(tmp_path / NAME, no_episodes())
    with pytest.raises(StudioError, match="needs two episodes, not 1"):
        export(request(session, "blind", tmp_path / "out"))


def test_a_plain_video_keeps_or_cuts_the_pauses(session, tmp_path):
    kept = export(request(session, "mp4", tmp_path / "a", cameras=("front",), fps=10)).folder
    cut = export(
        request(session, "mp4", tmp_path / "b", cameras=("front",), fps=10, cut_pauses=True)
    ).folder
    count = [len(look_into(next(f.glob("*01-front.mp4")))["pictures"]) for f in (kept, cut)]
    assert count[0] in (20, 21)
    assert count[1] in (10, 11)


def test_a_cloud_of_every_decoded_depth(session, tmp_path):
    result = export(request(session, "ply", tmp_path / "out"))
    (path,) = result.folder.glob("*.ply")
    assert path.name.endswith("episode-01-request-0001.ply")
    assert path.read_bytes().startswith(b"ply\nformat binary_little_endian 1.0\ncomment Steering")
    assert result.skipped == (f"{NAME}, episode 2 has no decoded depth.",)


def test_a_folder_with_other_things_is_left_alone(session, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("x")
    with pytest.raises(StudioError, match="holds other files already"):
        export(request(session, "csv", tmp_path / "out"))
    (tmp_path / "two.part").mkdir()
    (tmp_path / "two.part" / "thesis.tex").write_text("x")
    with pytest.raises(StudioError, match="is no unfinished export"):
        export(request(session, "csv", tmp_path / "two"))
    assert (tmp_path / "two.part" / "thesis.tex").exists()
    (tmp_path / "empty").mkdir()
    assert export(request(session, "csv", tmp_path / "empty")).files == 5


def test_nothing_to_export_is_said_and_leaves_nothing(session, tmp_path):
    with pytest.raises(StudioError, match="no episode fits"):
        export(
            ExportRequest(
                chosen=(Chosen(path=session, episodes=(9,)),),
                format=Format.CSV,
                out=tmp_path / "out",
            )
        )
    with pytest.raises(StudioError, match="cannot be read"):
        export(request(tmp_path / "none.mcap", "csv", tmp_path / "out"))
    assert not list(tmp_path.iterdir())


def test_the_progress_goes_from_nothing_to_all(session, tmp_path):
    told = []
    export(request(session, "mp4", tmp_path / "out"), tell=lambda f, words: told.append(f))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert len({round(f, 1) for f in told}) == 11


def parse(*words):
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_the_command_takes_folders_and_says_what_it_made(session, tmp_path, capsys):
    arguments = parse(session.parent, "--format", "csv", "--out", tmp_path / "o", "--episodes", "2")
    assert run_export(arguments) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'o'}: 5 files")
    wanted = request_of(parse(session, "--format", "blind", "--out", "x"))
    assert wanted.cut_pauses
    assert not request_of(parse(session, "--format", "mp4", "--out", "x")).cut_pauses
    for words, sentence in (
        ((session, "--episodes", "a"), "takes numbers"),
        ((session, "--fps", "0"), "expected 1 to 120"),
        ((tmp_path / "no.mcap",), "There is no"),
        ((tmp_path / "o",), "no session file"),
    ):
        with pytest.raises(StudioError, match=sentence):
            request_of(parse(*words, "--format", "mp4", "--out", "x"))
