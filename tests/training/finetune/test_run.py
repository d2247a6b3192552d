"""Whole runs of a very small network: exact resuming, averages, export, faults on the way."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.model.loading import load_checkpoint
from core.protocol.statistics import read_statistics
from core.types import StudioError
from tests.training.finetune.small_data import write_small_set
from training.finetune import state as state_module
from training.finetune.metrics import read_metrics
from training.finetune.run import Source, run_preset
from training.finetune.state import newest_state, step_of


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


def loss_lines(folder: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(folder) if "loss" in line]


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def run(preset, small_set, out, **options):
    return run_preset(preset, [Source(path=small_set)], out, **options)


@pytest.fixture(scope="module")
def _uninterrupted() -> dict[str, Path]:
    return {}


@pytest.fixture
def whole(preset, small_set, _uninterrupted, tmp_path_factory) -> Path:
    """A run that was never interrupted, made once."""
    if "folder" not in _uninterrupted:
        out = tmp_path_factory.mktemp("whole")
        assert run(preset(), small_set, out).complete
        _uninterrupted["folder"] = out
    return _uninterrupted["folder"]


def test_a_run_goes_on_as_if_it_had_not_stopped(whole, preset, small_set, tmp_path):
    assert run(preset(), small_set, tmp_path, stop_after=3).steps == 3
    state = newest_state(tmp_path / "states")
    assert state is not None
    assert step_of(state) == 3
    finished = run(preset(), small_set, tmp_path, resume=True)
    assert finished.complete
    assert_same(weights(whole), weights(tmp_path))
    assert loss_lines(whole) == loss_lines(tmp_path)


def test_a_finished_run_is_exported_again_and_stays_the_same(whole, preset, small_set, tmp_path):
    run(preset(), small_set, tmp_path)
    lines = read_metrics(tmp_path)
    assert run(preset(), small_set, tmp_path, resume=True).complete
    assert_same(weights(whole), weights(tmp_path))
    assert read_metrics(tmp_path) == lines


def test_steps_after_the_last_state_are_made_again(whole, preset, small_set, tmp_path, monkeypatch):
    """As after a kill: metrics of step 3 are there, its state is not."""
    run(preset(), small_set, tmp_path, stop_after=2)
    with monkeypatch.context() as patch:
        patch.setattr("training.finetune.trainer.save_state", lambda *_: None)
        run(preset(), small_set, tmp_path, resume=True, stop_after=3)
    assert len(loss_lines(tmp_path)) == 3
    run(preset(), small_set, tmp_path, resume=True)
    assert loss_lines(whole) == loss_lines(tmp_path)


def test_micro_batches_add_up_to_the_same_steps(whole, preset, small_set, tmp_path):
    run(preset("micro_batch=4", "workers=1"), small_set, tmp_path)
    assert loss_lines(tmp_path) == pytest.approx(loss_lines(whole), abs=1e-5)


def test_the_exported_checkpoint_is_the_average_and_can_be_loaded(whole, small_set):
    state = newest_state(whole / "states")
    assert state is not None
    average = load_file(state / "average.safetensors")
    trained = load_file(state / "weights.safetensors")
    exported = weights(whole)
    assert_same({name: exported[name] for name in average}, average)
    assert any(not torch.equal(average[name], trained[name]) for name in average)
    loaded = load_checkpoint(whole / "model")
    assert (loaded.config.images, loaded.config.chunk) == (2, 8)
    assert list(loaded.config.image_size or ()) == [32, 24]
    stats = read_statistics(loaded.config.norm_stats, loaded.config.default_norm_key)
    assert stats.transitions == 18
    assert loaded.config.default_norm_key == small_set.name


def test_learning_lowers_the_loss(preset, small_set, tmp_path):
    run(
        preset("steps=30", "ema=null", "evaluate_samples=0", "optimiser.llm=1e-2"),
        small_set,
        tmp_path,
    )
    found = loss_lines(tmp_path)
    assert min(found[-3:]) < found[0] - 1.0


def test_held_out_losses_are_told_by_kind_and_segment(whole):
    lines = [line for line in read_metrics(whole) if "held_out/loss" in line]
    assert len(lines) == 1
    assert lines[0]["step"] == 4
    assert "held_out/action_tokens" in lines[0] or "held_out/depth_tokens" in lines[0]
    assert all(value >= 0 for value in lines[0].values())


def test_the_board_has_the_same_numbers(whole):
    module = "tensorboard.backend.event_processing.event_accumulator"
    board = pytest.importorskip(module).EventAccumulator(str(whole / "tensorboard"))
    board.Reload()
    found = [event.value for event in board.Scalars("loss")]
    assert found == pytest.approx(loss_lines(whole), rel=1e-6)


def test_a_signal_ends_a_run_after_its_step(preset, small_set, tmp_path):
    timer = threading.Timer(0.0, os.kill, (os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # too early, the signal does nothing
    try:
        long = preset("steps=4000", "log_every=1000", "save_every=1000", "evaluate_samples=0")
        timer.interval = 4.0
        timer.start()
        finished = run(long, small_set, tmp_path)
    finally:
        timer.cancel()
        signal.signal(signal.SIGTERM, before)
    assert not finished.complete
    state = newest_state(tmp_path / "states")
    assert state is not None
    assert step_of(state) == finished.steps


def test_a_full_disk_keeps_the_state_before(preset, small_set, tmp_path, monkeypatch):
    run(preset(), small_set, tmp_path, stop_after=2)
    real = state_module.save_file

    def full(values, path, *rest):
        if path.name.startswith("optimiser"):
            raise OSError(28, "No space left on device")
        real(values, path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(state_module, "save_file", full)
        with pytest.raises(StudioError, match="No space left on device; step 2 is kept") as error:
            run(preset(), small_set, tmp_path, resume=True)
    assert "--resume" in str(error.value)
    assert [path.name for path in (tmp_path / "states").iterdir()] == ["step-00000002"]
    assert run(preset(), small_set, tmp_path, resume=True).complete


def test_a_begun_run_is_not_overwritten_nor_resumed_differently(preset, small_set, tmp_path):
    run(preset(), small_set, tmp_path, stop_after=2)
    with pytest.raises(StudioError, match="go on with --resume or choose another --out"):
        run(preset(), small_set, tmp_path)
    with pytest.raises(StudioError, match=r"begun with seed = 1, not 2"):
        run(preset("seed=2"), small_set, tmp_path, resume=True)
    with pytest.raises(StudioError, match="begun on 1 data sets, not 2"):
        run_preset(preset(), [Source(path=small_set)] * 2, tmp_path, resume=True)


def test_a_damaged_state_is_told(preset, small_set, tmp_path):
    run(preset(), small_set, tmp_path, stop_after=2)
    state = newest_state(tmp_path / "states")
    assert state is not None
    (state / "weights.safetensors").write_bytes(b"nothing")
    with pytest.raises(StudioError, match="cannot be read"):
        run(preset(), small_set, tmp_path, resume=True)


def test_a_gradient_that_is_not_finite_ends_the_run(preset, small_set, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.nn.utils.clip_grad_norm_", lambda *_: torch.tensor(float("nan")))
    with pytest.raises(StudioError, match="step 1 is not finite"):
        run(preset(), small_set, tmp_path)


def test_several_sets_each_have_their_statistics(preset, small_set, tmp_path):
    other = write_small_set(tmp_path / "other", seed=9)
    sources = [Source(path=small_set, name="first"), Source(path=other)]
    run_preset(preset("steps=1"), sources, tmp_path / "out")
    norm = json.loads((tmp_path / "out" / "model" / "config.json").read_text())["norm_stats"]
    assert sorted(norm) == ["first", "other"]
    assert norm["first"]["action"]["q99"] != norm["other"]["action"]["q99"]


def test_weights_of_zero_are_refused(preset, small_set, tmp_path):
    nothing = preset("segments={text: 0, depth: 0, trace: 0, action: 0}")
    with pytest.raises(StudioError, match="has the weight 0"):
        run(nothing, small_set, tmp_path)


def test_nothing_to_train_on_is_told(preset, tmp_path):
    with pytest.raises(StudioError, match="give --data DIR"):
        run_preset(preset(), [], tmp_path)


def test_sharding_is_the_presets_business(preset, small_set, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(StudioError, match="set parallel=fsdp in the preset"):
        run(preset(), small_set, tmp_path)
