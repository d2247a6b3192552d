"""The index follows the files, and what people wrote outlives it."""

from __future__ import annotations

import shutil

import pytest

from core.review.database import FOLDER, INDEX, Database, Remarks, clean_tags
from core.review.library import Filter, find, lines, scan
from core.session.mcap_file import McapFile
from core.types import StudioError
from tests.core.review.recording import START, record


@pytest.fixture
def database(recorded):
    database = Database(recorded.parent)
    scan(database)
    return database


def tasks(found):
    return [line.entry.task for line in found]


def test_each_episode_is_a_line(database):
    found = lines(database)
    assert tasks(found) == ["push the bowl", "lift the red cube"]
    first = found[1].entry
    assert (first.outcome, first.progress, first.steered) == ("success", None, "trace")
    assert (first.operator, first.policy, first.robot) == ("kim", "embedded", "lab")
    assert (first.warnings, first.stops, first.edits) == (1, 0, 2)
    assert first.seconds == pytest.approx(3.7)
    assert first.remarks == "slipped once"
    assert found[0].entry.stops == 1


def test_a_session_without_episodes_is_one_line(tmp_path):
    from core.session import events
    from tests.core.review.recording import story

    told = [(s, e) for s, e in story() if not isinstance(e, events.EpisodeStarted)]
    told = [(s, e) for s, e in told if not type(e).__name__.startswith("Episode")]
    record(tmp_path / "none.mcap", told=told)
    database = Database(tmp_path)
    scan(database)
    (line,) = lines(database)
    assert (line.entry.number, line.entry.task) == (0, "lift the red cube")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), 2),
        (Filter(text="CUBE red"), 1),
        (Filter(text="slipped"), 1),
        (Filter(text="cube bowl"), 0),
        (Filter(outcome="failure"), 1),
        (Filter(operator="kim"), 2),
        (Filter(operator="ada"), 0),
        (Filter(steered=True), 1),
        (Filter(steered=False), 1),
        (Filter(warnings=True), 2),
        (Filter(flagged=True), 0),
        (Filter(text="%' OR 1=1 --"), 0),
    ],
)
def test_filters(database, wanted, expected):
    assert len(find(lines(database), wanted)) == expected


def test_what_people_wrote_survives_a_new_index_and_a_move(database, recorded):
    entry = lines(database)[1].entry
    said = Remarks(flagged=True, note="look “here”", tags=("nice", "slow"))
    database.write(entry, said)
    moved = recorded.parent / "deep" / "renamed.mcap"
    moved.parent.mkdir()
    shutil.move(recorded, moved)
    database.clear()
    assert scan(database) == 1
    found = lines(database)
    assert found[1].entry.path == moved
    assert found[1].remarks == said
    assert found[0].remarks == Remarks()
    assert tasks(find(found, Filter(text="slow here", flagged=True))) == ["lift the red cube"]


def test_only_what_changed_is_read_again(database, recorded):
    assert scan(database) == 0
    other = record(recorded.parent / "two.mcap", start=START + 10**12)
    assert scan(database) == 1
    assert len(lines(database)) == 4
    other.unlink()
    assert scan(database) == 0
    assert len(lines(database)) == 2


def test_a_damaged_index_is_made_anew(database):
    path = database.folder / FOLDER / INDEX
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StudioError, match="scan the folder again"):
        lines(database)
    assert scan(database) == 1
    assert len(lines(database)) == 2


def test_an_index_of_another_layout_is_made_anew(database):
    import sqlite3

    path = database.folder / FOLDER / INDEX
    with sqlite3.connect(path) as index:
        index.execute("PRAGMA user_version = 99")
    index.close()
    assert scan(database) == 1
    assert len(lines(database)) == 2


def test_unfinished_damaged_and_growing_files_are_lines_too(tmp_path):
    record(tmp_path / "cut.mcap", finish=False)
    (tmp_path / "bad.mcap").write_bytes(b"\x00" * 200)
    growing = McapFile(tmp_path / "now.mcap")
    database = Database(tmp_path)
    scan(database)
    states = {line.entry.path.name: line.entry.state for line in lines(database)}
    assert states == {
        "cut.mcap.part": "unfinished",
        "bad.mcap": "damaged",
        "now.mcap.part": "recording",
    }
    assert all(line.entry.problem for line in lines(database))
    growing.abandon()
    scan(database)
    states = {line.entry.path.name: line.entry.state for line in lines(database)}
    assert states["now.mcap.part"] == "unfinished"


def test_a_scan_can_be_given_up_and_goes_on(tmp_path):
    for number in range(3):
        record(tmp_path / f"{number}.mcap", start=START + number)
    database, seen = Database(tmp_path), []

    def told(fraction, words):
        seen.append(words)
        if words == "1.mcap":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        scan(database, told)
    assert "0.mcap" in seen
    assert scan(database) == 2


def test_a_missing_folder_is_an_empty_library(tmp_path):
    database = Database(tmp_path / "none")
    assert scan(database) == 0
    assert lines(database) == []


def test_tags_are_tidied():
    assert clean_tags(" Slow ,nice,  slow, two  words") == ("nice", "slow", "two words")
    with pytest.raises(StudioError, match="too long"):
        clean_tags("x" * 100)
    with pytest.raises(StudioError, match="at most"):
        clean_tags(",".join(str(n) for n in range(40)))
