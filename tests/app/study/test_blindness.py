"""Nothing that reaches a participant tells which policy is which.

Two "policies" do exactly the same here, so that whatever differs between their sides would be a
leak: pixels of the window, names, titles, times, lengths, files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.study.clip_view import ClipView, Player
from app.study.experimenter import ExperimenterWindow
from core.study import people
from core.study.clips import RATE_HZ, SIZE, fit_pictures, read_clip, write_clip
from core.study.plan import BAD_CHECK, GOOD_CHECK, Playback
from core.study.votes import Shown
from tests.app.study.sitting import Seat
from tests.app.study.test_participant import agree, watch

Sit = Callable[..., Seat]
SECRETS = ("amber", "birch", "cedar", "embedded", "ws://", "check-", "noise", "trace", "mp4")


def everything_said(window: QWidget) -> str:
    """Return every text that a window has, seen or only heard."""
    words: list[str] = [window.windowTitle(), QApplication.applicationDisplayName()]
    for one in [window, *window.findChildren(QObject)]:
        words.append(one.objectName())
        for name in ("text", "toolTip", "statusTip", "whatsThis", "accessibleName", "windowTitle"):
            read = getattr(one, name, None)
            if callable(read) and not isinstance(one, QImage):
                words.append(str(read()))
    return "\n".join(words).lower()


def test_no_text_of_the_window_names_a_policy(seat: Sit):
    one = seat(playback="in turn")
    agree(one)
    for _ in range(2):
        said = everything_said(one.window)
        assert not [word for word in SECRETS if word in said]
        rollouts = one.base.rows("SELECT id FROM rollout")
        assert not [row["id"] for row in rollouts if row["id"] in said]
        if one.window.judge.player.turn is not None:
            watch_in_turn(one)
    assert one.window.windowTitle() == "Study"


def watch_in_turn(one: Seat) -> None:
    for _ in range(2):
        turn = one.window.judge.player.turn
        one.qtbot.keyClick(one.window.judge, Qt.Key.Key_Space)
        one.until(lambda turn=turn: one.window.judge.player.turn != turn)
    assert one.window.judge.player.all_seen


def test_files_are_named_and_dated_alike_and_of_one_length(seat: Sit):
    one = seat()
    facts: set[tuple[Any, ...]] = set()
    for path in one.base.videos.iterdir():
        assert re.fullmatch(r"[0-9a-f]{16}\.mp4", path.name)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            kept = json.dumps([container.metadata, stream.metadata], sort_keys=True)
            assert not [word for word in SECRETS if word in kept.replace("mp4", "")]
            facts.add(
                (
                    path.stat().st_mtime,
                    container.duration,
                    stream.frames,
                    stream.average_rate,
                    stream.width,
                    stream.height,
                    stream.codec_context.name,
                    stream.codec_context.pix_fmt,
                    kept,
                )
            )
    assert len(facts) == 1


def test_the_same_rollout_looks_the_same_on_both_sides(qtbot: Any):
    """Whatever the side, every pixel of the same picture is the same."""
    views = {side: ClipView(f"Video {side}") for side in Shown}
    for view in views.values():
        qtbot.addWidget(view)
        view.resize(*SIZE)
        view.show()
    picture = QImage(SIZE[0], SIZE[1], QImage.Format.Format_RGB888)
    picture.fill(Qt.GlobalColor.darkGreen)
    player = Player(views, 40.0)
    player.load({side: [picture] * 4 for side in Shown}, Playback.TOGETHER, None)
    left, right = (views[side].grab().toImage() for side in (Shown.LEFT, Shown.RIGHT))
    assert left == right
    player.play()
    qtbot.waitUntil(lambda: player.all_seen)


def test_both_sides_move_by_one_clock(qtbot: Any, monkeypatch: pytest.MonkeyPatch):
    """At every moment both sides show the same number of picture, whoever made them."""
    views = {side: ClipView(f"Video {side}") for side in Shown}
    at: dict[Shown, list[int]] = {side: [] for side in Shown}
    clips: dict[Shown, list[QImage]] = {}
    for side, view in views.items():
        qtbot.addWidget(view)
        view.show()
        clips[side] = [QImage(index + 1, 1, QImage.Format.Format_RGB888) for index in range(12)]
        monkeypatch.setattr(view, "set_picture", lambda p, s=side: at[s].append(p.width()))
    player = Player(views, 6.0)
    player.load(clips, Playback.TOGETHER, None)
    player.play()
    qtbot.waitUntil(lambda: player.all_seen)
    assert at[Shown.LEFT] == at[Shown.RIGHT]
    assert at[Shown.LEFT][-1] == 12


def test_pixels_of_the_encoder_do_not_tell(tmp_path: Path):
    """The same pictures written for two policies are the same bytes and the same pixels."""
    pictures = np.random.default_rng(1).integers(0, 255, (20, 60, 80, 3), dtype=np.uint8)
    for name in ("1" * 16, "2" * 16):
        write_clip(tmp_path / f"{name}.mp4", fit_pictures(pictures, RATE_HZ, 2.0))
    one, two = sorted(tmp_path.glob("*.mp4"))
    assert one.read_bytes() == two.read_bytes()
    assert (read_clip(one)[0] == read_clip(two)[0]).all()


def test_sides_cannot_be_guessed_from_the_order_of_making(seat: Sit):
    """Over many draws no alias prefers a side, nor does the first made video."""
    one = seat(
        playback="in turn",
        pace={"comparisons": 30, "practice": 0, "attention": 0, "repeats": 0, "shared": 0},
    )
    from core.study.items import draw_item

    lefts = firsts = total = 0
    for _ in range(8):
        who = people.enrol(one.base)
        for position in range(30):
            drawn = draw_item(one.base, one.plan, who, position).drawn
            lefts += drawn.left == drawn.pair[0]
            firsts += drawn.first == Shown.LEFT
            total += 1
    for count in (lefts, firsts):
        assert abs(count / total - 0.5) < 2.6 * (0.25 / total) ** 0.5


def test_the_experimenter_sees_counts_and_no_mapping(seat: Sit):
    one = seat()
    agree(one)
    watch(one)
    window = ExperimenterWindow(one.base, one.plan, one.tasks)
    one.qtbot.addWidget(window)
    window.show()
    one.until(lambda: "of 20 votes" in window.votes.text())
    said = everything_said(window)
    assert not [word for word in (*SECRETS, "elo", "leading", "rating") if word in said]
    assert not window.results.isEnabled()
    assert "more votes" in window.results.toolTip()
    shown = [label.text() for label in window.findChildren(QLabel)]
    assert GOOD_CHECK not in shown
    assert BAD_CHECK not in shown
    window.close()
    one.until(lambda: not window._asked)
