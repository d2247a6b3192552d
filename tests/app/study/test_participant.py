"""A participant's window, used by real mouse and key events."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel

from app.study.demo_hands import Hands
from core.study import people
from core.study.answers import Answer
from core.study.harvest import count, votes
from core.study.votes import Outcome, Shown
from tests.app.study.sitting import Seat

Sit = Callable[..., Seat]
LEFT = Qt.MouseButton.LeftButton


def agree(seat: Seat) -> None:
    seat.conductor.begin()
    seat.page(seat.window.consent)
    seat.qtbot.mouseClick(seat.window.consent.agree, LEFT)
    seat.page(seat.window.judge)


def watch(seat: Seat) -> None:
    seat.qtbot.keyClick(seat.window.judge, Qt.Key.Key_Space)
    seat.until(lambda: seat.window.judge.player.all_seen)


def rate(seat: Seat) -> None:
    for row in seat.window.judge.questions.progress:
        seat.qtbot.mouseClick(row.buttons[1], LEFT)
    press(seat, Qt.Key.Key_Return)


def press(seat: Seat, key: Qt.Key) -> None:
    """Press a key and wait for what it asks next: a button shows for a moment that it is down."""
    before = seat.window.judge.questions.currentIndex()
    seat.qtbot.keyClick(seat.window, key)
    seat.until(lambda: seat.window.judge.questions.currentIndex() != before)


def test_a_whole_sitting_by_keys_and_mouse(seat: Sit):
    one = seat()
    outcomes = iter([Outcome.A, Outcome.TIE, Outcome.BOTH_BAD, Outcome.B, Outcome.A])
    given: dict[int, Answer] = {}
    hands: Hands

    def decide() -> Answer:
        done = hands._done
        if done not in given:
            given[done] = Answer(
                outcome=next(outcomes),
                progress_left=75.0,
                progress_right=5.0,
                confidence=3,
                reason="it was quicker",
            )
        return given[done]

    hands = Hands(one.window, decide, tempo_ms=5)
    faults: list[str] = []
    hands.ended.connect(faults.append)
    one.conductor.begin()
    hands.start()
    one.until(lambda: bool(faults))
    assert faults == [""]
    assert one.faults == []
    found = votes(one.base)
    assert [vote.outcome for vote in found] == [Outcome.TIE, Outcome.BOTH_BAD, Outcome.B, Outcome.A]
    assert {(v.progress_left, v.progress_right, v.confidence) for v in found} == {(75.0, 5.0, 3)}
    assert people.find(one.base, one.conductor.code).finished
    reasons = one.base.rows("SELECT DISTINCT reason FROM answer")
    assert [row["reason"] for row in reasons] == ["it was quicker"]


def test_nothing_unlocks_before_both_were_watched(seat: Sit):
    one = seat()
    agree(one)
    judge = one.window.judge
    assert not judge.questions.isVisible()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_0, Qt.Key.Key_Return):
        one.qtbot.keyClick(judge, key)
    assert judge.below.currentIndex() == 0
    watch(one)
    assert judge.questions.isVisible()
    assert not judge.questions.progress_next.isEnabled(), "how far comes before which one"
    one.qtbot.mouseClick(judge.questions.progress[0].buttons[0], LEFT)
    assert not judge.questions.progress_next.isEnabled()
    one.qtbot.mouseClick(judge.questions.progress[1].buttons[2], LEFT)
    assert judge.questions.progress_next.isEnabled()
    assert count(one.base, one.plan).items == 0


def test_in_turn_the_second_waits_for_the_first(seat: Sit):
    one = seat(playback="in turn")
    agree(one)
    player = one.window.judge.player
    first = player.turn
    assert first is not None
    second = Shown.RIGHT if first == Shown.LEFT else Shown.LEFT
    player.play(second)
    assert player.playing == ()
    seen: list[str] = []
    player.viewed.connect(lambda side, _, complete: seen.append(f"{side} {complete}"))
    one.qtbot.keyClick(one.window.judge, Qt.Key.Key_Space)
    one.until(lambda: bool(seen))
    assert seen == [f"{first} True"]
    assert not player.all_seen
    assert player.turn == second
    one.qtbot.mouseClick(one.window.judge.play, LEFT)
    one.until(lambda: player.all_seen)
    drawn = one.base.rows("SELECT first FROM item")
    assert [row["first"] for row in drawn] == [str(first)]


def test_something_went_wrong_is_an_answer_with_a_cause(seat: Sit):
    one = seat()
    agree(one)
    judge = one.window.judge
    one.qtbot.mouseClick(judge.trouble, LEFT)
    one.qtbot.mouseClick(judge.questions.causes["A video did not play"], LEFT)
    one.until(lambda: "1 of 4" in one.window.where.text())
    found = one.base.rows("SELECT outcome, invalid FROM answer")
    assert [tuple(row) for row in found] == [(None, "A video did not play")]


def test_who_stops_is_asked_twice_and_erased(seat: Sit):
    one = seat()
    agree(one)
    watch(one)
    rate(one)
    press(one, Qt.Key.Key_1)
    one.qtbot.keyClick(one.window, Qt.Key.Key_2)
    one.until(one.window.judge.questions.send.isEnabled)
    one.qtbot.mouseClick(one.window.judge.questions.send, LEFT)
    one.until(lambda: one.base.one("SELECT 1 FROM answer") is not None)
    one.page(one.window.judge)
    one.qtbot.mouseClick(one.window.pause, LEFT)
    leave = one.window.leave
    assert one.conductor.code in leave.text.text()
    one.qtbot.mouseClick(leave.erase, LEFT)
    assert one.window.pages.currentWidget() is leave, "once is not enough"
    one.qtbot.mouseClick(leave.erase, LEFT)
    one.page(one.window.end)
    assert count(one.base, one.plan).erased == 1


def test_the_last_answer_can_be_changed_and_both_are_kept(seat: Sit):
    one = seat()
    agree(one)
    assert not one.window.back.isVisible(), "there is nothing before the first"
    judge = one.window.judge
    one.qtbot.mouseClick(judge.trouble, LEFT)
    one.qtbot.mouseClick(judge.questions.causes["I was interrupted"], LEFT)
    one.until(lambda: one.window.where.text() == "1 of 4" and one.window.back.isVisible())
    now = one.base.one("SELECT * FROM item WHERE position = 1")
    one.qtbot.mouseClick(one.window.back, LEFT)
    one.page(judge)
    assert not one.window.back.isVisible()
    watch(one)
    rate(one)
    press(one, Qt.Key.Key_0)
    one.qtbot.keyClick(one.window, Qt.Key.Key_3)
    one.until(judge.questions.send.isEnabled)
    one.qtbot.mouseClick(judge.questions.send, LEFT)
    one.until(lambda: one.base.one("SELECT 1 FROM answer WHERE supersedes = 1") is not None)
    one.page(judge)
    found = one.base.rows("SELECT outcome, invalid, supersedes FROM answer ORDER BY id")
    assert [tuple(row) for row in found] == [(None, "I was interrupted", None), ("tie", "", 1)]
    assert one.base.rows("SELECT * FROM item WHERE position = 1") == [now]


def test_live_rollouts_come_from_the_worker_program(seat: Sit):
    one = seat(
        kind="live",
        policies=[{"alias": "amber", "use": "expert"}, {"alias": "birch", "use": "still"}],
        pace={"comparisons": 2, "practice": 0, "attention": 0, "repeats": 0.0, "shared": 0.0},
    )
    one.conductor.begin()
    one.page(one.window.consent)
    one.qtbot.mouseClick(one.window.consent.agree, LEFT)
    one.page(one.window.ask)
    one.qtbot.keyClicks(one.window.ask.line, "lift it")
    one.qtbot.keyClick(one.window.ask.line, Qt.Key.Key_Return)
    one.qtbot.waitUntil(
        lambda: one.window.pages.currentWidget() is one.window.judge, timeout=90_000
    )
    assert one.faults == []
    assert "lift it" in one.window.judge.task.text()
    made = one.base.rows(
        "SELECT side, alias, instruction FROM showing JOIN rollout ON rollout.id = rollout "
        "ORDER BY alias"
    )
    item = one.base.rows("SELECT left_alias, right_alias FROM item")[0]
    expected = {item["left_alias"]: "left", item["right_alias"]: "right"}
    assert {row["alias"]: row["side"] for row in made} == expected
    assert {row["instruction"] for row in made} == {"lift it"}


def test_esc_and_a_closed_window_lose_nothing(seat: Sit):
    one = seat()
    agree(one)
    one.qtbot.keyClick(one.window, Qt.Key.Key_Escape)
    assert one.window.isVisible()
    item = one.base.one("SELECT * FROM item")
    one.window.close()
    again = Seat(one.qtbot, one.base, one.plan)
    again.conductor.begin(one.conductor.code)
    again.page(again.window.judge)
    assert one.base.rows("SELECT * FROM item") == [item]
    again.window.close()
    again.tasks.shutdown()


def test_a_missing_video_calls_for_help_without_saying_whose(seat: Sit):
    one = seat()
    for path in one.base.videos.iterdir():
        path.unlink()
    one.conductor.begin()
    one.page(one.window.consent)
    one.qtbot.mouseClick(one.window.consent.agree, LEFT)
    one.page(one.window.end)
    assert one.faults
    assert "call" in one.window.end.heading.text()
    shown = " ".join(label.text() for label in one.window.end.findChildren(QLabel))
    assert ".mp4" not in shown


def test_live_words_and_line_are_kept_before_a_pair_is_drawn(seat: Sit, monkeypatch):
    one = seat(kind="live", ask="both", pace={"comparisons": 3, "practice": 0, "attention": 0})
    asked: list[object] = []
    monkeypatch.setattr(one.conductor._maker, "make", asked.append)
    one.conductor.begin()
    one.page(one.window.consent)
    one.qtbot.mouseClick(one.window.consent.agree, LEFT)
    while one.window.pages.currentWidget() is not one.window.ask:
        one.qtbot.wait(10)
        assert one.window.pages.currentWidget() is not one.window.judge
    ask = one.window.ask
    one.qtbot.keyClicks(ask.line, "take the red one")
    assert not ask.send.isEnabled()
    assert "Draw" in ask.send.toolTip()
    view = ask.view
    one.qtbot.mousePress(view, LEFT, pos=QPoint(200, 100))
    for step in range(8):
        one.qtbot.mouseMove(view, QPoint(200 + 20 * step, 100 + 15 * step))
        QApplication.processEvents()
    one.qtbot.mouseRelease(view, LEFT, pos=QPoint(340, 205))
    assert 2 <= len(view.line) <= 5
    assert one.base.one("SELECT 1 FROM item") is None, "no pair has been drawn"
    one.qtbot.mouseClick(ask.send, LEFT)
    one.until(lambda: bool(asked))
    assert one.base.rows("SELECT instruction FROM prompt")[0][0] == "take the red one"
    jobs = asked[0]
    aliases = [job.source.alias for job in jobs]  # type: ignore[attr-defined]
    assert aliases == sorted(aliases), "the order of making says nothing about the sides"
    assert {job.instruction for job in jobs} == {"take the red one"}  # type: ignore[attr-defined]
