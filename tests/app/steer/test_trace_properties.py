"""Whatever a hand does: at most five points, all in the picture, and undo leads back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QUndoStack

from app.steer import trace_item
from app.steer.edge_finder import EdgeFinder
from app.steer.image_view import ImageView
from app.steer.trace_editor import TraceEditor
from app.steer.trace_item import TraceItem
from app.steer.trace_marks import TraceMarks
from app.steer.trace_tool import TraceTool
from app.store import Store

places = st.tuples(st.floats(-40, 360), st.floats(-40, 280))
points = st.tuples(st.floats(0, 255), st.floats(0, 255))
Key = Qt.Key
gestures = st.one_of(
    st.tuples(st.just("press"), places),
    st.tuples(st.just("drag"), st.lists(places, min_size=1, max_size=6)),
    st.tuples(st.just("hover"), places),
    st.tuples(st.just("release"), places),
    st.tuples(st.just("double"), places),
    st.tuples(st.just("right"), places),
    st.tuples(st.just("grab"), st.integers(0, 4)),
    st.tuples(
        st.just("key"),
        st.sampled_from([Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Menu]),
    ),
    st.tuples(
        st.just("do"),
        st.sampled_from(
            [
                "place", "step", "back", "insert", "remove", "reverse", "straighten", "start",
                "clear", "undo", "redo", "cancel", "abandon", "leave",
            ]
        ),
    ),
    st.tuples(st.just("copy"), st.lists(points, min_size=1, max_size=5)),
    st.tuples(st.just("type"), st.tuples(st.integers(-1, 5), points)),
)  # fmt: skip


class Bench:
    """A bare picture with the tool on it."""

    def __init__(self, view: ImageView) -> None:
        self.view, self.store, self.stack = view, Store(), QUndoStack()
        item, line, marks = (
            TraceItem(trace_item.USER, 4),
            TraceItem(trace_item.STROKE, 3),
            TraceMarks(6),
        )
        for each in (item, line, marks):
            view.scene().addItem(each)
        self.edges = EdgeFinder()
        editor = TraceEditor(
            self.store,
            self.stack,
            size=lambda: view.image_size,
            put=self.store.set_draft,
            begin=lambda: "",
        )
        self.tool = TraceTool(view, item, line, marks, editor, self.edges)
        self.store.draft_changed.connect(self.tool.refresh)

    def act(self, kind: str, what: Any) -> None:
        tool, editor, view = self.tool, self.tool.editor, self.view
        none = Qt.KeyboardModifier.NoModifier
        match kind:
            case "press":
                view.pressed.emit(QPointF(*what), none)
            case "drag":
                for place in what:
                    view.moved.emit(QPointF(*place), True)
            case "hover":
                view.moved.emit(QPointF(*what), False)
            case "release":
                view.released.emit(QPointF(*what))
            case "double":
                view.double_clicked.emit(QPointF(*what))
            case "right":
                view.context_requested.emit(QPointF(*what), QPoint())
            case "grab" if what < editor.count:
                view.pressed.emit(QPointF(*editor.places[what]), none)
            case "key":
                view.key_pressed.emit(QKeyEvent(QKeyEvent.Type.KeyPress, what, none))
            case "copy":
                tool.drop()
                editor.replace_by(np.array(what))
            case "type":
                tool.type_point(what[0], np.array(what[1]))
            case "do":
                self._do(what)

    def _do(self, what: str) -> None:
        tool, editor = self.tool, self.tool.editor
        if what in ("cancel", "abandon"):
            getattr(tool, what)()
            return
        if what == "leave":
            self.view.pointer_left.emit()
            return
        tool.drop()
        acts = {
            "place": tool.keys.place,
            "step": lambda: editor.step(1),
            "back": lambda: editor.step(-1),
            "insert": editor.insert_behind_selected,
            "remove": lambda: editor.remove(editor.selected),
            "reverse": editor.reverse,
            "straighten": editor.straighten,
            "start": editor.start_at_gripper,
            "clear": editor.clear,
            "undo": self.stack.undo,
            "redo": self.stack.redo,
        }
        acts[what]()

    def check(self) -> None:
        draft = self.store.draft
        count = 0 if draft is None else len(draft)
        assert 0 <= count <= 5
        if draft is not None:
            assert count
            assert np.isfinite(draft).all()
            assert draft.min() >= 0
            assert draft.max() <= 255
        assert -1 <= self.store.point < max(count, 1)


@pytest.fixture
def view(qtbot: Any) -> ImageView:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.set_image(np.zeros((240, 320, 3), np.uint8))
    view.show()
    return view


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.none() | st.lists(points, min_size=1, max_size=5), st.lists(gestures, max_size=30), st.data()
)
def test_any_sequence_of_gestures_stays_a_trace_and_can_be_undone(
    view: ImageView, before: list[tuple[float, float]] | None, acts: list[Any], data: Any
) -> None:
    bench = Bench(view)
    bench.store.set_draft(None if before is None else np.array(before))
    start = bench.store.draft
    for kind, what in acts:
        bench.act(kind, what)
        bench.check()
    bench.tool.drop()
    after = bench.store.draft
    while bench.stack.canUndo():
        bench.stack.undo()
        bench.check()
    same(bench.store.draft, start)
    while bench.stack.canRedo():
        bench.stack.redo()
        bench.check()
    if not bench.stack.canRedo() and not any(what in ("undo", "redo") for _, what in acts):
        same(bench.store.draft, after)
    bench.tool.setParent(None)
    bench.tool.deleteLater()
    for item in list(view.scene().items()):
        if item is not view._picture:
            view.scene().removeItem(item)


def same(a: np.ndarray | None, b: np.ndarray | None) -> None:
    if a is None or b is None:
        assert a is b
    else:
        np.testing.assert_array_equal(a, b)
