"""A line of words that always fits."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument
from pytestqt.qtbot import QtBot

from app.steer.note_line import NoteLine, Part

LONG = "pick up the " + "very " * 60 + "red cube"
PARTS = (
    Part(text=f"“{LONG}”", look="old", quote=True),
    Part(text="→"),
    Part(text=f"“{LONG}”", look="new", quote=True),
    Part(text="a long explanation of what this means", short="short"),
)


@pytest.mark.parametrize("width", [300, 500, 900])
def test_long_quotes_are_cut_so_that_all_parts_fit(qtbot: QtBot, width: int) -> None:
    line = NoteLine()
    qtbot.addWidget(line)
    line.set_parts(PARTS, "caption")
    line.resize(width, 20)
    line.show()
    page = QTextDocument()
    page.setDefaultFont(line.font())
    page.setDocumentMargin(0)
    page.setHtml(line.text())
    assert page.idealWidth() <= width
    assert line.text().count("…") == 2
    assert "short" in line.text()
    assert LONG in line.words
    assert LONG in line.toolTip()


def test_where_there_is_room_everything_is_said(qtbot: QtBot) -> None:
    line = NoteLine()
    qtbot.addWidget(line)
    line.resize(1200, 20)
    line.set_parts([Part(text="a <b> & “c”", quote=True), PARTS[3]], "caption")
    assert "long&nbsp;explanation" in line.text()
    assert "&lt;b&gt;&nbsp;&amp;" in line.text(), "what is typed is no markup"
