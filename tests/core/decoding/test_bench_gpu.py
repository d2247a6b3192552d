from __future__ import annotations

import argparse
import json

import pytest
import torch

from core.decoding.bench_gpu import add_arguments, run_bench_gpu
from core.types import StudioError


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_measured():
    with pytest.raises(StudioError, match="no GPU here"):
        run_bench_gpu(arguments())


def test_every_pass_of_replayed_answers_is_run(tmp_path):
    file = tmp_path / "gpu.json"
    assert run_bench_gpu(arguments("--shape", "tiny", "--repeats", "1", "--json", str(file))) == 0
    report = json.loads(file.read_text())
    times = {row["what"]: row["ms"] for row in report["rows"]}
    assert {f"pass of {count} tokens" for count in (1, 16, 32, 64, 128)} <= set(times)
    first, whole = times["until the first action row"], times["cycle, grammar and replayed guesses"]
    assert 0 < first < whole
    assert not any(goal["goal"] for goal in report["goals"])
