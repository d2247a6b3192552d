"""From demonstrations to a checkpoint that answers, with two steps of each stage."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from core.model.loading import LoadedModel, load_checkpoint
from core.model.vqvae import DepthVqVae, VqVaeConfig
from core.policy.local import LocalPolicy
from core.types import Frame, Observation, StudioError, Trace
from training import cli, pipeline
from training.depth import INPUT, depth_values, encode_depth, train_vqvae
from training.pipeline import TrainConfig, export, prepare, read_config, run_stages
from training.trainer import StageConfig

CODEC = {"hidden_dim": 8, "codebook_dim": 16}
PARTS = ["collect_demonstrations", "fit_depth_codec", "run_stages", "export", "describe"]
VALUES = {
    "seed": 0,
    "data": "demos",
    "work": "work",
    "out": "out",
    "collect": {"frames": 40, "shard_frames": 40, "processes": 1},
    "depth": {**CODEC, "steps": 2, "batch": 1},
    "stages": [
        {"name": "vision", "steps": 2, "frames": 2, "steered": 1, "reasoning": 1},
        {"name": "joint", "steps": 2, "frames": 2, "steered": 2, "reasoning": 1},
    ],
}


def write(folder: Path, values: object) -> Path:
    path = folder / "run.yaml"
    path.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    return path


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, demos: Path) -> TrainConfig:
    """A run whose depth codec was not trained."""
    folder = tmp_path_factory.mktemp("run")
    places = {name: str(folder / name) for name in ("work", "out")}
    config = read_config(write(folder, VALUES | places | {"data": str(demos)}))
    config.work.mkdir()
    torch.manual_seed(0)
    codec = DepthVqVae(VqVaeConfig(**CODEC))
    save_file(codec.state_dict(), config.work / "vae.safetensors")
    return config


@pytest.fixture(scope="module")
def trained(config: TrainConfig) -> TrainConfig:
    with pytest.raises(StudioError, match="stage 'joint' has no checkpoint"):
        export(config)
    run_stages(config, only="vision")
    run_stages(config)
    return config


@pytest.fixture(scope="module")
def loaded(trained: TrainConfig) -> LoadedModel:
    return load_checkpoint(export(trained))


def metrics(config: TrainConfig) -> list[dict[str, float]]:
    return [json.loads(line) for line in (config.work / "metrics.jsonl").read_text().splitlines()]


def test_both_stages_learn_and_say_how(trained):
    records = metrics(trained)
    # the second run found the vision stage finished
    assert [(record["stage"], record["step"]) for record in records] == [
        ("vision", 2),
        ("joint", 2),
    ]
    for record in records:
        figures = [value for value in record.values() if isinstance(value, float)]
        assert np.isfinite(figures).all()
    assert {"loss", "spot", "front_gripper", "front_goal"} <= set(records[0])
    assert {"steered", "action", "trace", "point", "depth"} <= set(records[1])
    untrained = prepare(trained).model.state_dict()
    vision, joint = (
        load_file(trained.work / name / "module.safetensors") for name in ("vision", "joint")
    )
    stem, block = "model.vision_backbone", "model.transformer.blocks.0"

    def moved(state, before, part):
        return any(
            not torch.equal(value, before[f"net.{name}"])
            for name, value in state.items()
            if name.startswith(part)
        )

    assert moved(untrained, vision, stem)
    assert not moved(untrained, vision, block)
    net = {name.removeprefix("net."): value for name, value in joint.items()}
    net = {name: value for name, value in net.items() if name in untrained}
    assert moved(net, vision, block)
    assert moved(net, vision, stem)


def test_a_finished_run_is_not_repeated(trained):
    before = metrics(trained)
    state = (trained.work / "joint" / "module.safetensors").read_bytes()
    run_stages(trained)
    assert metrics(trained) == before
    assert (trained.work / "joint" / "module.safetensors").read_bytes() == state


def test_the_exported_folder_holds_the_trained_model(trained, loaded):
    trained_weights = load_file(trained.work / "joint" / "module.safetensors")
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, trained_weights[f"net.{name}"]), name
    assert loaded.vqvae is not None
    assert loaded.config.image_size == [160, 120]
    assert loaded.config.multi_image_quirk is False
    files = {path.name for path in trained.out.iterdir()}
    assert {"config.json", "tokenizer.json", "preprocessor_config.json"} <= files
    assert not [name for name in files if name.endswith((".pt", ".bin", ".pkl"))]


@pytest.mark.parametrize("steered", [False, True])
def test_an_answer_that_is_cut_off_moves_nothing(loaded, shards, steered):
    # room for a few dozen tokens only, so that the answer ends too early
    loaded.config.llm_config.max_position_embeddings = 200
    policy = LocalPolicy(loaded)
    assert policy.capabilities.images == 2
    assert policy.capabilities.image_size == (160, 120)
    frames = tuple(
        Frame(camera=name, image=getattr(shards[0], name)[0], t_ns=0) for name in ("front", "wrist")
    )
    trace = Trace(points=np.array([[100.0, 90.0], [150.0, 140.0]])) if steered else None
    reasoning = policy.infer(Observation(frames=frames, instruction="pick up the red cube"), trace)
    assert reasoning.chunk is None
    assert len(reasoning.error.split()) > 3
    assert reasoning.steered_by is trace
    clean = np.array_equal(reasoning.model_image, shards[0].front[0])
    assert clean is not steered


def test_depth_becomes_values_and_codes(shards):
    depth = shards[0].depth[0]
    values = depth_values(depth)
    assert values.shape == (INPUT, INPUT)
    assert values.dtype == np.float32
    assert -1.0 <= values.min() < values.max() <= 1.0
    near, far = (
        np.unravel_index(depth.argmin(), depth.shape),
        np.unravel_index(depth.argmax(), depth.shape),
    )
    scale = INPUT / np.array(depth.shape)
    at = [tuple((np.array(place) * scale).astype(int)) for place in (near, far)]
    assert values[at[0]] > values[at[1]]


def test_the_depth_codec_trains_and_encodes_every_depth_map(shards):
    torch.manual_seed(0)
    codec = DepthVqVae(VqVaeConfig(**CODEC))
    before = {name: value.clone() for name, value in codec.state_dict().items()}
    figures = train_vqvae(codec, shards, steps=10, batch=1, seed=0)
    assert np.isfinite(list(figures.values())).all()
    assert any(not torch.equal(value, before[name]) for name, value in codec.state_dict().items())
    codes = encode_depth(codec, shards)
    assert sorted(codes) == shards[0].depth_index.tolist()
    for row in codes.values():
        assert row.shape == (100,)
        assert row.min() >= 0
        assert row.max() < 128


def test_the_shipped_configuration_is_readable():
    config = read_config(cli.CONFIG)
    names = [stage.name for stage in config.stages]
    assert names[:2] == ["vision", "joint"]
    assert set(names) <= set(cli.PARTS)
    assert config.out == Path("assets/models/embedded")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stages": None}, "not usable"),
        ({"stages": [{"name": "vision"}]}, "not usable"),
        ({"stages": [{**VALUES["stages"][0], "name": "../vision"}]}, "expected one word"),
        ({"stages": [{**VALUES["stages"][0], "steps": "many"}]}, "steps 'many'"),
        ({"stages": [{**VALUES["stages"][0], "frames": 0}]}, "frames 0"),
        ({"stages": [{**VALUES["stages"][0], "reasoning": 9}]}, "9 reasoning frames of 2"),
        ({"stages": [{**VALUES["stages"][0], "learning_rate": "1e-3"}]}, "learning_rate"),
        ({"stages": [{**VALUES["stages"][0], "colour": 1}]}, "colour"),
        ({"data": 3}, "not usable"),
        ({"extra": 1}, "extra"),
        ({"depth": {**VALUES["depth"], "batch": 0}}, "depth.batch"),
        ({"depth": {"steps": 1}}, "'depth' needs exactly"),
        ({"collect": [1]}, "'collect' needs exactly"),
    ],
)
def test_an_unusable_configuration_has_a_reason(tmp_path, change, reason):
    with pytest.raises(StudioError, match=reason):
        read_config(write(tmp_path, VALUES | change))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_missing_field_is_named(tmp_path, name):
    values = {key: value for key, value in VALUES.items() if key != name}
    with pytest.raises(StudioError, match=name):
        read_config(write(tmp_path, values))


@pytest.mark.parametrize("text", ["", "only words", "- a\n- b\n", "a: [", "\tx: 1"])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(StudioError, match="not usable"):
        read_config(write(tmp_path, text))


def test_a_file_that_cannot_be_read_has_a_reason(tmp_path):
    with pytest.raises(StudioError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(StudioError, match="not usable"):
        read_config(tmp_path / "binary.yaml")


@pytest.mark.parametrize(
    ("part", "calls"),
    [
        ("collect", ["collect_demonstrations"]),
        ("depth", ["fit_depth_codec"]),
        ("vision", ["run_stages"]),
        ("joint", ["run_stages"]),
        ("export", ["export"]),
        ("card", ["describe"]),
        ("all", PARTS),
    ],
)
def test_the_command_runs_the_part_that_is_asked_for(monkeypatch, tmp_path, part, calls):
    done: list[str] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    for name in PARTS:
        monkeypatch.setattr(pipeline, name, lambda *_, name=name, **__: done.append(name))
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    arguments = parser.parse_args([part, "--config", str(write(tmp_path, VALUES))])
    assert cli.run_train(arguments) == 0
    assert done == calls


def test_a_stage_is_a_value():
    stage = StageConfig(name="joint", steps=1, frames=1, steered=1, reasoning=0)
    assert stage.learning_rate == 1e-3
