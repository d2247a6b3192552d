"""Golden outputs of the released code, and that a wrong network would be noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from core.model.loading import LoadedModel
from core.model.parity import GoldenError, check_full_vocabulary, golden_groups, run_parity
from core.model.parity.check import Check
from core.model.parity.codec import check_real_codec, check_small_codec
from core.model.parity.inputs import check_geometry, check_input_modes, check_processor_case
from core.model.parity.network import check_model_case, load_golden_model
from core.report import Report

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
CASES = list(json.loads((GOLDEN / "model_a" / "meta.json").read_text())["cases"])
PROCESSOR = list(json.loads((GOLDEN / "processor" / "processor_meta.json").read_text())["cases"])


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_golden_model(GOLDEN / "model_a")


def failures(checks: object) -> list[Check]:
    done = list(checks)  # pyright: ignore[reportArgumentType]
    assert done
    return [check for check in done if not check.holds]


@pytest.mark.parametrize("case", CASES)
def test_tiny_model_agrees(loaded: LoadedModel, case: str) -> None:
    assert failures(check_model_case(loaded, GOLDEN / "model_a", case)) == []


def test_real_vocabulary_agrees() -> None:
    checks = check_full_vocabulary(GOLDEN / "model_a_fullvocab", GOLDEN / "model_a")
    assert failures(checks) == []


@pytest.mark.parametrize("case", PROCESSOR)
def test_processor_agrees(loaded: LoadedModel, case: str) -> None:
    folder = GOLDEN / "processor"
    assert failures(check_processor_case(folder, case, loaded.tokenizer, full=False)) == []


def test_picture_modes_and_geometry_agree(loaded: LoadedModel) -> None:
    assert failures(check_input_modes(GOLDEN / "processor", loaded.tokenizer)) == []
    assert failures(check_geometry(GOLDEN / "processor")) == []


def test_depth_codec_agrees() -> None:
    assert failures(check_small_codec(GOLDEN / "vqvae")) == []
    assert failures(check_real_codec(GOLDEN / "vqvae")) == []


@pytest.mark.parametrize(
    ("tensor", "quantity"),
    [
        ("model.vision_backbone.image_projector.w1.weight", "features"),
        ("model.transformer.blocks.1.mlp.ff_proj.weight", "logits"),
    ],
)
def test_swapped_halves_are_noticed(tensor: str, quantity: str) -> None:
    broken = load_golden_model(GOLDEN / "model_a")
    with torch.no_grad():
        weights = broken.model.get_parameter(tensor)
        weights.copy_(weights.roll(len(weights) // 2, dims=0))
    wrong = failures(check_model_case(broken, GOLDEN / "model_a", "single_steer"))
    assert quantity in {check.quantity for check in wrong}


def test_not_a_number_does_not_hold() -> None:
    check = Check(family="f", case="c", quantity="q", difference=float("nan"), limit=1.0)
    assert not check.holds


def test_report_has_rows_goals_and_progress(tmp_path: Path) -> None:
    (tmp_path / "vqvae").symlink_to(GOLDEN / "vqvae")
    report, told = Report("main.py eval model"), []
    run_parity(tmp_path, report, told.append)
    assert told == ["vqvae small: agrees", "vqvae real size: agrees"]
    assert all(goal["holds"] for goal in report.goals)
    assert report.goals[0]["metric"] == "depth codes that differ"
    assert {row["quantity"] for row in report.rows} >= {"codes", "latents", "decoded"}


def test_the_whole_folder_is_compared() -> None:
    titles = [title for title, _ in golden_groups(GOLDEN)]
    assert titles[: len(CASES)] == [f"model_a {case}" for case in CASES]
    assert titles[-2:] == ["vqvae small", "vqvae real size"]


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="no golden outputs"):
        run_parity(tmp_path, Report("x"))
