"""The Review page in the real window, with recorded sessions behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app.review.review import Review
from app.store import Page, Phase
from core.export.request import Chosen
from tests.app.conftest import Rigged
from tests.core.review import recording
from tests.core.review.recording import SECOND, START, record

CTRL = Qt.KeyboardModifier.ControlModifier


def review_of(rigged: Rigged) -> Review:
    lookback = rigged.window.lookback
    rigged.until(lambda: lookback.parts is not None)
    return lookback.parts.review


def go(rigged: Rigged) -> Review:
    """Turn to the Review page and wait until the folder was looked through."""
    if rigged.store.phase == Phase.STARTING:
        rigged.ready()
    rigged.key(Qt.Key.Key_2, CTRL)
    review = review_of(rigged)
    rigged.until(lambda: review._task is not None and not review._task.running)
    return review


def opened(rigged: Rigged, row: int = 1) -> Review:
    """Open an episode; by date the first of the session is the second row."""
    review = go(rigged)
    table = review.page.library.table
    place = table.visualRect(review.page.library.model.index(row, 1)).center()
    rigged.qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    rigged.key(Qt.Key.Key_Return)
    rigged.until(lambda: bool(review.reels))
    rigged.until(lambda: bool(pictures(review)))
    return review


def pictures(review: Review) -> Any:
    shown = review.page.viewer.panes[0].pictures.cameras
    return shown if all(c.view.image_size != (0, 0) for c in shown.values()) else None


def said(rigged: Rigged) -> str:
    """Return everything that was said to the person."""
    return "\n".join(notice.text for notice in rigged.studio.notifier.history)


def at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def shade(review: Review, camera: str) -> int:
    """Return the brightness of the lower part of what a camera shows."""
    view = review.page.viewer.panes[0].pictures.cameras[camera].view
    colour = view._picture.pixmap().toImage().pixelColor(5, 40)
    return round((colour.red() + colour.green() + colour.blue()) / 3)


def wait_for(rigged: Rigged, review: Review, seconds: float) -> None:
    """Wait until the pictures of a moment are shown."""
    wanted = int(recording.image("front", int(seconds * recording.RATE + 1e-6))[40, 5, 0])
    rigged.until(lambda: abs(shade(review, "front") - wanted) < 3)


@pytest.fixture
def one(tmp_path: Path) -> Path:
    return record(tmp_path / "one.mcap")


def test_an_empty_library_says_where_sessions_come_from(rigged: Rigged, tmp_path: Path) -> None:
    review = go(rigged)
    assert str(tmp_path) in review.page.library.empty_words
    assert "press B" in review.page.library.empty_words
    rigged.qtbot.mouseClick(review.page.library.steer, Qt.MouseButton.LeftButton)
    assert rigged.store.page == Page.STEER
    assert rigged.window.workspace.isVisible()


def test_the_library_is_searched_and_filtered(rigged: Rigged, one: Path) -> None:
    review = go(rigged)
    library = review.page.library

    def tasks() -> list[str]:
        return [line.entry.task for line in library.model.lines]

    assert tasks() == ["push the bowl", "lift the red cube"]
    rigged.key(Qt.Key.Key_F, CTRL)
    rigged.qtbot.keyClicks(library.filters.search, "CUBE slip")
    assert tasks() == ["lift the red cube"]
    library.filters.search.setText("teapot")
    assert library.empty_words == "No episode fits what you look for."
    rigged.qtbot.mouseClick(library.clear, Qt.MouseButton.LeftButton)
    assert len(tasks()) == 2
    library.filters.outcome.setCurrentText("Failure")
    assert tasks() == ["push the bowl"]
    library.filters.outcome.setCurrentIndex(0)
    library.filters.choices["steered"].setCurrentText("Steered")
    assert tasks() == ["lift the red cube"]
    library.filters.clear()
    library.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert tasks() == ["lift the red cube", "push the bowl"]


def test_an_episode_is_played_stepped_and_searched(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    player = review.player
    assert (player.start, player.end) == (at(0.5), at(4.2))
    wait_for(rigged, review, 0.5)
    rigged.key(Qt.Key.Key_Right)
    rigged.until(lambda: player.position == at(0.6))
    wait_for(rigged, review, 0.6)
    rigged.key(Qt.Key.Key_Left)
    rigged.until(lambda: player.position == at(0.5))
    rigged.key(Qt.Key.Key_Right, CTRL)
    assert player.position == at(1.0)
    jumps = review.page.viewer.jumps
    jumps.setCurrentText("Warnings")
    rigged.key(Qt.Key.Key_Right, CTRL)
    assert player.position == at(2.5)
    rigged.until(lambda: "hardly moves" in review.page.viewer.details.answer.words)
    rigged.key(Qt.Key.Key_Space)
    rigged.until(lambda: player.position > at(2.7))
    rigged.key(Qt.Key.Key_Space)
    assert not player.playing
    assert rigged.policy.asked == []
    rigged.key(Qt.Key.Key_W)
    assert (player.start, player.end) == (at(0), review.reels[0].session.end_ns)
    rigged.key(Qt.Key.Key_Plus)
    rigged.key(Qt.Key.Key_L)
    assert (player.speed, player.loop) == (2.0, True)


def test_what_is_shown_belongs_to_the_moment(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    review.player.seek(at(3.3))
    details = review.page.viewer.details
    rigged.until(lambda: details._shown is not None)
    rigged.until(lambda: "2 of 4 steps, done" in details.charts.words)
    first = review.page.viewer.panes[0].pictures.cameras["front"]
    assert len(first.user.points) == 2
    assert len(first.model.points) == 2
    assert first.path.points.shape[1] == 2
    assert not len(review.page.viewer.panes[0].pictures.cameras["wrist"].user.points)
    assert details.depth_view.caption.startswith("Depth · ")
    review.player.seek(at(0.7))
    rigged.until(lambda: first.user.is_empty)
    assert details._shown is None


def test_nothing_on_the_page_moves_the_arm_and_stop_works(rigged: Rigged, one: Path) -> None:
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    opened(rigged)
    actions, calls = rigged.window.actions_table, len(rigged.rig.calls)
    for name in ("run", "home", "auto", "think", "steer", "compare", "reset", "episode_reset"):
        assert not actions[name].isEnabled()
        assert "Steer page" in actions.reason(name)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_H, Qt.Key.Key_N):
        rigged.key(key, CTRL)
    rigged.key(Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert rigged.rig.runs == []
    assert len(rigged.rig.calls) == calls
    stop = rigged.window.workspace.robot.stop_button
    assert stop.isVisible()
    rigged.qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    rigged.until(lambda: rigged.rig.stops == ["operator (button)"])


def test_one_cannot_turn_away_from_a_moving_arm(rigged: Rigged) -> None:
    rigged.ready()
    rigged.store.set_phase(Phase.RUNNING)
    action = rigged.window.actions_table["page_review"]
    assert not action.isEnabled()
    rigged.key(Qt.Key.Key_2, CTRL)
    assert rigged.store.page == Page.STEER
    rigged.store.set_phase(Phase.READY)


def test_the_panels_come_back_as_they_were(rigged: Rigged) -> None:
    rigged.ready()
    docks = rigged.window.docks.by_name
    docks["model"].hide()
    docks["episode"].raise_()
    before = {name: dock.isHidden() for name, dock in docks.items()}
    rigged.key(Qt.Key.Key_2, CTRL)
    assert all(dock.isHidden() for dock in docks.values())
    assert not rigged.window.workspace.instruction.isVisible()
    rigged.key(Qt.Key.Key_1, CTRL)
    assert {name: dock.isHidden() for name, dock in docks.items()} == before
    assert rigged.window.workspace.instruction.isVisible()
    rigged.until(lambda: not docks["episode"].visibleRegion().isEmpty())


def test_escape_goes_back_step_by_step(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    rigged.key(Qt.Key.Key_Escape)
    assert review.page.in_library
    assert not review.reels
    rigged.key(Qt.Key.Key_Escape)
    assert rigged.store.page == Page.STEER
    assert rigged.rig.stops == []


def test_branching_asks_about_the_recorded_moment(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    review.player.seek(at(2.1))
    rigged.key(Qt.Key.Key_B)
    rigged.until(lambda: rigged.store.page == Page.STEER)
    store = rigged.store
    assert store.observation is not None
    assert store.branched == "0:02.1 of one.mcap"
    assert store.instruction == "lift the red cube"
    assert rigged.window.workspace.instruction.line.text() == "lift the red cube"
    rigged.until(lambda: rigged.view.image_size == recording.SIZE)
    rigged.drag((10, 10), (40, 30))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    asked = rigged.policy.asked[-1]
    assert np.array_equal(asked[0].frames[0].image, recording.image("front", 9))
    assert asked[0].instruction == "lift the red cube"
    rigged.until(lambda: rigged.window.actions_table["run"].isEnabled())
    rigged.key(Qt.Key.Key_Return, CTRL)
    rigged.until(lambda: bool(rigged.rig.runs))  # the scripted rig is a lab
    assert "branched from" in str([e.text for e in rigged.recorder.events if hasattr(e, "text")])


def test_a_real_arm_does_not_run_a_recorded_moment(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    rigged.rig.kind = "real"
    rigged.store.rig = type(rigged.store.rig)(
        kind="real", host="10.0.0.1", cameras=rigged.store.rig.cameras
    )
    review.player.seek(at(2.1))
    rigged.key(Qt.Key.Key_B)
    rigged.until(lambda: rigged.store.page == Page.STEER)
    rigged.key(Qt.Key.Key_Space)  # Think takes a new picture: that is of now again
    rigged.phase("planned")
    assert rigged.store.branched == ""
    rigged.key(Qt.Key.Key_2, CTRL)
    rigged.key(Qt.Key.Key_B)
    rigged.until(lambda: rigged.store.page == Page.STEER)
    rigged.drag((10, 10), (40, 30))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    assert "only the lab runs it" in rigged.window.actions_table.reason("run")
    rigged.key(Qt.Key.Key_Return, CTRL)
    assert rigged.rig.runs == []


def test_two_episodes_beside_each_other(rigged: Rigged, one: Path) -> None:
    review = go(rigged)
    review.page.library.table.selectAll()
    rigged.key(Qt.Key.Key_C)
    rigged.until(lambda: len(review.reels) == 2)
    viewer = review.page.viewer
    assert viewer.panes[1].isVisible()
    assert not viewer.details.isVisible()
    assert review.starts == [at(5.0), at(0.5)]
    review.player.seek(at(6.0))
    rigged.until(lambda: "0:06.0" in viewer.panes[0].place.text())
    rigged.until(lambda: "0:01.5" in viewer.panes[1].place.text())
    rigged.key(Qt.Key.Key_Backspace)
    assert review.page.in_library


def test_stills_and_clips_are_written(rigged: Rigged, one: Path, tmp_path: Path) -> None:
    review = opened(rigged)
    keeping = rigged.window.lookback.parts.keeping
    proposals: list[str] = []

    def target(title: str, proposed: str, kinds: str, take: Callable[[str], None]) -> None:
        proposals.append(Path(proposed).name)
        take(str(tmp_path / f"out{Path(proposed).suffix}"))

    keeping.ask_target = target
    review.player.seek(at(3))
    rigged.key(Qt.Key.Key_S, CTRL)
    rigged.until((tmp_path / "out.png").exists)
    rigged.key(Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier)
    rigged.until((tmp_path / "out.mp4").exists)
    assert proposals == ["one-0-03.0.png", "one-0-03.0.mp4"]
    video = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 56  # 3.7 s
    video.release()
    rigged.until(lambda: not rigged.studio.tasks._jobs)


def test_a_dropped_file_is_opened_and_an_unfinished_one_repaired(
    rigged: Rigged, tmp_path_factory: pytest.TempPathFactory
) -> None:
    part = record(tmp_path_factory.mktemp("elsewhere") / "cut.mcap", finish=False)
    review = go(rigged)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(part))])
    event = QDropEvent(
        QPointF(9, 9),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    review.page.dropEvent(event)
    assert event.isAccepted()
    rigged.until(lambda: bool(review.reels))
    assert review.reels[0].session.path == part.with_suffix("")
    assert not part.exists()
    assert "repaired" in said(rigged)


def test_a_damaged_file_says_what_is_wrong(rigged: Rigged, tmp_path: Path) -> None:
    (tmp_path / "bad.mcap").write_bytes(b"nothing" * 50)
    review = go(rigged)
    library = review.page.library
    assert library.model.lines[0].entry.state == "damaged"
    library.table.selectRow(0)
    rigged.qtbot.mouseClick(library.open_button, Qt.MouseButton.LeftButton)
    rigged.until(lambda: "no readable end" in said(rigged))
    assert library.isVisible()


def test_a_press_in_the_timeline_goes_there(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    timeline = review.page.viewer.timeline
    place = QPoint(round(timeline.x_of(at(3.1))), 8)
    rigged.qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=place)
    assert abs(review.player.position - at(3.1)) < 0.02 * SECOND
    assert review.page.viewer.transport.time.endswith("/ 0:03.7")


def test_what_is_chosen_is_what_an_export_is_about(rigged: Rigged, one: Path) -> None:
    review = opened(rigged)
    number = review.chosen[0].entry.number
    rigged.key(Qt.Key.Key_E, CTRL)
    dialog = rigged.window.dialogs.export
    assert dialog.isVisible()
    assert dialog.chosen == (Chosen(path=one, episodes=(number,)),)
    dialog.close()
    rigged.key(Qt.Key.Key_1, CTRL)
    assert rigged.window.lookback.chosen() == []
