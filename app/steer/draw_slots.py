"""What the actions of the group "Your trace" do, and what undo and redo are called."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QUndoStack

from app.actions import Actions
from app.steer.canvas import Canvas

HOLDING = "A gesture is under way: let go of the button first, or press Esc to take it back."


def draw_slots(canvas: Canvas) -> dict[str, Callable[..., object]]:
    """Return what the actions do, by their names; undo and redo are the window's."""
    tool, editor = canvas.tool, canvas.tool.editor

    def at_rest(act: Callable[[], object], *, leave: bool = True) -> Callable[[], None]:
        """Refuse while the mouse holds something; then give the picture the keys."""

        def slot() -> None:
            if tool.active:
                tool.refused.emit(HOLDING)
                return
            if leave:
                tool.keys.leave()
            tool.began.emit()
            tool.forget_pointer()
            act()
            canvas.view.setFocus()

        return slot

    return {
        "copy_model": at_rest(canvas.copy_model_trace),
        "start_at_gripper": at_rest(editor.start_at_gripper),
        "place_point": at_rest(tool.keys.place, leave=False),
        "insert_point": at_rest(editor.insert_behind_selected),
        "remove_point": at_rest(lambda: editor.remove(editor.selected)),
        "next_point": at_rest(lambda: editor.step(1)),
        "previous_point": at_rest(lambda: editor.step(-1)),
        "reverse": at_rest(editor.reverse),
        "straighten": at_rest(editor.straighten),
        "clear": at_rest(editor.clear),
        "snap": tool.edges.set_on,
    }


class StepNames(QObject):
    """Lets undo and redo say which step they mean, in menus and tooltips."""

    def __init__(self, actions: Actions, stack: QUndoStack) -> None:
        super().__init__(actions)
        self._actions = actions
        stack.undoTextChanged.connect(self._name_undo)
        stack.redoTextChanged.connect(self._name_redo)
        self._name_undo(stack.undoText())
        self._name_redo(stack.redoText())

    @Slot(str)
    def _name_undo(self, step: str) -> None:
        self._name("undo", "Undo", "Take back: {}.", step)

    @Slot(str)
    def _name_redo(self, step: str) -> None:
        self._name("redo", "Redo", "Make again: {}.", step)

    def _name(self, action: str, verb: str, sentence: str, step: str) -> None:
        words = step[:1].lower() + step[1:]
        self._actions[action].setText(f"{verb} {words}".strip())
        self._actions.describe(action, sentence.format(words) if words else "")
