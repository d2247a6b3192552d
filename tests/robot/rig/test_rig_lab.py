"""The rig on the simulated lab: a real franky driver, real physics, real processes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.types import ActionChunk, StudioError
from robot.guard import RejectedError
from robot.rig.client import RigClient
from robot.rig.messages import Fault
from robot.runs import SUPERSEDED

pytest.importorskip("franky")

ROOT = Path(__file__).resolve().parents[3]
OUT = (
    [[0.03, 0.0, 0.0]] * 3 + [[0.02, 0.02, 0.0]] + [[0.0, 0.03, 0.0]] * 2 + [[0.0, 0.0, -0.03]] * 2
)


@contextlib.contextmanager
def service(*words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    command = [sys.executable, "main.py", *words, "--child", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.communicate(timeout=30)


def chunk(moves, grip=1.0, turn=0.0):
    actions = np.zeros((len(moves), 7))
    actions[:, :3], actions[:, 5], actions[:, 6] = moves, turn, grip
    return ActionChunk(actions=actions)


def at_rest(client):
    """Return the measured pose once the servo has settled."""
    time.sleep(0.5)
    return client.state().ee_pose


def test_an_afternoon_with_the_arm():
    with (
        service("lab", "--seed", "21") as (lab, lab_line),
        service("rig", "--lab", lab_line["ready"]) as (_, rig_line),
        RigClient(rig_line["ready"]) as client,
    ):
        assert client.kind == "lab"
        assert next(iter(client.cameras)) == "front"
        time.sleep(0.5)
        assert {f.image.shape for f in client.frames().values()} == {(240, 320, 3)}

        # eight steps end where the preview says, with the orientation kept
        preview = client.preview(chunk(OUT))
        assert preview.verdict.ok
        assert client.wait_ended(client.run(chunk(OUT)), 60).reason == "done"
        np.testing.assert_allclose(at_rest(client), preview.poses[-1], atol=2e-3)

        # the next chunk starts at the last commanded pose, not at the measured one
        back = (-np.array(OUT[::-1])).tolist()
        first = client.preview(chunk(back))
        np.testing.assert_allclose(first.poses[0], preview.poses[-1], atol=1e-12)
        assert client.wait_ended(client.run(chunk(back), 4), 60).steps_done == 4
        second = client.preview(chunk(back[4:]))
        np.testing.assert_allclose(second.poses[0], first.poses[4], atol=1e-12)
        assert client.wait_ended(client.run(chunk(back[4:])), 60).reason == "done"

        # a plan takes over from a running one, without a rest
        run_id = client.run(chunk(OUT))
        time.sleep(0.6)
        digest = client.preview(chunk([[-0.01, -0.02, 0.0]] * 3)).digest
        client.arm(digest)
        second = client.start(digest, supersede=True)
        assert client.wait_ended(run_id, 60).reason == SUPERSEDED
        ended = client.wait_ended(second, 60)
        assert (ended.reason, ended.steps_done) == ("done", 3)
        assert ended.latency_ms > 0.0
        assert client.lab("status")["fci_violations"] == []
        client.home()

        # a stop within a step, latched; then on from where the arm came to rest
        start = at_rest(client)[:3, 3]
        run_id = client.run(chunk(OUT))
        time.sleep(0.5)
        client.stop("a test")
        assert client.wait_ended(run_id, 10).reason == "stopped"
        rest = at_rest(client)
        assert np.linalg.norm(rest[:3, 3] - start) < 0.15
        with pytest.raises(RejectedError, match="a test"):
            client.run(chunk(OUT))
        np.testing.assert_allclose(at_rest(client), rest, atol=5e-4)
        client.release_stop()
        preview = client.preview(chunk(OUT[6:], turn=0.05))
        np.testing.assert_allclose(preview.poses[0], rest, atol=3e-3)
        assert client.wait_ended(client.run(chunk(OUT[6:], turn=0.05)), 60).reason == "done"
        np.testing.assert_allclose(at_rest(client), preview.poses[-1], atol=2e-3)

        # the gripper is done when its step is, unless stopped
        assert client.wait_ended(client.run(chunk([[0.0] * 3], 0.0)), 60).reason == "done"
        time.sleep(0.3)
        assert client.state().gripper < 0.1
        run_id = client.run(chunk([[0.0] * 3], 1.0))
        time.sleep(0.2)
        client.stop("a test")
        assert client.wait_ended(run_id, 10).reason in ("stopped", "done")
        client.release_stop()
        client.home(open_gripper=True)
        time.sleep(0.3)
        assert client.state().gripper > 0.9

        assert set(client.lab("objects"))
        assert client.lab("reset", seed=7)["seed"] == 7

        # a real arm would have taken all of this
        assert client.lab("status")["fci_violations"] == []
        assert client.lab("status")["fci_peaks"].any()

        # the lab dies in the middle of a motion
        run_id = client.run(chunk(OUT))
        time.sleep(0.3)
        lab.kill()
        reason = client.wait_ended(run_id, 20).reason
        assert "lost" in reason
        sentences = set()
        while "The simulated lab is gone; start it again." not in sentences:
            event = client.events.get(timeout=20)
            if isinstance(event, Fault):
                sentences.add(event.sentence)
        with pytest.raises(StudioError, match="lost"):
            client.run(chunk(OUT))
        with pytest.raises(StudioError, match="lab"):
            client.release_stop()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--lab", "ws://127.0.0.1:9"], "no simulated lab answers"),
        (["--robot", "127.0.0.250"], "does not accept commands"),
        (["--robot", "127.0.0.250", "--camera", "front=opencv:97"], "cannot be opened"),
        (["--robot", "127.0.0.250", "--workspace", "1,2"], "six numbers"),
    ],
)
def test_what_is_missing_at_the_start_is_one_sentence(words, sentence):
    with service("rig", *words) as (process, line):
        assert sentence in line["error"]
        assert process.wait(20) == 1
