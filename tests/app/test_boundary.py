"""What is inside arranges itself anew; those outside hear of it only when its size matters."""

import pytest
from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.boundary import Boundary


class Requests(QObject):
    """Counts how often a widget is asked to lay out anew."""

    def __init__(self, widget):
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def outer(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(400, 200)
    return widget


def filled(outer, *, wide):
    row = QWidget()
    layout = QHBoxLayout(row)
    label = QLabel("a few words")
    layout.addWidget(label)
    if wide:
        layout.addStretch(1)
    boundary = Boundary(row)
    QVBoxLayout(outer).addWidget(boundary)
    return boundary, label


def settle(qapp):
    for _ in range(3):
        qapp.processEvents()


def test_a_shorter_word_tells_nobody(outer, qapp):
    boundary, label = filled(outer, wide=True)
    outer.show()
    settle(qapp)
    label.setText("a few more words than before")
    settle(qapp)
    requests, least = Requests(outer), boundary.minimumSizeHint()
    for text in ("fewer", "a few words", ""):
        label.setText(text)
        settle(qapp)
    assert requests.count == 0
    assert boundary.minimumSizeHint() == least  # as wide as it once had to be


def test_what_needs_more_room_is_heard(outer, qapp):
    boundary, label = filled(outer, wide=False)
    outer.show()
    settle(qapp)
    before, requests = boundary.minimumSizeHint(), Requests(outer)
    label.setText("many more words\nin two lines")
    settle(qapp)
    assert requests.count > 0
    after = boundary.minimumSizeHint()
    assert after.width() > before.width()
    assert after.height() > before.height()
    label.setText("short")
    settle(qapp)
    assert boundary.minimumSizeHint() == QSize(after.width(), before.height())


def test_it_takes_room_as_what_is_inside_would(outer, qapp):
    boundary, _ = filled(outer, wide=True)
    ways = boundary.inside.layout().expandingDirections()
    assert boundary.sizePolicy().expandingDirections() == ways
    outer.show()
    settle(qapp)
    assert boundary.inside.geometry() == boundary.rect()
    outer.resize(600, 300)
    settle(qapp)
    assert boundary.inside.geometry() == boundary.rect()


def test_height_for_width_goes_through(outer, qapp):
    label = QLabel("words that are broken into lines " * 5)
    label.setWordWrap(True)
    boundary = Boundary(label)
    assert boundary.hasHeightForWidth()
    assert boundary.heightForWidth(80) == label.heightForWidth(80) > label.heightForWidth(800)


def test_words_that_stand_in_one_line_anyway_change_no_height(outer, qapp):
    """A label that may wrap wishes to be narrow and high; in a wide bar it is neither."""
    row = QWidget()
    layout = QHBoxLayout(row)
    label = QLabel("words")
    label.setWordWrap(True)
    layout.addWidget(label, 1)
    boundary = Boundary(row)
    bar = QVBoxLayout(outer)
    bar.addWidget(boundary)
    bar.addStretch(1)
    outer.show()
    settle(qapp)
    high, requests = boundary.height(), Requests(outer)
    label.setText("words words words words")
    settle(qapp)
    assert requests.count == 0
    assert boundary.height() == high
    label.setText(40 * "words ")
    settle(qapp)
    assert requests.count > 0
    assert boundary.height() > high
