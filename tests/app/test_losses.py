"""What a study needs and loses stops the arm; outside of studies it is said."""

from __future__ import annotations

import pytest

from app.recording import SILENT_S
from core.session.client import RecorderStatus
from tests.app.conftest import Rigged
from tests.app.test_stopping import start_run


def lose_policy(rigged: Rigged) -> None:
    rigged.policy.is_connected = False  # as a connection that its server has closed


def kill_recorder(rigged: Rigged) -> None:
    rigged.recorder.error = "The recorder ended unexpectedly."


def freeze_recorder(rigged: Rigged) -> None:
    status = RecorderStatus(recording=True, path="session.mcap.part", silent_s=SILENT_S + 1)
    rigged.recorder.status = lambda: status


LOSSES = [lose_policy, kill_recorder, freeze_recorder]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_loss_in_study_mode_stops_the_arm(rigged: Rigged, lose) -> None:
    rigged.store.study_mode = True
    start_run(rigged)
    lose(rigged)
    rigged.until(lambda: bool(rigged.rig.stops))
    assert "study mode" in rigged.rig.stops[0]
    assert rigged.store.phase == "stopped"


@pytest.mark.parametrize("lose", LOSSES)
def test_outside_of_studies_a_loss_is_said_and_the_motion_goes_on(rigged: Rigged, lose) -> None:
    start_run(rigged)
    lose(rigged)
    rigged.until(lambda: any("goes on" in n.text for n in rigged.studio.notifier.history))
    assert not rigged.rig.stops
    assert rigged.store.phase == "running"


def test_without_a_record_nothing_starts_in_study_mode(rigged: Rigged) -> None:
    rigged.ready()
    rigged.store.study_mode = True
    kill_recorder(rigged)
    rigged.until(lambda: not rigged.store.recording.path)
    rigged.store.phase_changed.emit(rigged.store.phase)
    for name in ("run", "auto"):
        assert not rigged.window.actions_table[name].isEnabled()
