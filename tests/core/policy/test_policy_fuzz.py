"""Whatever is sent to the policy server: it answers or hangs up, and others are served."""

from __future__ import annotations

import contextlib
import random
import threading

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core import wire
from core.policy.limits import Limits
from core.policy.server import PolicyServer
from core.policy.session import REQUEST_KEYS
from core.types import StudioError
from tests.core.policy.test_hostile import IMAGE, PLAIN, ask, dial
from tests.robot.rig.hostile import WRONG

# a client of websockets that is refused leaves its inner pair of sockets to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

UNLIMITED = Limits(rate=1e6, burst=10_000)
FRAME = {"camera": "front", "image": IMAGE, "t_ns": 1, "seq": 0}
OBSERVATION = {"instruction": "push", "frames": [FRAME, FRAME | {"camera": "wrist"}]}
STATE = {"q": np.zeros(7), "ee_pose": np.eye(4), "gripper": 0.5, "t_ns": 1}
DAMAGED = 1000


def requests(field, wrong):
    """Yield requests with one wrong value at every place that has such a field."""
    yield {"studio": {"request_id": 1, "observation": OBSERVATION, field: wrong}}
    yield {"studio": {"request_id": 1, "observation": OBSERVATION | {field: wrong}}}
    yield {"studio": {"observation": OBSERVATION | {"frames": [FRAME | {field: wrong}]}}}
    yield {"studio": {"observation": OBSERVATION | {"state": STATE | {field: wrong}}}}
    points = {"points": [[1.0, 2.0], [3.0, 4.0]], field: wrong}
    yield {"studio": {"observation": OBSERVATION, "trace": points}}
    yield {"studio": {"observation": OBSERVATION, "compare": [{field: wrong}]}}
    yield PLAIN | {field: wrong}
    yield {field: wrong}


FIELDS = sorted(
    {*REQUEST_KEYS, *OBSERVATION, *FRAME, *STATE, *PLAIN, "state", "points", "source", "label"}
    | {"cancel", "studio", "__ctrl__", "session", "arm", "mode"}
)


def test_no_field_of_the_wrong_kind_does_harm(policy):
    noise = random.Random(7)
    told: list[object] = []
    with PolicyServer(policy, limits=UNLIMITED) as server:
        for field in FIELDS:
            with dial(server) as connection, contextlib.suppress(ConnectionClosed):
                reader = threading.Thread(target=drain, args=(connection, told))
                reader.start()
                for wrong in WRONG:
                    for request in noise.sample(list(requests(field, wrong)), 2):
                        with contextlib.suppress(wire.WireError):  # it does not travel
                            connection.send(wire.pack(request))
                connection.close()
                reader.join()
        with dial(server) as good:
            assert "actions" in ask(good, PLAIN)
    assert told
    assert not [reply for reply in told if "Traceback" in str(reply)]


def drain(connection, told):
    with contextlib.suppress(ConnectionClosed):
        for message in connection:
            told.append(message if isinstance(message, str) else wire.unpack(message))


def test_thousands_of_damaged_messages_harm_nobody(policy):
    noise = random.Random(6)
    whole = wire.pack({"studio": {"request_id": 1, "observation": OBSERVATION}})
    with PolicyServer(policy, limits=UNLIMITED) as server:
        sent = 0
        while sent < DAMAGED:
            with dial(server) as connection, contextlib.suppress(ConnectionClosed):
                for _ in range(200):
                    sent += 1
                    connection.send(damaged(whole, noise))
        with dial(server) as good:
            assert "actions" in ask(good, PLAIN)


def damaged(whole, noise):
    """Return a message that is cut off, changed inside, noise, or lists in lists."""
    match noise.randrange(4):
        case 0:
            return whole[: noise.randrange(len(whole))]
        case 1:
            spoiled = bytearray(whole)
            for _ in range(noise.randrange(1, 9)):
                spoiled[noise.randrange(len(spoiled))] = noise.randrange(256)
            return bytes(spoiled)
        case 2:
            return noise.randbytes(noise.randrange(400))
        case _:
            return bytes([0x91]) * noise.choice((400, 600, 60_000)) + b"\xc0"


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:8000", "null"])
def test_no_page_in_a_browser_is_let_in(policy, origin):
    with PolicyServer(policy) as server, pytest.raises(InvalidStatus) as refusal:
        connect(server.url, origin=origin, proxy=None)
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic sesame", "sesame"])
def test_a_wrong_token_is_refused(policy, header):
    headers = {"Authorization": header} if header is not None else None
    with (
        PolicyServer(policy, token="sesame") as server,
        pytest.raises(InvalidStatus) as refusal,
    ):
        connect(server.url, additional_headers=headers, proxy=None)
    assert refusal.value.response.status_code == 401


def test_beyond_loopback_a_token_is_needed(policy):
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(StudioError, match="--token"):
            PolicyServer(policy, host=host)
