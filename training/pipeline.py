"""From nothing to a shipped checkpoint: collect, depth codec, labels, stages, export.

Every part keeps what it finds finished, so a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from core.model.loading import load_checkpoint, load_processor, save_checkpoint
from core.model.modeling import MolmoActForActionReasoning
from core.model.vqvae import DepthVqVae, VqVaeConfig
from core.protocol.statistics import NormStats, compute_statistics
from core.types import StudioError
from training.card import write_card
from training.checkpoint import load_state
from training.collect import collect
from training.depth import depth_error, encode_depth, train_vqvae
from training.embedded import PREPROCESSOR, PROCESSOR, build_model, embedded_config
from training.encoding import AnswerEncoder
from training.labels import Labels, Shard, join_labels, label_states, open_shards
from training.sampling import Sampler
from training.tokenizer import save_tokenizer
from training.trainer import Learner, StageConfig, Trainer
from training.vision_heads import spot_table

log = logging.getLogger(__name__)

COLLECT_FIELDS = frozenset({"frames", "shard_frames", "processes"})
DEPTH_FIELDS = frozenset({"hidden_dim", "codebook_dim", "steps", "batch"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Contents of a YAML in ``training/configs``.

    Attributes:
        seed: Seed of weights and draws.
        data: Demonstrations.
        work: Checkpoints and metrics.
        out: Checkpoint folder to ship.
        collect: Arguments of :func:`training.collect.collect`.
        depth: Sizes and steps of the depth codec.
        stages: Stages in order.
    """

    seed: int
    data: Path
    work: Path
    out: Path
    collect: dict[str, int]
    depth: dict[str, int]
    stages: tuple[StageConfig, ...]


def read_config(path: Path) -> TrainConfig:
    """Read a training configuration.

    Raises:
        StudioError: If the file is missing, or a field is unknown, missing or of another kind.
    """
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise TypeError("expected a mapping of names to values")
        values["stages"] = tuple(StageConfig(**stage) for stage in values["stages"])
        values |= {name: Path(values[name]) for name in ("data", "work", "out")}
        for name, fields in (("collect", COLLECT_FIELDS), ("depth", DEPTH_FIELDS)):
            _check_numbers(name, values[name], fields)
        return TrainConfig(**values)
    except OSError as error:
        raise StudioError(f"the training configuration '{path}' cannot be read: {error}") from error
    except KeyError as error:
        raise StudioError(f"the training configuration '{path}' lacks {error}") from error
    except (TypeError, ValueError, yaml.YAMLError) as error:
        raise StudioError(f"the training configuration '{path}' is not usable: {error}") from error


def _check_numbers(name: str, values: Any, fields: frozenset[str]) -> None:
    """Refuse a part of the configuration that is not one whole number for each field."""
    if not isinstance(values, dict) or set(values) != fields:
        raise ValueError(f"'{name}' needs exactly {', '.join(sorted(fields))}")
    for field, value in values.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"'{name}.{field}' is {value!r}; expected a whole number from 1 on")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Everything that the stages and the export share."""

    shards: list[Shard]
    labels: Labels
    statistics: NormStats
    encoder: AnswerEncoder
    model: MolmoActForActionReasoning


def collect_demonstrations(config: TrainConfig) -> None:
    """Record the demonstrations that are still missing."""
    collect(config.data, **config.collect)


def fit_depth_codec(config: TrainConfig) -> DepthVqVae:
    """Train the depth codec, or load it when it is finished."""
    sizes = {name: config.depth[name] for name in ("hidden_dim", "codebook_dim")}
    torch.manual_seed(config.seed)
    codec = DepthVqVae(VqVaeConfig(**sizes))
    path = config.work / "vae.safetensors"
    if path.exists():
        codec.load_state_dict(load_file(path))
        return codec
    shards = open_shards(config.data)
    figures = train_vqvae(
        codec, shards, steps=config.depth["steps"], batch=config.depth["batch"], seed=config.seed
    )
    figures["error_m"] = depth_error(codec, shards)
    log.info("depth codec: %s", figures)
    config.work.mkdir(parents=True, exist_ok=True)
    (config.work / "depth.json").write_text(json.dumps(figures))
    save_file(codec.state_dict(), path)
    return codec


def depth_codes(config: TrainConfig) -> dict[int, NDArray[np.int64]]:
    """Encode every depth map, or read the codes when that was done."""
    path = config.work / "codes.npz"
    if not path.exists():
        codes = encode_depth(fit_depth_codec(config), open_shards(config.data))
        frames = np.array(sorted(codes))
        np.savez(path, frames=frames, codes=np.stack([codes[frame] for frame in frames.tolist()]))
    stored = np.load(path)
    return dict(zip(stored["frames"].tolist(), stored["codes"], strict=True))


def prepare(config: TrainConfig) -> Prepared:
    """Label the demonstrations and build tokenizer and network."""
    shards = open_shards(config.data)
    parts: list[Labels] = []
    first = 0
    for shard in shards:
        parts.append(label_states(shard.states, first))
        first += len(shard.front)
    labels = join_labels(parts)
    episodes = sum(len(np.unique(shard.states["episode"])) for shard in shards)
    statistics = compute_statistics(labels.actions.reshape(-1, 7), trajectories=episodes)
    tokenizer = save_tokenizer(config.work / "tokenizer")
    encoder = AnswerEncoder(tokenizer)
    torch.manual_seed(config.seed)
    model = build_model(embedded_config(tokenizer, statistics), encoder)
    return Prepared(
        shards=shards, labels=labels, statistics=statistics, encoder=encoder, model=model
    )


def run_stages(config: TrainConfig, *, only: str | None = None) -> None:
    """Run the training stages in order, each from its last checkpoint."""
    prepared = prepare(config)
    joint = only != "vision"
    sampler = Sampler(
        shards=prepared.shards,
        labels=prepared.labels,
        codes=depth_codes(config) if joint else {},
        encoder=prepared.encoder,
        statistics=prepared.statistics,
        seed=config.seed,
    )
    learner = Learner(prepared.model)
    trainer = Trainer(
        learner=learner,
        sampler=sampler,
        spots=spot_table(prepared.shards),
        encoder=prepared.encoder,
        folder=config.work,
    )
    for stage in config.stages:
        if only in (None, stage.name):
            trainer.run(stage)
        load_state(config.work / stage.name, learner)


def export(config: TrainConfig, *, stage: str | None = None, out: Path | None = None) -> Path:
    """Write the checkpoint folder of a stage, by default the last one, and read it back.

    Returns:
        The folder.
    """
    prepared = prepare(config)
    name = stage or config.stages[-1].name
    if not load_state(config.work / name, Learner(prepared.model)):
        raise StudioError(f"stage '{name}' has no checkpoint in '{config.work}'; train it first")
    folder = out or config.out
    folder.mkdir(parents=True, exist_ok=True)
    for path in (config.work / "tokenizer").iterdir():
        shutil.copy(path, folder / path.name)
    for file, values in (
        ("preprocessor_config.json", PREPROCESSOR),
        ("processor_config.json", PROCESSOR),
    ):
        (folder / file).write_text(json.dumps(values, indent=2) + "\n")
    processor = load_processor(folder, prepared.model.config)
    codec = fit_depth_codec(config)
    save_checkpoint(folder, model=prepared.model, processor=processor, vqvae=codec)
    load_checkpoint(folder)
    return folder


def describe(config: TrainConfig) -> Path:
    """Write the model card of the exported checkpoint; returns its path."""
    frames = sum(len(shard.front) for shard in open_shards(config.data))
    return write_card(config.out, config.work, demonstrations=frames, seed=config.seed)
