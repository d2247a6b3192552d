from __future__ import annotations

import json
import os
import threading

import pytest

from core.service import (
    announce_error,
    announce_progress,
    announce_ready,
    authorised,
    give_way,
    is_loopback,
    require_token,
    websocket_url,
)
from core.types import StudioError


def test_announcements_are_one_json_line_each(capsys):
    announce_progress("half")
    announce_ready("ws://127.0.0.1:1", name="m")
    announce_error("port 5 is\ntaken")
    half, ready, error = capsys.readouterr().out.splitlines()
    assert json.loads(half) == {"progress": "half"}
    assert json.loads(ready) == {"ready": "ws://127.0.0.1:1", "name": "m"}
    assert json.loads(error) == {"error": "port 5 is\ntaken"}


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="Linux has the idle class")
def test_a_thread_that_gives_way_is_of_the_idle_class():
    classes = []

    def work():
        give_way()
        inner = threading.Thread(target=lambda: classes.append(os.sched_getscheduler(0)))
        inner.start()
        inner.join()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert classes == [os.SCHED_IDLE]
    assert os.sched_getscheduler(0) != os.SCHED_IDLE  # of this thread only


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_token(host):
    assert is_loopback(host)
    require_token(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.168.1.4", "robot.lab", "127.evil.com"])
def test_other_addresses_need_a_token(host):
    assert not is_loopback(host)
    require_token(host, "secret")
    for token in (None, ""):
        with pytest.raises(StudioError, match="--token"):
            require_token(host, token)


@pytest.mark.parametrize(
    ("header", "token", "admitted"),
    [
        (None, None, True),
        ("anything", "", True),
        ("Api-Key a b", "a b", True),
        ("bearer T", "T", True),
        ("Bearer t", "T", False),
        ("Bearer", "T", False),
        ("T", "T", False),
        ("", "T", False),
        (None, "T", False),
        ("Bearer \u00fc", "\u00fc", True),
        ("Bearer \udcc3\udcbc", "\u00fc", True),
        ("Bearer \ud800", "T", False),
    ],
)
def test_authorisation(header, token, admitted):
    assert authorised(header, token) is admitted


def test_addresses_to_connect_to():
    assert websocket_url("127.0.0.1", 5) == "ws://127.0.0.1:5"
    assert websocket_url("0.0.0.0", 5) == "ws://127.0.0.1:5"
    assert websocket_url("::1", 5) == "ws://[::1]:5"
