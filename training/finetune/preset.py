"""Presets: everything that a fine-tuning run is made of, as frozen values.

Numbers of the paper are those of molmoact.md section 7 (allenai/molmoact, ``olmo/train``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from training.finetune.reading import PresetError, from_values, with_words

FOLDER = Path(__file__).parents[1] / "presets"
ROOT = Path(__file__).parents[2]
EMBEDDED = "embedded"
"""Value of ``recipe`` in presets that are run by :mod:`training.pipeline`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimiser:
    """AdamW, its rates for each part of the network, and the schedule.

    Attributes:
        vision: Peak learning rate of the picture encoder.
        connector: Likewise of pooling and projector.
        llm: Likewise of the language model, its tables and its head.
        warm_up: Steps of linear warm-up.
        final: Share of the peak at the cosine's end.
        beta1: First moment's decay.
        beta2: Second moment's decay.
        eps: Added to the root of the second moment.
        weight_decay: Decoupled decay.
        clip: Largest norm of the gradient.
    """

    vision: float
    connector: float
    llm: float
    warm_up: int = 200
    final: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-6
    weight_decay: float = 0.0
    clip: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """How pictures are varied; see :mod:`training.finetune.augment`.

    Attributes:
        crop_least: Least share of the area that a crop keeps.
        crop_most: Largest share.
        brightness: Largest change of the brightness' factor from 1.
        contrast: Likewise of the contrast.
        saturation: Likewise of the saturation.
        hue: Largest turn of the hue, in full circles.
        hands: Draw a steered sample's trace as different people would, instead of exactly; see
            :mod:`robot.sim.sketch`. The paper draws exactly.
    """

    crop_least: float = 0.9
    crop_most: float = 1.0
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    hue: float = 0.05
    hands: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Low-rank adapters on every linear layer.

    Attributes:
        rank: Rank of the update.
        alpha: Its scale is ``alpha / rank``.
        dropout: On the adapter's input.
        head: Adapt the language model's head as well, as the released code does.
    """

    rank: int = 32
    alpha: int = 16
    dropout: float = 0.0
    head: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A part of the mixture.

    Attributes:
        name: For metrics and sentences.
        rate: Its share of all samples; rates are scaled to a sum of one over the groups that have
            data.
        sets: Names of data sets; "*" stands for every set that no other group names. Within the
            group a set is drawn in proportion to the square root of its size.
        kinds: Share of each kind of question, see :class:`training.finetune.questions.Kind`.
        interventions: How many times as often a row in which a person steered is drawn.
    """

    name: str
    rate: float
    sets: tuple[str, ...] = ("*",)
    kinds: dict[str, float] = field(default_factory=lambda: {"reasoning": 0.5, "steered": 0.5})
    interventions: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.interventions <= 1000:
            raise PresetError(
                f"group '{self.name}' draws interventions {self.interventions} times as often; "
                "expected 1 to 1000"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Sizes of a small network that is made from nothing, with the embedded model's tokenizer.

    Attributes:
        crop: Side of the encoder's picture [px].
        patch: Side of a patch [px]; every patch becomes a token.
        width: Width of encoder, connector and language model.
        heads: Attention heads.
        vision_layers: Layers of the encoder, at least 2.
        layers: Layers of the language model.
        codec: Checkpoint folder whose depth codec it takes; None leaves it without.
    """

    crop: int = 64
    patch: int = 16
    width: int = 64
    heads: int = 4
    vision_layers: int = 2
    layers: int = 2
    codec: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What the simulated lab contributes.

    Attributes:
        episodes: Episodes of a data set that is made when none is given; 0 makes none.
        trials: Closed-loop trials of the trained model at the end.
        cycles: Most inferences of a trial.
        seed: Seed of layouts.
    """

    episodes: int = 0
    trials: int = 0
    cycles: int = 8
    seed: int = 7_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A fine-tuning run.

    Attributes:
        description: One sentence for the log.
        recipe: Always "finetune" here.
        mixture: Groups of data sets, their rates and questions.
        optimiser: Rates and schedule.
        steps: Optimiser steps.
        batch: Samples per step, over all processes.
        micro_batch: Samples per process and backward pass.
        model: Checkpoint folder or hub id; None when one is built.
        build: Sizes of a network to build when no model is given.
        seed: Of network, adapters and every draw.
        images: Pictures per prompt.
        chunk: Action rows per answer.
        image_size: Width and height that frames are reduced to [px]; None takes the model's.
        sequence: Most tokens of a sample.
        precision: "bf16" computes under autocast, "fp32" does not.
        parallel: How several processes share: copies (ddp) or pieces (fsdp) of the network.
        checkpointing: Keep each block's input only and compute the rest again.
        lora: Adapters; None trains every parameter.
        ema: Decay of an average of the weights that is exported instead; None keeps none.
        z_loss: Weight of the squared log-sum of the logits.
        segments: Loss weights of "text", "depth", "trace" and "action" tokens; 1 where not named.
        augment: How pictures are varied; None leaves them.
        statistics: Whose action ranges the symbols mean: each data set's, or the model's own.
        held_out: Share of each set's episodes that is only evaluated on.
        failures: Learn from episodes that are marked as failed as well.
        workers: Threads that prepare samples.
        picture_memory: Memory of each process for pictures that were read once [GiB].
        save_every: Steps between checkpoints.
        log_every: Steps between lines of metrics.
        evaluate_every: Steps between held-out losses; 0 evaluates at the end only.
        evaluate_samples: Held-out samples.
        lab: Data and trials from the simulated lab.
        rehearse: Stop in the middle and go on from disk, to show that resuming works.
    """

    description: str
    mixture: tuple[Group, ...]
    optimiser: Optimiser
    steps: int
    batch: int
    micro_batch: int
    recipe: Literal["finetune"] = "finetune"
    model: str | None = None
    build: Build | None = None
    seed: int = 6198
    images: int = 2
    chunk: int = 8
    image_size: tuple[int, int] | None = None
    sequence: int = 2304
    precision: Literal["bf16", "fp32"] = "bf16"
    parallel: Literal["ddp", "fsdp"] = "ddp"
    checkpointing: bool = False
    lora: Lora | None = None
    ema: float | None = None
    z_loss: float = 1e-4
    segments: dict[str, float] = field(default_factory=dict)
    augment: Augment | None = field(default_factory=Augment)
    statistics: Literal["data", "model"] = "data"
    held_out: float = 0.02
    failures: bool = False
    workers: int = 4
    picture_memory: float = 1.0
    save_every: int = 500
    log_every: int = 10
    evaluate_every: int = 0
    evaluate_samples: int = 64
    lab: Lab = field(default_factory=Lab)
    rehearse: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "micro_batch", "images", "chunk", "save_every", "log_every"):
            if getattr(self, name) < 1:
                raise PresetError(f"{name} is {getattr(self, name)}; expected at least 1")
        if self.seed < 0:
            raise PresetError(f"seed is {self.seed}; expected a number from 0")
        shares = {"held_out": self.held_out, "optimiser.final": self.optimiser.final}
        if self.augment is not None:
            least, most = self.augment.crop_least, self.augment.crop_most
            shares |= {"augment.crop_least": least, "augment.crop_most": most}
            if not 0.0 < least <= most:
                raise PresetError(f"crops keep {least} to {most} of the area; expected 0 < a <= b")
        for name, value in shares.items():
            if not 0.0 <= value <= 1.0:
                raise PresetError(f"{name} is {value}; expected a share between 0 and 1")
        if self.ema is not None and not 0.0 < self.ema < 1.0:
            raise PresetError(f"ema is {self.ema}; expected a decay between 0 and 1, such as 0.999")


def preset_names() -> list[str]:
    """Return the names of the presets that come with the program."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def preset_values(name: str) -> dict[str, Any]:
    """Read a preset's YAML.

    Args:
        name: Name of a preset, or path of a YAML file of one's own.

    Raises:
        PresetError: There is none of that name, or it is no YAML mapping.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    if (Path(name).name != name and not name.endswith((".yaml", ".yml"))) or not path.is_file():
        raise PresetError(
            f"there is no preset '{name}'; choose one of {', '.join(preset_names())}, or give the "
            "path of a YAML file"
        )
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PresetError(f"the preset '{name}' cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise PresetError(f"the preset '{name}' holds no names with values")
    return values


def read_preset(name: str, words: tuple[str, ...] = (), model: str | None = None) -> Preset:
    """Read a preset with changes from the command line.

    Args:
        name: Name or path, see :func:`preset_values`.
        words: ``key=value`` words.
        model: Checkpoint to take instead of the preset's.

    Raises:
        PresetError: The preset or a word does not fit.
    """
    values = with_words(preset_values(name), words)
    if model is not None:
        values |= {"model": model, "build": None}
    values |= {"model": _found(values.get("model"))}
    if isinstance(values.get("build"), dict):
        values["build"] = values["build"] | {"codec": _found(values["build"].get("codec"))}
    preset = from_values(Preset, values, f"preset '{name}'")
    if (preset.model is None) == (preset.build is None):
        raise PresetError(
            f"preset '{name}' needs either a model or sizes to build one; give --model FOLDER"
        )
    return preset


def _found(path: Any) -> Any:
    """Return a path of a preset; what is not here may be in the program's own folder."""
    if not isinstance(path, str) or Path(path).exists() or not (ROOT / path).exists():
        return path
    return str(ROOT / path)
