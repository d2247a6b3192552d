"""Two processes on gloo, by copies and by shares, must take the single process's steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.types import StudioError
from tests.training.finetune.small_data import WORDS
from training.finetune.metrics import read_metrics
from training.finetune.parallel import Team
from training.finetune.run import Source, run_preset

ROOT = Path(__file__).resolve().parents[3]


def train(out: Path, data: Path, *words: str, processes: int = 1, options: tuple[str, ...] = ()):
    launcher = [sys.executable]
    if processes > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        launcher += [str(processes)]
    command = [*launcher, "main.py", "train", "--preset", "tiny-smoke", "--data", str(data)]
    command += ["--out", str(out), *options]
    for word in (*WORDS, *words):
        command += ["--set", word]
    own = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | own, text=True, capture_output=True, timeout=150
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [line for line in read_metrics(out) if "loss" in line], done


@pytest.fixture(scope="module")
def alone(small_set, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    return train(out, small_set)[0], out


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_take_the_same_steps(alone, small_set, tmp_path, parallel):
    lines, out = alone
    shared, _ = train(tmp_path, small_set, f"parallel={parallel}", "micro_batch=1", processes=2)
    for name in ("loss", "gradient_norm", "accuracy"):
        expected = [line[name] for line in lines]
        assert [line[name] for line in shared] == pytest.approx(expected, rel=2e-4), name
    first, second = (load_file(o / "model" / "model.safetensors") for o in (out, tmp_path))
    for name, value in first.items():
        assert torch.allclose(value, second[name], atol=2e-4), name


def test_a_run_of_two_shares_goes_on_in_one_process(alone, small_set, tmp_path):
    train(tmp_path, small_set, "parallel=fsdp", processes=2, options=("--stop-after", "2"))
    lines, _ = train(tmp_path, small_set, options=("--resume",))
    expected = [line["loss"] for line in alone[0]]
    assert [line["loss"] for line in lines] == pytest.approx(expected, rel=2e-4)


def test_a_batch_that_cannot_be_shared_is_told(small_set, tmp_path, preset, monkeypatch):
    monkeypatch.setattr(Team, "processes", 2)
    with pytest.raises(StudioError, match=r"cannot be shared by 2 processes; .* batch=4"):
        run_preset(preset("batch=3"), [Source(path=small_set)], tmp_path)
