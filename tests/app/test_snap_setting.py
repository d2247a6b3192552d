"""Whether drawn points jump to edges can be a preference."""

from __future__ import annotations

from tests.app.conftest import Rigged


def test_the_setting_switches_snapping(rigged: Rigged) -> None:
    rigged.ready()
    window, studio = rigged.window, rigged.studio
    assert not window.actions_table["snap"].isChecked()
    for wanted in (True, False):
        studio.preferences.change("snap", wanted)
        assert window.actions_table["snap"].isChecked() == wanted
