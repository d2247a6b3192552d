from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.session.events import EVENTS, FrameSeen, TraceEdited, describe
from core.session.plain import event_from_plain, event_to_plain, json_schema
from core.types import StudioError
from tests.core.session.samples import every_kind, frame, same


def round_trip(event):
    plain = event_to_plain(event, lambda array, _owner: array)
    return event_from_plain(type(event).__name__, plain, lambda array: array)


def test_samples_cover_every_kind():
    assert {type(e).__name__ for e in every_kind()} | {"FrameSeen"} == set(EVENTS)


@pytest.mark.parametrize("event", [*every_kind(), FrameSeen(frame=frame())], ids=describe)
def test_every_event_survives(event):
    assert same(round_trip(event), event)


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(0, 40), st.just(2))),
    st.text(),
    st.integers(0, 2**62),
)
def test_any_edit_survives(points, operation, t_ns):
    event = TraceEdited(operation=operation, before=points, after=points[::-1], t_ns=t_ns)
    assert same(round_trip(event), event)


def test_fields_of_other_versions_are_tolerated():
    note = event_from_plain("Note", {"text": "x", "mood": "good"}, np.asarray)
    assert (note.text, note.author) == ("x", "operator")


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("Dance", {}),
        ("Note", {}),
        ("Note", "text"),
        ("StateSampled", {"state": {"q": [1.0], "ee_pose": [], "gripper": 0, "t_ns": 0}}),
        ("Steered", {"request_id": "x", "trace": None}),
    ],
)
def test_damage_is_a_sentence(kind, plain):
    with pytest.raises(StudioError, match=kind):
        event_from_plain(kind, plain, np.asarray)


def test_times_of_samples_are_those_of_the_sensor():
    assert FrameSeen(frame=frame(seq=9)).t_ns == frame(seq=9).t_ns


def test_schema_lists_the_fields():
    schema = json_schema(EVENTS["Stopped"])
    assert schema["properties"]["by"] == {"type": "string"}
    assert schema["type"] == "object"
    assert all(json_schema(kind)["description"] for kind in EVENTS.values())
