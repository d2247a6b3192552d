"""The small files of a person: what is read, and what becomes of a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.own_files import (
    HISTORY,
    HISTORY_FILE,
    load_history,
    load_rubrics,
    load_templates,
    save_history,
)
from core.types import StudioError


def test_history_survives(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    save_history(folder, ["pick up the “blåbær”", "push it"])
    assert load_history(folder) == (["pick up the “blåbær”", "push it"], [])
    assert [path.name for path in folder.iterdir()] == [HISTORY_FILE]


def test_history_is_short_and_without_repetitions(tmp_path: Path) -> None:
    save_history(tmp_path, ["a", "b", "a", *(str(k) for k in range(2 * HISTORY))])
    history, problems = load_history(tmp_path)
    assert history[:3] == ["a", "b", "0"]
    assert (len(history), problems) == (HISTORY, [])


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1}', '["cut of', "\udc80"])
def test_a_damaged_history_is_kept_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / HISTORY_FILE
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    history, (problem,) = load_history(tmp_path)
    assert history == []
    assert "cannot be read" in problem
    assert not path.exists()
    assert len(list(tmp_path.glob("*.damaged"))) == 1


def test_a_history_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    save_history(tmp_path, ["old"])
    with pytest.raises(StudioError, match="could not be saved"):
        save_history(tmp_path, ["half of a pair: \ud800"])
    assert json.loads((tmp_path / HISTORY_FILE).read_text()) == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == [HISTORY_FILE]


def test_own_templates_come_first(tmp_path: Path) -> None:
    shipped, problems = load_templates(tmp_path)
    assert problems == []
    (tmp_path / "templates.yaml").write_text('- fold the {cloth}\n- "{object} down"\n')
    texts, problems = load_templates(tmp_path)
    assert texts == ("fold the {cloth}", "{object} down", *shipped)
    assert problems == []


@pytest.mark.parametrize("text", ["- {object} down", "- [", "- 3", "pick"])
def test_bad_templates_are_a_sentence_and_the_shipped_ones_stay(tmp_path: Path, text: str) -> None:
    (tmp_path / "templates.yaml").write_text(text)
    texts, (problem,) = load_templates(tmp_path)
    assert texts == load_templates(tmp_path / "none")[0]
    assert "templates.yaml" in problem


def test_an_own_rubric_replaces_a_shipped_one_and_a_bad_one_is_left_out(tmp_path: Path) -> None:
    shipped, _ = load_rubrics(tmp_path)
    folder = tmp_path / "rubrics"
    folder.mkdir()
    (folder / "a.yaml").write_text("name: Lift\nwords: [hoist]\nmilestones: {up: 1.0}\n")
    (folder / "b.yaml").write_text("name: Bad\nmilestones: {half: 0.5}\n")
    rubrics, (problem,) = load_rubrics(tmp_path)
    assert {r.name for r in rubrics} == {r.name for r in shipped}
    assert rubrics[0].words == ("hoist",)
    assert "b.yaml" in problem
    assert "must be 1.0" in problem
