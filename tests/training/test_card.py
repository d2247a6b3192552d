from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from training.card import write_card


def record(stage: str, step: int, **figures: float) -> str:
    return json.dumps({"stage": stage, "step": step, "seconds_per_step": 2.0, **figures})


@pytest.fixture
def run(tmp_path) -> tuple[Path, Path]:
    folder, work = tmp_path / "out", tmp_path / "work"
    (folder / "eval").mkdir(parents=True)
    work.mkdir()
    (folder / "model.safetensors").write_bytes(b"0" * 3_000_000)
    figures = {"steered": 2.0, "trace": 3.0, "point": 2.5, "depth": 1.0, "ask_hit": 0.5}
    lines = [record("vision", 60), record("joint", 50, **figures | {"steered": 5.0})]
    # a resumed run repeats a step; the newer record counts
    lines += [record("joint", 50, **figures), record("joint", 90, **figures | {"steered": 1.25})]
    (work / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    (work / "depth.json").write_text(json.dumps({"error_m": 0.0123, "codes_used": 101.0}))
    goals = {
        "trace lifted": 0.75,
        "lifted, Wilson 95 % low": 0.41,
        "lifted, Wilson 95 % high": 0.93,
        "progress (paper's rubric)": 0.85,
    }
    report = {
        "rows": [{"driver": "direct"}] * 8,
        "goals": [{"metric": name, "value": value} for name, value in goals.items()],
    }
    (folder / "eval" / "trace.json").write_text(json.dumps(report))
    return folder, work


def test_the_card_states_what_the_files_say(run):
    folder, work = run
    card = write_card(folder, work, demonstrations=60_000, seed=0)
    assert card == folder / "README.md"
    text = card.read_text()
    assert "60,000 frames" in text
    assert "1.2 cm and uses 101 of 128" in text
    assert "| vision | 60 | 2 |" in text
    assert "| joint | 90 | 3 |" in text
    assert "| 50 | 2.00 |" in text
    assert "| 90 | 1.25 |" in text
    assert "5.00" not in text
    assert "| trace.json | trace lifted | direct | 8 | 0.75 | 0.41-0.93 | 0.85 |" in text


def test_every_share_of_a_report_is_listed(run):
    folder, work = run
    goals = [("pick: trace done", 0.9), ("place: trace done", 0.5), ("mean time", 3.0)]
    report = {"goals": [{"metric": name, "value": value} for name, value in goals]}
    (folder / "eval" / "fig3.json").write_text(json.dumps(report))
    text = write_card(folder, work, demonstrations=1, seed=0).read_text()
    assert "| fig3.json | pick: trace done |  | 0 | 0.90 |  |  |" in text
    assert "| fig3.json | place: trace done |  | 0 | 0.50 |  |  |" in text
    assert "mean time" not in text
    assert "Orange plates, purple cylinders and yellow bricks" in text


def test_the_curve_is_a_picture(run):
    folder, work = run
    write_card(folder, work, demonstrations=1, seed=0)
    root = ElementTree.parse(folder / "training_curve.svg").getroot()
    lines = root.findall("{*}polyline")
    assert len(lines) == 4
    assert all(len(line.attrib["points"].split()) == 2 for line in lines)


def test_a_model_that_was_not_evaluated_has_a_card_too(run):
    folder, work = run
    (folder / "eval" / "trace.json").unlink()
    assert (
        "| file | what | driver |" in write_card(folder, work, demonstrations=1, seed=0).read_text()
    )
