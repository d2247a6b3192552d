"""The command that proves the whole path, and the command line around it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import main
from training.data.depth import encode, load_codec, to_values
from training.finetune.command import source_of
from training.finetune.metrics import read_metrics
from training.finetune.preset import ROOT
from training.finetune.rows import open_set


def test_tiny_smoke_trains_is_interrupted_resumes_evaluates_and_runs_in_the_lab(tmp_path, capsys):
    out = tmp_path / "run"
    assert main.main(["train", "--preset", "tiny-smoke", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "24 steps, loss" in said
    assert "held-out loss" in said
    lines = read_metrics(out)
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < losses[0] - 1.0
    assert [line["step"] for line in lines if "loss" in line] == [4, 8, 12, 16, 20, 24]
    trials = json.loads((out / "trials.json").read_text())
    assert len(trials) == 1
    assert trials[0]["cycles"] + trials[0]["refused"] == 2
    assert (out / "model" / "config.json").is_file()
    the_depth_of_every_row_gives_its_codes(out / "data" / "lab")


def the_depth_of_every_row_gives_its_codes(folder):
    """So that a crop of it gives the crop's."""
    source = open_set(folder, images=2, held_out=0.0)
    codec = load_codec(str(ROOT / "assets/models/embedded"))
    assert source.codes is not None
    for index in (0, len(source) // 2, len(source) - 1):
        metres = source.depth_map(index, codec)
        assert metres is not None
        found = encode([to_values(metres, codec)], codec)[0][0]
        assert (found == source.codes[index]).mean() > 0.97
    assert source.depth_map(0, replace(codec, digest="another's")) is None


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--preset", "nothing"], "there is no preset 'nothing'; choose one of"),
        (["--preset", "tiny-smoke", "--set", "stepz=1"], "did you mean 'steps'"),
        (["--preset", "tiny-smoke", "--data", "/nowhere"], "there is no data set '/nowhere'"),
        (["--preset", "tiny", "--set", "steps=1"], "takes no --data"),
        (["--preset", "tiny-smoke", "collect"], "not both"),
        (["--resume"], "belong to a --preset"),
        (["merge"], "merge needs --adapter"),
        (["merge", "--adapter", "/no", "--model", "/no", "--out", "/no"], "is no adapter"),
        (["--preset", "posttrain-7b-lora", "--model", "/nowhere", "--data", "/no"], "no folder"),
    ],
)
def test_a_wrong_command_is_told_in_a_sentence(tmp_path, capsys, words, sentence):
    if "--out" not in words:
        words = [*words, "--out", str(tmp_path / "out")]
    assert main.main(["train", *words]) == 1
    assert sentence in capsys.readouterr().err


def test_the_embedded_recipe_runs_its_own_pipeline(monkeypatch):
    from training import cli

    seen = []
    monkeypatch.setattr(cli, "_pipeline", lambda _, path, part: seen.append((path, part)) or 0)
    assert main.main(["train", "--preset", "tiny"]) == 0
    assert main.main(["train", "all"]) == 0
    assert main.main(["train"]) == 0
    assert seen == [(cli.CONFIG, "all")] * 3


def test_data_sets_may_be_named(tmp_path):
    odd = tmp_path / "a=b"
    odd.mkdir()
    assert source_of(str(odd)).name is None
    assert source_of("left=/data/set").name == "left"
    assert str(source_of("left=/data/set").path) == "/data/set"
