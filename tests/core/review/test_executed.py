from __future__ import annotations

import numpy as np
import pytest

from core.review.executed import execution_of
from core.session import events


def answers(session):
    return [i for i, e in enumerate(session.events) if isinstance(e, events.Reasoned)]


def test_a_run_is_measured_from_step_to_step(session):
    found = execution_of(session, answers(session)[1])
    assert found.predicted.shape == (4, 7)
    assert found.executed.shape == (2, 7)
    # the arm stood at x = 0.43 when the run began
    assert found.executed[:, 0] == pytest.approx([0.408 - 0.43, 0.419 - 0.408])
    assert found.executed[:, 1:6] == pytest.approx(np.zeros((2, 5)))
    assert found.executed[:, 6] == pytest.approx([1, 1])
    assert found.reason == "done"


def test_a_plan_that_was_never_run_has_nothing_executed(session):
    found = execution_of(session, answers(session)[0])
    assert found.executed.shape == (0, 7)
    assert found.reason == ""
    assert execution_of(session, 0) is None
