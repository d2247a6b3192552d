"""What cards and numbers show, from states that no service has to be there for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsScene

from app.steer.ghost_paths import GhostPath, GhostPaths, kept_trace
from app.steer.plan_bar import PlanBar
from app.steer.plan_card import WIDEST
from app.steer.plan_plot import PlanPlot, spread
from app.steer.plan_states import CardState, arrived_share, card_states, waiting_words
from app.store import Candidate, PlanKind, Store
from core.types import Capabilities, Reasoning, Trace, TraceSource

MODEL, USER, FIRST, SECOND, THIRD = PlanKind
FULL = Capabilities(name="full", depth=True, trace_out=True, trace_in=True, chunk=8)


@given(st.lists(st.floats(0, 40), min_size=1, max_size=4))
def test_labels_are_parted_and_keep_their_order(wanted: list[float]) -> None:
    places = spread(wanted, 9.0, 0.0, 40.0)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    gaps = np.diff([places[i] for i in order])
    assert (gaps >= 9.0 - 1e-6).all()
    assert all(-1e-6 <= place <= 40.0 + 1e-6 for place in places)


def test_an_answer_on_the_way_is_said_in_words_and_as_a_share() -> None:
    assert waiting_words(None, FULL) == "… asked"
    assert arrived_share(None, FULL) == 0.0
    depth = "<DEPTH_START>" + "".join(f"<DEPTH_{i}>" for i in range(50))
    half = Reasoning(request_id=1, text=f"The depth map of the first image is {depth}")
    assert waiting_words(half, FULL) == "… depth 50/100"
    assert arrived_share(half, FULL) == pytest.approx(0.5 / 3)
    drawn = Trace(points=np.array([[0, 0], [9, 9]]), source=TraceSource.USER)
    steered = Reasoning(request_id=1, text="", steered_by=drawn)
    assert waiting_words(steered, FULL) == "… actions"


def test_cards_come_in_the_order_of_their_numbers_whatever_they_are(qapp: Any) -> None:
    store = Store()
    store.set_candidate(SECOND, Candidate(wording="grasp it"))
    store.set_candidate(FIRST, Candidate(points=np.array([[1.0, 2.0], [3.0, 4.0]])))
    store.set_waiting({MODEL: None})
    states = card_states(store)
    assert [state.kind for state in states] == [MODEL, FIRST, SECOND]
    assert [state.progress >= 0 for state in states] == [True, False, False]
    assert states[2].heading == "grasp it"
    assert "grasp it" in states[2].sentence
    assert [kind.number for kind in PlanKind] == [1, 2, 3, 4, 5]


def test_a_selected_card_says_so_in_words_and_not_by_colour_alone(qtbot: Any) -> None:
    bar = PlanBar()
    qtbot.addWidget(bar)
    chosen = CardState(kind=USER, verdict="✓ 8 steps, 1.6 s", role="ok", selected=True)
    bar.set_cards([CardState(kind=MODEL, verdict="✓ 8 steps, 1.6 s", role="ok"), chosen])
    card = bar.cards[USER]
    assert card._number.text() == "✓ 2"
    assert bar.cards[MODEL]._number.text() == "1"
    assert "selected, Run would run it" in card.accessibleDescription()
    assert "selected" not in bar.cards[MODEL].toolTip()


def test_five_cards_fit_into_a_small_window_and_lose_nothing(qtbot: Any) -> None:
    bar = PlanBar()
    qtbot.addWidget(bar)
    verdict = "✗ Step 5 leaves the workspace box by 3.2 cm at the left."
    bar.resize(680, 80)
    bar.set_low(True)
    bar.set_cards([CardState(kind=k, verdict=verdict, role="fault", seconds=0.4) for k in PlanKind])
    bar.show()
    qtbot.waitUntil(
        lambda: not any(card._title.text().endswith("…") for card in bar.cards.values())
    )
    right = max(card.geometry().right() for card in bar.cards.values())
    assert right <= 680
    for card in bar.cards.values():
        assert card.words == verdict
        assert verdict in card.toolTip()
        assert "0.4 s" in card.toolTip()
        assert card._words.text().endswith("…")
    bar.resize(2000, 96)
    assert all(card.width() <= WIDEST for card in bar.cards.values())


def test_the_hint_stands_where_no_cards_are(qtbot: Any) -> None:
    bar = PlanBar()
    qtbot.addWidget(bar)
    bar.show()
    before = bar.height()
    assert bar._hint.isVisible()
    bar.set_cards([CardState(kind=FIRST, verdict="… kept")])
    assert not bar._hint.isVisible()
    assert bar.height() == before


def test_a_candidate_card_offers_dropping_and_others_do_not(qtbot: Any) -> None:
    bar = PlanBar()
    qtbot.addWidget(bar)
    bar.set_cards([CardState(kind=kind, verdict="✓") for kind in (MODEL, FIRST)])
    bar.show()
    dropped: list[PlanKind] = []
    bar.candidate_dropped.connect(dropped.append)
    for kind in (MODEL, FIRST):
        qtbot.keyClick(bar.cards[kind], Qt.Key.Key_Delete)
    assert dropped == [FIRST]


def test_the_picture_is_reduced_once_for_all_cards(qtbot: Any) -> None:
    bar = PlanBar()
    qtbot.addWidget(bar)
    image = np.zeros((480, 640, 3), np.uint8)
    bar.set_picture(image)
    pictures = [card.thumbnail._picture for card in bar.cards.values()]
    assert all(picture is pictures[0] for picture in pictures)
    assert pictures[0] is not None
    assert (pictures[0].width(), pictures[0].height()) == (160, 120)
    bar.set_picture(image)
    assert bar.cards[MODEL].thumbnail._picture is pictures[0]
    bar.set_picture(None)
    assert bar.cards[MODEL].thumbnail._picture is None


def test_the_plot_paints_lines_a_step_at_fault_and_progress(qtbot: Any) -> None:
    plot = PlanPlot()
    qtbot.addWidget(plot)
    plot.resize(100, 40)

    def painted() -> QImage:
        return plot.grab().toImage()

    empty = painted()
    plot.set_progress(0.5)
    half = painted()
    plot.set_progress(-1.0)
    assert painted() == empty
    assert half != empty
    places = np.linspace(0, 1, 9)[:, None] * [0.1, -0.05, 0.02]
    plot.set_motion(places, np.array([1.0] * 6 + [0.0] * 2), None)
    lines = painted()
    plot.set_motion(places, np.array([1.0] * 6 + [0.0] * 2), 4)
    fault = painted()
    assert lines != empty
    assert fault not in (empty, lines)
    assert plot.words() == "x +10 cm, y -5 cm, z +2 cm, gripper closed at the end"


def test_numbers_of_paths_with_one_end_are_parted_and_behind_the_camera_is_nothing(
    qapp: Any,
) -> None:
    scene = QGraphicsScene()
    ghosts = GhostPaths(scene)
    way = np.array([[0.1, 0.1], [0.5, 0.5]])
    nowhere = np.full((2, 2), np.nan)
    paths = [
        GhostPath(number=1, points=way, allowed=True, selected=True),
        GhostPath(number=2, points=way, allowed=False, selected=False),
        GhostPath(number=3, points=nowhere, allowed=True, selected=False),
    ]
    ghosts.show(paths, (320, 240))
    visible = [n for n, label in ghosts.numbers.items() if label.isVisible()]
    assert visible == [1, 2]
    one, two = (ghosts.numbers[n].pos() for n in visible)
    assert (one - two).manhattanLength() >= 8
    assert [n for n, line in ghosts.lines.items() if not line.is_empty] == [2]
    ghosts.show(paths[:1], (320, 240))
    assert not any(label.isVisible() for label in ghosts.numbers.values())
    ghosts.show(paths, (0, 0))
    assert all(line.is_empty for line in ghosts.lines.values())


def test_a_kept_trace_shows_only_while_it_is_chosen_and_not_the_draft(qapp: Any) -> None:
    store = Store()
    points = np.array([[1.0, 2.0], [3.0, 4.0]])
    store.set_candidate(FIRST, Candidate(points=points))
    assert kept_trace(store) is None
    store.selected = FIRST
    assert kept_trace(store) is points
    store.set_draft(points)
    assert kept_trace(store) is None
