"""The keys that let an armed arm move while they are held, as a person writes them down.

Qt for Python has no gamepads and knows no pedals; both can be set up to send a key, and any key of
its own will do.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

_TAKEN = frozenset(
    {
        Qt.Key.Key_Escape,
        Qt.Key.Key_Space,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_Tab,
        Qt.Key.Key_Backtab,
    }
)
"""Keys that already mean something everywhere."""


def parse_hold_keys(text: str) -> frozenset[Qt.Key]:
    """Return the keys; those that are none are left out."""
    return frozenset(key for word in text.split() if (key := _key(word)) is not None)


def keys_problem(text: str) -> str:
    """Say what is wrong with a list of keys; nothing when it is possible."""
    words = text.split()
    if not words:
        return "A real arm moves only while a key or the button is held; name a key, such as R."
    for word in words:
        key = _key(word)
        if key is None:
            return f"'{word}' is no single key; write names such as R, F13 or PgDown."
        if key in _TAKEN:
            return f"{word} already means something else; choose another key, such as R or F13."
    return ""


def shown_hold_keys(text: str) -> str:
    """Write the keys as a person reads them, such as "R or F13"."""
    return " or ".join(text.split())


def _key(word: str) -> Qt.Key | None:
    sequence = QKeySequence(word)
    if sequence.count() != 1:
        return None
    pressed = sequence[0]
    plain = pressed.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
    return pressed.key() if plain and pressed.key() != Qt.Key.Key_unknown else None
