"""What a closed window leaves behind."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from tests.app.conftest import Rigged


def test_no_timer_outlives_the_window(rigged: Rigged) -> None:
    """The collector may take the studio in another thread, where a timer cannot be unregistered."""
    rigged.ready()
    rigged.studio.motion._stop_timer.start()
    assert any(timer.isActive() for timer in rigged.studio.findChildren(QTimer))
    rigged.window.close()
    assert not [timer for timer in rigged.studio.findChildren(QTimer) if timer.isActive()]
