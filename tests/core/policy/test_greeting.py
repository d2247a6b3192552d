"""What is understood of a server's first frame, ours and others'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import wire
from core.policy.greeting import metadata, read_greeting
from core.types import Capabilities, StudioError

URL = "ws://there"
FULL = Capabilities(
    name="full", depth=True, trace_out=True, trace_in=True, stream=True, cancel=True, session=True
)


class Named:
    capabilities = FULL


def test_our_own_greeting_comes_back_and_names_everything():
    message = wire.unpack(wire.pack(metadata(Named())))
    wanted = {"depth", "trace_out", "trace_in", "stream", "cancel", "session"}
    assert wanted | {"chunk", "images", "arms"} <= set(message["capabilities"])
    assert message["protocols"] == {"openpi": [1], "studio": [1]}
    greeting = read_greeting(message, URL)
    assert greeting.capabilities == FULL
    assert greeting.extras


def test_a_server_of_the_first_days_and_one_of_the_future():
    first = {"studio": {"version": 1}, "capabilities": {"name": "old", "trace_in": True}}
    assert read_greeting(first, URL).extras
    future = metadata(Named()) | {"studio": {"version": 9}, "protocols": {"studio": [9]}}
    greeting = read_greeting(future, URL)
    assert not greeting.extras
    assert not greeting.capabilities.trace_in
    assert read_greeting(future | {"protocols": {"studio": [9, 1]}}, URL).extras


@pytest.mark.parametrize(
    ("message", "name", "chunk", "images", "size"),
    [
        ({}, "openpi server at ws://there", 8, 2, None),
        ({"policy_name": "pi0_fast", "action_horizon": 50}, "pi0_fast", 50, 2, None),
        ({"name": 7, "chunk": "many", "images": 99}, "openpi server at ws://there", 8, 2, None),
        (
            {"image_resolution": [180, 320], "needs_wrist_camera": False, "n_external_cameras": 1},
            "openpi server at ws://there",
            8,
            1,
            (320, 180),
        ),
        ({"model": "openvla", "images": 1, "image_size": 224}, "openvla", 8, 1, (224, 224)),
        ({"model": "m", "image_size": [2, 99999]}, "m", 8, 2, None),
    ],
)
def test_other_servers_are_understood_as_far_as_they_say(message, name, chunk, images, size):
    greeting = read_greeting(message, URL)
    can = greeting.capabilities
    assert (can.name, can.chunk, can.images, greeting.send_size) == (name, chunk, images, size)
    assert can.execute_steps == 8
    assert not any((greeting.extras, can.depth, can.trace_in, can.trace_out, can.stream))


def test_a_server_that_only_gives_depth():
    stated = {"name": "MolmoAct2-Think", "capabilities": {"depth": True, "chunk": 10}}
    can = read_greeting(stated, URL).capabilities
    assert (can.depth, can.trace_in, can.trace_out, can.chunk) == (True, False, False, 10)


def test_joint_actions_are_refused_before_anything_moves():
    with pytest.raises(StudioError, match="joint_velocity"):
        read_greeting({"action_space": "joint_velocity"}, URL)


keys = st.sampled_from(
    ["studio", "protocols", "capabilities", "name", "image_size", "image_resolution", "chunk"]
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    lambda inner: st.dictionaries(keys | st.text(), inner, max_size=4) | st.lists(inner),
    max_leaves=8,
)


@given(junk | st.dictionaries(keys, junk))
def test_any_first_frame_is_understood_or_a_sentence(message):
    try:
        assert read_greeting(message, URL).capabilities.chunk >= 1
    except StudioError:
        return
