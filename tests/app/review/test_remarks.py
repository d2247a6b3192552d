"""What a person says about an episode afterwards is kept, the newest last."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from core.review.database import Database
from tests.app.conftest import Rigged
from tests.app.review.test_review import go
from tests.core.review.recording import record


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return record(tmp_path / "one.mcap")


def test_flag_tags_and_note_are_kept_and_found(rigged: Rigged, one: Path) -> None:
    review = go(rigged)
    library = review.page.library
    library.table.selectRow(1)
    rigged.key(Qt.Key.Key_F)
    rigged.qtbot.keyClicks(library.remarks.tags, "Nice, slow")
    rigged.qtbot.keyClick(library.remarks.tags, Qt.Key.Key_Return)
    library.remarks.note.setFocus()
    rigged.qtbot.keyClicks(library.remarks.note, "look here")
    library.table.selectRow(0)

    def said() -> Any:
        return next((r for r in Database(one.parent).remarks().values()), None)

    rigged.until(lambda: said() is not None and said().note == "look here")
    assert said().flagged
    assert said().tags == ("nice", "slow")
    rigged.window.actions_table["review_rebuild"].trigger()
    rigged.until(lambda: not review._task.running)  # type: ignore[union-attr]
    library.filters.search.setText("slow here")
    assert [line.entry.task for line in library.model.lines] == ["lift the red cube"]


def test_the_last_of_many_remarks_is_the_one_that_is_kept(
    rigged: Rigged, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Database.write, []

    def slow(self: Database, entry: Any, remarks: Any) -> None:
        time.sleep(0.2 if remarks.note == "a" else 0.0)
        write(self, entry, remarks)
        written.append(remarks.note)

    monkeypatch.setattr(Database, "write", slow)
    library = go(rigged).page.library
    library.table.selectRow(1)
    remarks = library.remarks
    for note in ("a", "ab", "abc"):
        remarks.note.setPlainText(note)
        remarks.keep()
    rigged.until(lambda: len(written) == 3)
    assert next(iter(Database(one.parent).remarks().values())).note == "abc"
