from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core import wire
from core.policy.messages import (
    capabilities_from_message,
    capabilities_to_message,
    observation_from_message,
    observation_to_message,
    reasoning_from_message,
    reasoning_to_message,
    trace_from_message,
    trace_to_message,
)
from core.types import (
    ActionChunk,
    Capabilities,
    Decisions,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    StudioError,
    Trace,
    TraceSource,
)

finite = st.floats(-1e6, 1e6)
images = hnp.arrays(np.uint8, st.tuples(st.integers(8, 12), st.integers(8, 12), st.just(3)))
traces = st.builds(
    Trace,
    points=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(0, 255)
    ),
    source=st.sampled_from(TraceSource),
    arm=st.sampled_from(["left", "right"]),
)
states = st.builds(
    RobotState,
    q=hnp.arrays(np.float64, 7, elements=finite),
    ee_pose=hnp.arrays(np.float64, (4, 4), elements=finite),
    gripper=st.floats(0, 1),
    t_ns=st.integers(0, 2**62),
)
frames = st.builds(
    Frame,
    camera=st.text(max_size=10),
    image=images,
    t_ns=st.integers(0, 2**62),
    seq=st.integers(0, 2**31),
)
observations = st.builds(
    Observation,
    frames=st.lists(frames, min_size=1, max_size=2).map(tuple),
    instruction=st.text(max_size=50),
    state=st.none() | states,
)
decisions = st.lists(
    st.tuples(st.integers(0, 5000), st.floats(0, 99, width=32), st.floats(0, 1, width=32)),
    max_size=6,
).map(
    lambda rows: Decisions(
        at=np.array(sorted(row[0] for row in rows), np.int32),
        seconds=np.array(sorted(row[1] for row in rows), np.float32),
        confidence=np.array([row[2] for row in rows], np.float32),
    )
)
reasonings = st.builds(
    Reasoning,
    request_id=st.integers(0, 2**31),
    text=st.text(max_size=50),
    prompt=st.text(max_size=50),
    depth=st.none()
    | hnp.arrays(np.int64, 100, elements=st.integers(0, 127)).map(lambda c: DepthTokens(codes=c)),
    depth_map=st.none()
    | st.builds(
        DepthMap,
        values=hnp.arrays(np.float32, (3, 4), elements=st.floats(0, 9, width=32)),
        metric=st.booleans(),
    ),
    traces=st.lists(traces, max_size=2).map(tuple),
    chunk=st.none()
    | st.builds(
        ActionChunk,
        actions=hnp.arrays(np.float64, (2, 7), elements=finite),
        rate_hz=st.floats(0.1, 100),
    ),
    steered_by=st.none() | traces,
    model_image=st.none() | images,
    timings=st.dictionaries(st.text(max_size=5), finite, max_size=3),
    decisions=st.none() | decisions,
    warnings=st.lists(st.text(max_size=9), max_size=2).map(tuple),
    error=st.text(max_size=9),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)

few = settings(max_examples=40, deadline=None)


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(
            same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)
        )
    return a == b


def through_wire(message: object) -> dict:
    return wire.unpack(wire.pack(message))


@few
@given(observations)
def test_observations_come_back_as_they_were(observation):
    assert same(
        observation, observation_from_message(through_wire(observation_to_message(observation)))
    )


@few
@given(traces)
def test_traces_come_back_as_they_were(trace):
    assert same(trace, trace_from_message(through_wire(trace_to_message(trace))))


@few
@given(reasonings)
def test_reasonings_come_back_as_they_were(reasoning):
    assert same(reasoning, reasoning_from_message(through_wire(reasoning_to_message(reasoning))))


@few
@given(reasonings)
def test_pictures_that_the_reader_has_are_not_sent_again(reasoning):
    message = through_wire(reasoning_to_message(reasoning, reasoning))
    assert message["depth_map"] is None
    assert message["model_image"] is None
    assert same(reasoning, reasoning_from_message(message, reasoning))


def test_capabilities_come_back_and_unknown_fields_are_ignored():
    mine = Capabilities(name="m", depth=True, trace_in=True, image_size=(320, 240), chunk=4)
    message = through_wire(capabilities_to_message(mine) | {"holograms": True})
    assert capabilities_from_message(message) == mine


@few
@given(st.dictionaries(st.sampled_from([f.name for f in fields(Reasoning)]), junk))
def test_any_junk_is_a_sentence(message):
    for read in (
        reasoning_from_message,
        observation_from_message,
        trace_from_message,
        capabilities_from_message,
    ):
        with pytest.raises(StudioError):
            read(message)


@few
@given(junk)
def test_a_message_that_is_no_map_is_a_sentence(message):
    with pytest.raises(StudioError):
        observation_from_message(message)


def test_actions_that_are_not_finite_are_refused():
    chunk = ActionChunk(actions=np.full((2, 7), np.nan))
    message = reasoning_to_message(Reasoning(request_id=0, text="", chunk=chunk))
    with pytest.raises(StudioError, match="not finite"):
        reasoning_from_message(through_wire(message))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((9000, 8, 3), np.uint8),
        np.zeros((20, 20), np.uint8),
        np.zeros((20, 20, 3), np.float32),
        [[1, 2, 3]],
    ],
)
def test_impossible_images_are_refused(image):
    message = {
        "instruction": "go",
        "frames": [{"camera": "front", "image": image, "t_ns": 0, "seq": 0}],
    }
    with pytest.raises(StudioError, match="image"):
        observation_from_message(through_wire(message))


def test_an_older_peer_sends_and_takes_answers_without_decisions():
    told = Decisions(at=np.array([3, 9]), seconds=np.array([0.1, 0.1]), confidence=np.ones(2))
    message = reasoning_to_message(Reasoning(request_id=1, text="so far", decisions=told))
    assert message["decisions"]["seconds"].dtype == np.float32
    del message["decisions"]
    assert reasoning_from_message(message).decisions is None
    capabilities = capabilities_to_message(Capabilities(name="old"))
    del capabilities["action_range"]
    assert capabilities_from_message(capabilities).action_range == ()


@pytest.mark.parametrize(
    "damage",
    [
        {"at": np.array([5, 3], np.int32)},
        {"at": np.array([-1, 3], np.int32)},
        {"at": np.zeros((2, 1), np.int32)},
        {"seconds": np.array([0.2, 0.1], np.float32)},
        {"seconds": np.array([0.1, np.nan], np.float32)},
        {"seconds": np.array([-0.1, 0.1], np.float32)},
        {"confidence": np.array([0.5, 1.5], np.float32)},
        {"confidence": np.array([0.5, np.nan], np.float32)},
        {"confidence": np.ones(3, np.float32)},
        {"at": "nothing"},
        dict.fromkeys(("at", "seconds", "confidence"), np.zeros(20_000, np.float32)),
    ],
)
def test_damaged_decisions_are_refused(damage):
    told = Decisions(at=np.array([3, 9]), seconds=np.array([0.1, 0.1]), confidence=np.ones(2))
    message = reasoning_to_message(Reasoning(request_id=1, text="", decisions=told))
    message["decisions"] |= damage
    with pytest.raises(StudioError, match="damaged"):
        reasoning_from_message(message)


@pytest.mark.parametrize("given", [7, "ab", [[1]], [[0, float("nan")]], [[1, "x"]]])
def test_a_damaged_action_range_is_refused(given):
    message = capabilities_to_message(Capabilities(name="odd")) | {"action_range": given}
    with pytest.raises(StudioError):
        capabilities_from_message(message)
