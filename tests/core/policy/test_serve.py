"""`python main.py serve` as the studio starts it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import main
from core.model.loading import save_checkpoint
from core.policy.client import RemotePolicy
from core.types import Trace

ROOT = Path(__file__).resolve().parents[3]


def serve(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "main.py", "serve", "--child", "--port", "0", *options],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_checkpoint_is_served_until_the_parent_leaves(tiny, tmp_path, observation, drawn):
    save_checkpoint(
        tmp_path / "small", model=tiny.model, processor=tiny.processor, vqvae=tiny.vqvae
    )
    with serve("--model", str(tmp_path / "small")) as process:
        line = json.loads(process.stdout.readline())
        assert line["name"] == "small"
        with RemotePolicy(line["ready"]) as remote:
            assert remote.capabilities.chunk == 2
            answer = remote.infer(observation, drawn)
            assert not answer.error  # even an untrained model keeps to the grammar
            assert answer.chunk is not None
            assert answer.chunk.actions.shape == (2, 7)
            assert isinstance(answer.steered_by, Trace)
            assert np.any(answer.model_image != observation.frames[0].image)
        process.stdin.close()
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--model", "/nowhere/at all"), "there is no folder"),
        (("--host", "0.0.0.0"), "--token"),
    ],
)
def test_what_cannot_be_served_is_said_as_json(options, sentence):
    with serve(*options) as process:
        assert sentence in json.loads(process.stdout.readline())["error"]
        assert process.wait(20) == 1
        assert "Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json' is missing"),
        (lambda folder: truncate(folder / "model.safetensors"), "no readable safetensors file"),
    ],
)
def test_a_spoilt_checkpoint_is_named_and_nothing_listens(spoil, sentence, golden, tmp_path):
    folder = tmp_path / "spoilt"
    shutil.copytree(golden / "model_a", folder)
    spoil(folder)
    with serve("--model", str(folder)) as process:
        assert sentence in json.loads(process.stdout.readline())["error"]
        assert process.wait(20) == 1
        assert process.stdout.read() == ""
        assert "Traceback" not in process.stderr.read()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_used_port_is_told_before_the_model_is_loaded(monkeypatch, capsys):
    monkeypatch.setattr("core.policy.local.load_policy", lambda *_, **__: pytest.fail("loaded"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main.main(["serve", "--port", port]) == 1
    captured = capsys.readouterr()
    assert captured.err == (
        f"cannot listen on 127.0.0.1 port {port}: address already in use; choose another port "
        "with --port, or 0 for a free one\n"
    )
    assert captured.out == ""
