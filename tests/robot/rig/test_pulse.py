"""The pulse: judged with a clock that stands, then over sockets with clients that hang and die."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from core.wire import pack, unpack
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.heart import Heart
from robot.rig.messages import Stopped
from robot.rig.plan import Peer
from robot.rig.pulse import HOLD_RELEASED, PULSE_LOST, Beat, Pulses, PulseWatch, judge
from tests.robot.fake_robot import FakeRobot
from tests.robot.rig.served import HELD, chunk, eventually, served

ROOT = Path(__file__).resolve().parents[3]
ME = Peer(name="client 1")


@pytest.mark.parametrize(
    ("age", "held", "hold_to_run", "expected"),
    [
        (0.0, False, False, ""),
        (0.19, False, False, ""),
        (0.21, False, False, PULSE_LOST),
        (0.0, False, True, HOLD_RELEASED),
        (0.0, True, True, ""),
        (0.21, True, True, PULSE_LOST),
        (0.21, False, True, PULSE_LOST),
    ],
)
def test_a_beat_is_judged(age, held, hold_to_run, expected):
    beat = Beat(number=1, held=held, alive_at=100.0)
    assert judge(beat, 100.0 + age, 0.2, hold_to_run=hold_to_run) == expected


def test_no_beat_is_no_life():
    assert judge(None, 1.0, 0.2, hold_to_run=False) == PULSE_LOST


class Clock:
    now = 50.0

    def __call__(self):
        return self.now


def test_beats_grow_old_and_repeated_ones_do_not_refresh_them():
    clock = Clock()
    pulses = Pulses(limit=0.2, hold_to_run=False, clock=clock)
    assert pulses.judge(ME) == PULSE_LOST
    pulses.take(ME, 5, held=False, age=0.0)
    clock.now += 0.15
    for number in (5, 4):
        pulses.take(ME, number, held=False, age=0.0)
    assert pulses.judge(ME) == ""
    clock.now += 0.1
    assert pulses.judge(ME) == PULSE_LOST
    pulses.take(ME, 6, held=False, age=0.0)
    assert pulses.judge(ME) == ""
    pulses.forget(ME)
    assert pulses.judge(ME) == PULSE_LOST


def test_a_thread_that_beats_for_a_hanging_window_does_not_deceive():
    clock = Clock()
    pulses = Pulses(limit=0.2, hold_to_run=False, clock=clock)
    pulses.take(ME, 1, held=False, age=0.3)
    assert pulses.judge(ME) == PULSE_LOST
    pulses.take(ME, 2, held=False, age=-9.0)  # from the future: as good as from now
    clock.now += 0.25
    assert pulses.judge(ME) == PULSE_LOST


def test_the_watch_stops_once_the_beats_are_old_twice():
    clock = Clock()
    pulses = Pulses(limit=0.2, hold_to_run=False, clock=clock)
    moving: list[Peer] = [ME]
    stops: queue.Queue[str] = queue.Queue()

    def stop(by):
        moving.clear()
        stops.put(by)

    watch = PulseWatch(pulses=pulses, mover=lambda: moving[0] if moving else None, stop=stop)
    try:
        assert stops.get(timeout=5) == PULSE_LOST
        assert stops.empty()
    finally:
        watch.close()


def test_a_heart_tells_how_long_the_program_has_been_silent():
    sent: queue.Queue[bytes] = queue.Queue()
    heart = Heart(sent.put, own=False)
    try:
        heart.beat(True)
        beats = [unpack(sent.get(timeout=5)) for _ in range(12)]
    finally:
        heart.close()
    assert [beat["n"] for beat in beats] == list(range(1, 13))
    assert beats[-1]["beat_ms"] > 200  # nobody called it again
    assert any(beat["held"] for beat in beats[:3])
    assert not beats[-1]["held"]


def test_a_scripts_heart_beats_by_itself_but_holds_nothing():
    sent: queue.Queue[bytes] = queue.Queue()
    heart = Heart(sent.put, own=True)
    try:
        beats = [unpack(sent.get(timeout=5)) for _ in range(3)]
    finally:
        heart.close()
    assert all(beat["beat_ms"] == 0 and not beat["held"] for beat in beats)


@contextlib.contextmanager
def beating(client, held):
    """Call ``pulse`` as a window's loop does; ``held`` is asked each time."""
    end = threading.Event()

    def loop():
        while not end.wait(0.02):
            client.pulse(held())

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield end
    finally:
        end.set()
        thread.join()


def stop_event(client):
    while not isinstance(event := client.events.get(timeout=5), Stopped):
        pass
    return event


def test_letting_go_stops_the_arm_and_latches():
    arm, held = FakeRobot(), threading.Event()
    with served(arm, HELD) as url, RigClient(url, own_pulse=False) as client:
        assert client.hold_to_run
        with beating(client, held.is_set):
            with pytest.raises(RejectedError, match="hold"):
                client.run(chunk())
            with pytest.raises(RejectedError, match="hold"):
                client.home()
            arm.moving.clear()
            held.set()
            run_id = client.run(chunk())
            held.clear()
            assert "hold was released" in stop_event(client).by
            assert client.wait_ended(run_id, 5).reason == "stopped"
            held.set()
            with pytest.raises(RejectedError, match="hold was released"):
                client.run(chunk())
            client.release_stop()
            arm.moving.set()
            assert client.wait_ended(client.run(chunk()), 5).reason == "done"


def test_a_window_whose_loop_hangs_loses_the_arm():
    arm = FakeRobot()
    with served(arm) as url, RigClient(url, own_pulse=False) as client:
        arm.moving.clear()
        with beating(client, lambda: False) as end:
            client.run(chunk())
            end.set()  # from here on only the client's own thread beats
            assert "heartbeat of the studio lost" in stop_event(client).by
        assert "stop" in arm.calls
        with pytest.raises(RejectedError, match="heartbeat"):
            client.run(chunk())


def test_a_script_beats_for_itself():
    arm = FakeRobot()
    with served(arm) as url, RigClient(url) as client:
        assert client.wait_ended(client.run(chunk()), 5).reason == "done"


CLIENT = """
import sys, time
import numpy as np
from core.types import ActionChunk
from robot.rig.client import RigClient
actions = np.zeros((2, 7)); actions[:, 6] = 1.0
client = RigClient(sys.argv[1]); client.connect()
client.run(ActionChunk(actions=actions))
print("running", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_client_that_is_halted_or_killed_loses_the_arm(number):
    arm = FakeRobot()
    arm.moving.clear()
    with served(arm) as url, RigClient(url) as watcher:
        command = [sys.executable, "-c", CLIENT, url]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "running\n"
                os.kill(process.pid, number)
                by = stop_event(watcher).by
                assert "heartbeat" in by or "connection" in by
                if number == signal.SIGSTOP:
                    assert "heartbeat" in by  # its sockets are still open
            finally:
                process.kill()


def test_nobody_beats_for_another():
    arm = FakeRobot()
    with (
        served(arm) as url,
        connect(f"{url}/pulse?session=guessed", proxy=None) as stranger,
        pytest.raises(ConnectionClosed),
    ):
        stranger.recv(timeout=5)


def test_what_is_no_beat_is_no_sign_of_life():
    arm = FakeRobot()
    with served(arm) as url, connect(f"{url}/control", proxy=None) as control:
        hello = unpack(control.recv())["hello"]
        control.recv()
        with connect(f"{url}/pulse?session={hello['session']}", proxy=None) as pulse:
            for bad in (
                b"\xff",
                "text",
                pack([1]),
                pack({"n": "1", "held": True, "beat_ms": 0}),
                pack({"n": 1, "held": 1, "beat_ms": 0}),
                pack({"n": 1, "held": True, "beat_ms": float("nan")}),
                pack({"n": 1, "held": True}),
            ):
                pulse.send(bad)
            control.send(pack({"id": 1, "op": "home"}))
            assert "heartbeat" in unpack(control.recv(timeout=5))["error"]
            pulse.send(pack({"n": 1, "held": True, "beat_ms": 0}))
            control.send(pack({"id": 2, "op": "home"}))
            eventually(lambda: "move_joints" in arm.calls)
