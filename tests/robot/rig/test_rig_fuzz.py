"""Whatever is sent to the rig: it answers or hangs up, nothing moves, and others are served."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.wire import WireError, msgpack, pack, unpack
from robot.rig.sockets import MOST_CONNECTIONS
from tests.robot.rig.hostile import (
    FIELDS,
    MOTIONS,
    TOKEN,
    WITHOUT_FIELDS,
    WRONG,
    Bench,
    answer_of,
    bench,
    damaged,
    nested,
)

# a client of websockets that is refused leaves its inner pair of sockets to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MESSAGES = 3000
LONGEST_SENTENCE = 3000


@pytest.fixture
def rig() -> Iterator[Bench]:
    with bench() as made:
        yield made


def test_the_table_of_fields_knows_every_operation(rig):
    assert set(FIELDS) == set(rig.rig._operations)


@pytest.mark.parametrize("op", sorted(FIELDS))
def test_no_field_of_the_wrong_kind_does_harm(rig, op):
    with rig.dial("control") as control:
        number = 0
        for field in FIELDS[op]:
            for wrong in WRONG:
                if op == "home" and isinstance(wrong, bool):
                    continue  # that is what it asks for
                number += 1
                control.send(pack({"id": number, "op": op, field: wrong}))
                answer = answer_of(control, number)
                assert "result" in answer or 0 < len(answer["error"]) <= LONGEST_SENTENCE
                assert "Traceback" not in str(answer.get("error"))
    assert not rig.motions
    rig.serves_others()


def test_thousands_of_damaged_messages_move_nothing(rig):
    noise = random.Random(6)
    sent = 0
    while sent < MESSAGES:
        # a connection that is hung up on is dialled again
        with rig.dial("control") as control, contextlib.suppress(ConnectionClosed):
            reader = threading.Thread(target=_drain, args=(control,))
            reader.start()
            for _ in range(min(500, MESSAGES - sent)):
                sent += 1
                control.send(damaged(noise))
            control.close()
            reader.join()
    assert not rig.motions
    rig.serves_others()


def _drain(connection):
    with contextlib.suppress(ConnectionClosed):
        for message in connection:
            assert "Traceback" not in str(unpack(message).get("error"))


@pytest.mark.parametrize("path", ["stop", "stream", "pulse"])
def test_the_other_connections_outlive_noise(rig, path):
    noise = random.Random(path)
    with rig.dial("control") as control:
        session = unpack(control.recv(timeout=5))["hello"]["session"]
        for _ in range(5):
            query = f"?session={session}" if path == "pulse" else ""
            with rig.dial(path + query) as connection, contextlib.suppress(ConnectionClosed):
                reader = threading.Thread(target=_drain_any, args=(connection,))
                reader.start()
                for _ in range(100):
                    connection.send(damaged(noise))
                connection.send("text")
                connection.close()
                reader.join()
    assert not rig.motions
    rig.serves_others()


def _drain_any(connection):
    with contextlib.suppress(ConnectionClosed):
        for _ in connection:
            pass


@pytest.mark.parametrize("by", [nested(400), b"\xff" * 900_000, "x" * 900_000, None, {1: [2]}])
def test_a_stop_stops_whatever_else_its_message_says(rig, by):
    with rig.dial("stop") as connection:
        connection.send(pack({"id": 1, "op": "stop", "by": by}))
        answer = unpack(connection.recv(timeout=5))
    assert "stop" in rig.arm.calls
    assert "error" not in answer
    assert len(rig.rig.hello(rig.rig.enter()).stopped_by) < 500


@pytest.mark.parametrize("number", [nested(509), None, "7", [1], 1.5, b"1", True])
def test_a_number_that_is_none_is_a_sentence_and_is_not_sent_back(rig, number):
    with rig.dial("control") as control:
        control.send(msgpack.packb({"id": number, "op": "claim"}))
        assert "id" in answer_of(control, 0)["error"]
        control.send(pack({"id": 1, "op": "teach"}))
        assert "result" in answer_of(control, 1)


def test_half_a_handshake_and_half_a_message_keep_nobody_waiting(rig):
    host, port = rig.url.removeprefix("ws://").split(":")
    with contextlib.ExitStack() as stack:
        for start in (b"", b"GET /control HTTP/1.1\r\nHost: x\r\n", b"\x00\xff" * 2000, b"PRI *"):
            raw = stack.enter_context(socket.create_connection((host, int(port))))
            raw.sendall(start)
        broken = stack.enter_context(rig.dial("control"))
        broken.socket.sendall(b"\x02\x84\0\0\0\0abcd")  # a first fragment, and no second one
        rig.serves_others()
        broken.socket.shutdown(socket.SHUT_RDWR)


def test_a_flood_of_connections_leaves_room_for_the_stop(rig):
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_CONNECTIONS):
            stack.enter_context(rig.dial("control")).recv(timeout=5)
        with pytest.raises(InvalidStatus) as refusal, rig.dial("control"):
            pass
        assert refusal.value.response.status_code == 503
        with rig.dial("stop") as connection:
            connection.send(pack({"id": 1, "op": "stop", "by": "a test"}))
            assert "error" not in unpack(connection.recv(timeout=5))
    assert "stop" in rig.arm.calls
    while rig.sockets_open():
        time.sleep(0.01)
    rig.serves_others()


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["op", "by", "chunk", "actions", "id"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
requests = st.fixed_dictionaries(
    {"op": st.sampled_from(sorted(set(FIELDS) - WITHOUT_FIELDS)) | plain},
    optional={name: plain for fields in FIELDS.values() for name in fields},
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Bench]:
    with bench() as made:
        yield made


@settings(max_examples=300)
@given(request=requests)
def test_no_request_raises_anything_but_a_sentence(shared, request):
    with shared.dial("control") as control:
        try:
            control.send(pack({"id": 1, **request}))
        except WireError:
            return  # it does not travel
        answer = answer_of(control, 1)
    assert "result" in answer or "did not understand" in answer["error"] or answer["error"]
    assert not MOTIONS.intersection(shared.arm.calls)
    assert TOKEN not in str(answer)
