"""`python main.py serve` as the studio starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
            assert answer.error
            assert answer.chunk is None
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
