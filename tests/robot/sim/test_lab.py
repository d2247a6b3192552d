"""The lab as the other programs meet it: its processes, its control port, its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from robot.sim import lab_client
from robot.sim.lab_client import LabClient, LabError
from robot.sim.lab_frames import PulledFrames
from robot.sim.layout import random_layout
from robot.sim.scene import FRAME_SIZE, TABLE_TOP
from robot.sim.task_layout import task_layout

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0


class LabUnderTest:
    """``main.py lab --child`` with what it prints."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "main.py", "lab", "--child", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def children(self) -> dict[str, int]:
        """Process numbers by module."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and "-m" in words:
                found[words[words.index("-m") + 1]] = int(entry.name)
        return found

    def end(self) -> tuple[int, str]:
        """Close its standard input; return its exit status and what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def _gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def test_a_lab_for_all_tasks_lays_tables_with_plates():
    running = LabUnderTest("--port", "0", "--seed", "3", "--tasks")
    with running.process:
        with LabClient(running.line()["ready"]) as client:
            assert client.hello().layout == task_layout(3)
            assert client.reset(8) == task_layout(8)
        running.end()


@pytest.fixture
def lab() -> Iterator[LabUnderTest]:
    running = LabUnderTest("--port", "0", "--seed", "4")
    yield running
    children = running.children()
    if running.process.poll() is None:
        running.end()
    with running.process:
        pass  # closes the pipes
    _until(lambda: all(_gone(pid) for pid in children.values()))


def test_a_client_sees_and_changes_the_table(lab):
    ready = lab.line()
    with LabClient(ready["ready"]) as client:
        hello = client.hello()
        assert hello.robot == ready["robot"]
        assert set(hello.cameras) == {"front", "wrist"}
        assert hello.cameras["wrist"].mounted_on_hand
        assert hello.layout == random_layout(4)
        names = [item.name for item in random_layout(4).objects]
        assert [item.name for item in client.objects()] == names
        _until(lambda: len(client.frames()) == 2)
        before = client.frames()["front"]
        assert before.image.shape == (FRAME_SIZE[1], FRAME_SIZE[0], 3)

        layout = client.reset(5)

        assert layout == random_layout(5)
        after = client.frames()["front"]
        assert after.seq > before.seq
        assert np.abs(after.image.astype(int) - before.image).max() > 50
        for item, found in zip(layout.objects, client.objects(), strict=True):
            assert (found.name, found.colour) == (item.name, item.colour)
            np.testing.assert_allclose(found.position[:2], (item.x, item.y), atol=2e-3)
            assert found.position[2] > TABLE_TOP
            assert not client.lifted(item.name)
            _assert_pictured(client, after.image, found)
        assert client.reset(layout=random_layout(6)) == random_layout(6)
        table = task_layout(6, distractors=1)
        assert client.reset(layout=table) == table
        assert {item.shape for item in client.objects()} >= {"plate"}
        picture = client.frames()["front"].image
        for item, found in zip(table.objects, client.objects(), strict=True):
            assert (found.name, found.shape) == (item.name, item.shape)
            if item.is_named:
                _assert_pictured(client, picture, found)
        depth, _ = client.depth("front")
        assert depth.shape == (FRAME_SIZE[1], FRAME_SIZE[0])
        assert depth.dtype == np.float32
        assert 0.3 < depth.min() < depth.max() < 20.0
        status = client.status()
        assert status.qpos.shape == (9,)
        assert status.sim_time > 0.0
        assert client.is_alive

        for call, sentence in (
            (lambda: client.lifted("pink banana"), "no object 'pink banana' on the table"),
            (lambda: client.depth("nose"), "no camera 'nose'"),
            (lambda: client.reset(-1), "seed"),
            (lambda: client.request("dance"), "cannot 'dance'"),
            (lambda: client.request("reset", layout={"objects": 1}), "no table layout"),
            (lambda: client.request("depth"), "did not understand"),
        ):
            with pytest.raises(LabError, match=sentence):
                call()
        assert client.reset(5) == layout

        pulled = PulledFrames(client.url)  # what a client without shared memory uses
        _until(lambda: len(pulled.latest()) == 2)
        np.testing.assert_array_equal(pulled.latest()["wrist"].image.shape, before.image.shape)
        pulled.close()
    assert lab.end() == (0, "")


def _assert_pictured(client: LabClient, image: np.ndarray, item) -> None:
    x, y = client.hello().cameras["front"].project(item.position)
    colour = image[int(y), int(x)].astype(float)
    strongest = {"red": 0, "orange": 0, "green": 1, "blue": 2}.get(item.colour)
    if strongest is not None:
        assert np.argmax(colour) == strongest, f"{item.name} is {colour}"


def test_dead_cameras_come_back(lab):
    with LabClient(lab.line()["ready"]) as client:
        _until(lambda: len(client.frames()) == 2)
        first = lab.children()["robot.sim.render_worker"]
        os.kill(first, signal.SIGKILL)
        _until(lambda: lab.children().get("robot.sim.render_worker", first) != first)
        seen = client.frames()["wrist"].seq
        _until(lambda: client.frames()["wrist"].seq > seen)
        _until(lambda: _answers(lambda: client.depth("wrist")))
        assert client.objects()


def _answers(call: Callable[[], object]) -> bool:
    try:
        call()
    except LabError:
        return False
    return True


def test_dead_physics_ends_the_lab_with_a_sentence_everywhere(lab):
    client = LabClient(lab.line()["ready"])
    waiting: list[str] = []
    busy = threading.Thread(target=_ask_until_error, args=(client, waiting))
    busy.start()
    children = lab.children()
    os.kill(children["robot.sim.fci_server"], signal.SIGKILL)
    error = lab.line()["error"]
    assert "physics was ended by SIGKILL" in error
    assert "start the lab again" in error
    assert lab.process.wait(PATIENCE) == 1
    busy.join(PATIENCE)
    assert waiting
    assert "physics was ended by SIGKILL" in waiting[0]
    for call in (client.objects, client.frames, lambda: client.reset(1)):
        with pytest.raises(LabError, match="physics was ended by SIGKILL"):
            call()
    assert not client.is_alive
    client.close()
    assert "Traceback" not in lab.end()[1]
    assert _gone(children["robot.sim.render_worker"])
    with pytest.raises(LabError, match="start one with: python"):
        LabClient(client.url)


def _ask_until_error(client: LabClient, errors: list[str]) -> None:
    while not errors:
        try:
            client.request("reset", seed=3)
        except LabError as error:
            errors.append(str(error))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_in_order(lab, number):
    client = LabClient(lab.line()["ready"])
    children = lab.children()
    assert set(children) == {"robot.sim.fci_server", "robot.sim.render_worker"}
    lab.process.send_signal(number)
    assert lab.end() == (0, "")
    assert all(_gone(pid) for pid in children.values())
    with pytest.raises(LabError, match="was stopped"):
        client.objects()
    client.close()


def test_a_killed_lab_leaves_no_processes_behind(lab):
    client = LabClient(lab.line()["ready"])
    children = lab.children()
    lab.process.kill()
    _until(lambda: all(_gone(pid) for pid in children.values()))
    with pytest.raises(LabError, match="is gone"):
        client.objects()
    client.close()


def test_a_used_port_and_bad_options_are_sentences():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = LabUnderTest("--port", str(taken.getsockname()[1]))
        second = LabUnderTest("--port", "0", "--rate", "500")
        assert "another with --port" in first.line()["error"]
        assert "expected 1 to 60" in second.line()["error"]
        assert first.end()[0] == second.end()[0] == 1


def test_something_else_at_the_address_is_a_sentence(monkeypatch):
    monkeypatch.setattr(lab_client, "OPEN_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"ws://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(LabError, match="no simulated lab answers"):
            LabClient(url)
    with pytest.raises(LabError, match="no simulated lab answers"):
        LabClient("http://nowhere")
