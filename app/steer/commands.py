"""What undo and redo go back and forth over: edits of the drawn trace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QUndoCommand

Points = NDArray[np.float64]

_MERGE_ID = 1


class EditTrace(QUndoCommand):
    """Replaces the drawn trace; nudges in a row merge into a single step."""

    def __init__(
        self,
        text: str,
        before: Points | None,
        after: Points | None,
        gesture: int,
        put: Callable[[Points | None], None],
        *,
        applied: bool = False,
    ) -> None:
        """Make a step.

        Args:
            text: Name of the edit, as it appears after "Undo".
            before: (L, 2) in 0..255, or None for no trace.
            after: The same after the edit.
            gesture: Steps with the same number belong together and merge.
            put: Replaces the trace.
            applied: Whether the trace shows the edit already, as after a drag.
        """
        super().__init__(text)
        self._before = before
        self._after = after
        self._gesture = gesture
        self._put = put
        self._applied = applied

    def id(self) -> int:
        """Allow merging with steps of the same kind."""
        return _MERGE_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in a later step with the same number."""
        if not isinstance(other, EditTrace) or other._gesture != self._gesture:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        """Apply the edit."""
        if self._applied:  # the stack asks for it once when it takes the step
            self._applied = False
            return
        self._put(self._after)

    def undo(self) -> None:
        """Take the edit back."""
        self._put(self._before)
