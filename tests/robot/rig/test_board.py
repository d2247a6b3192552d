"""Readers of the board get what is newest, however slow they are."""

from __future__ import annotations

import numpy as np

from core.types import Frame, RobotState
from robot.rig.board import Board

PICTURE = np.zeros((2, 2, 3), np.uint8)


def frame(camera, seq):
    return Frame(camera=camera, image=PICTURE, t_ns=seq, seq=seq)


def test_a_slow_reader_misses_pictures_but_never_the_newest():
    board = Board()
    for seq in range(5):
        board.put_frame(frame("front", seq))
    board.put_frame(frame("wrist", 7))
    board.put_state(RobotState(q=np.zeros(7), ee_pose=np.eye(4), gripper=1.0, t_ns=3))
    news = board.wait(0, 0.0)
    assert {(f.camera, f.seq) for f in news.frames} == {("front", 4), ("wrist", 7)}
    assert news.state.t_ns == 3


def test_only_what_is_new_comes_again():
    board = Board()
    board.put_frame(frame("front", 0))
    seen = board.wait(0, 0.0).version
    assert board.wait(seen, 0.0) is None
    board.put_frame(frame("wrist", 0))
    news = board.wait(seen, 0.0)
    assert [f.camera for f in news.frames] == ["wrist"]
    assert news.state is None
