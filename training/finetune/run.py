"""A whole fine-tuning run: data, network, memory, training, held-out loss, export, trials."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from core.model.loading import LoadedModel
from core.protocol.statistics import read_statistics
from core.types import StudioError
from training.data.depth import Codec
from training.finetune.encode import Encoded, SampleEncoder
from training.finetune.held_out import HeldOut
from training.finetune.lora import save_adapter
from training.finetune.memory import estimate, require
from training.finetune.merge import write_model
from training.finetune.mixture import Mixture, MixtureError
from training.finetune.network import (
    about_model,
    codec_of,
    meta_network,
    open_network,
    prepare,
    with_weights,
)
from training.finetune.parallel import Team
from training.finetune.preset import Augment, Preset
from training.finetune.rows import TrainingSet, open_set
from training.finetune.samples import Loader, SampleMaker
from training.finetune.state import gathered, newest_state
from training.finetune.trainer import STATES, Trainer

log = logging.getLogger(__name__)

RUN = "run.json"
MODEL, ADAPTER, MERGED = "model", "adapter", "merged"
"""Folders of a finished run: a checkpoint; or an adapter, and the checkpoint that has it merged."""

FREE = {
    *("description", "micro_batch", "parallel", "checkpointing", "workers", "save_every"),
    "picture_memory",
    *("log_every", "evaluate_every", "evaluate_samples", "lab", "rehearse"),
}
"""What may differ when a run is resumed: none of it changes what is learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A data set as it was named on the command line: its folder, and its name if one was given."""

    path: Path
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of a run.

    Attributes:
        steps: Steps done.
        complete: Whether these are all.
        folder: The exported checkpoint or adapter; None for a run that stopped before its end.
    """

    steps: int
    complete: bool
    folder: Path | None = None


def run_preset(
    preset: Preset,
    sources: Sequence[Source],
    out: Path,
    *,
    resume: bool = False,
    stop_after: int | None = None,
) -> Finished:
    """Train, evaluate and export.

    Args:
        preset: What to do.
        sources: Data sets, at least one.
        out: Folder of the run.
        resume: Go on from its newest state, or begin when it has none.
        stop_after: Save and stop when this many steps are done.

    Raises:
        StudioError: Data, preset, network, memory or disk do not fit, in a sentence.
    """
    team = Team(parallel=preset.parallel, precision=preset.precision)
    try:
        return _run(team, preset, sources, out, resume, stop_after)
    finally:
        team.leave()


def _run(
    team: Team,
    preset: Preset,
    sources: Sequence[Source],
    out: Path,
    resume: bool,
    stop_after: int | None,
) -> Finished:
    if preset.batch % team.processes:
        raise StudioError(
            f"a batch of {preset.batch} cannot be shared by {team.processes} processes; choose a "
            f"multiple, such as batch={-(-preset.batch // team.processes) * team.processes}"
        )
    if not sources:
        raise MixtureError("there is nothing to train on; give --data DIR")
    _check_folder(out, preset, sources, resume)
    empty = meta_network(preset)
    stats = None
    if preset.statistics == "model":
        stats = read_statistics(empty.config.norm_stats, empty.config.default_norm_key)
    sets = [
        open_set(
            source.path,
            source.name,
            images=preset.images,
            held_out=preset.held_out,
            failures=preset.failures,
            statistics=stats,
        )
        for source in sources
    ]
    mixture = Mixture(preset.mixture, sets, seed=preset.seed)
    if team.is_main:
        _begin(out, preset, sources, sets, mixture)
    team.wait()
    # what surely does not fit is refused before the weights are read
    need = estimate(empty, preset, tokens=0, crops=0, processes=team.processes)
    require(need, team.device, neighbours=team.neighbours)
    loaded, base = open_network(preset)
    about = about_model(sets, preset, loaded.config)
    codec = codec_of(preset, base)
    if team.is_main:
        _compare_codecs(sets, codec)
    maker = _maker(preset, loaded, preset.augment, codec)
    longest = _longest(maker, mixture)
    need = estimate(
        empty,
        preset,
        tokens=len(longest.ids),
        crops=len(longest.images),
        processes=team.processes,
    )
    if team.is_main:
        log.info("%s", need)
    warning = require(need, team.device, neighbours=team.neighbours)
    if warning and team.is_main:
        log.warning("%s", warning)
    trainer = Trainer(
        team=team,
        model=prepare(loaded, preset),
        preset=preset,
        folder=out,
        held_out=_held_out(preset, sets, loaded, team),
    )
    first = trainer.restore() if resume else 0
    if first and team.is_main:
        log.info("going on after step %d", first)
    loader = _loader(preset, mixture, maker, loaded, team, preset.batch)
    done = trainer.run(loader, first, stop_after)
    if done < preset.steps:
        return Finished(steps=done, complete=False)
    folder = _export(trainer, loaded, base, about, out)
    return Finished(steps=done, complete=True, folder=folder)


def _check_folder(out: Path, preset: Preset, sources: Sequence[Source], resume: bool) -> None:
    """Refuse to write over a run, or to resume another one."""
    begun = newest_state(out / STATES)
    if begun is None:
        return
    if not resume:
        raise StudioError(
            f"'{out}' holds a run that was begun; go on with --resume or choose another --out"
        )
    try:
        values = json.loads((out / RUN).read_text(encoding="utf-8"))
        before, data = values["preset"], values["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudioError(f"'{out / RUN}' cannot be read: {error}") from error
    now = _plain(preset)
    for name in now:
        if name not in FREE and now[name] != before.get(name):
            raise StudioError(
                f"the run in '{out}' was begun with {name} = {before.get(name)}, not "
                f"{now[name]}; resume it as it was, or choose another --out"
            )
    if len(data) != len(sources):
        raise StudioError(
            f"the run in '{out}' was begun on {len(data)} data sets, not {len(sources)}"
        )


def _begin(
    out: Path,
    preset: Preset,
    sources: Sequence[Source],
    sets: Sequence[TrainingSet],
    mixture: Mixture,
) -> None:
    """Write down what is run, and tell what it is made of."""
    data = [
        {"name": one.name, "path": str(source.path), "rows": len(one)}
        for source, one in zip(sources, sets, strict=True)
    ]
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"preset": _plain(preset), "data": data}, indent=2)
        (out / RUN).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StudioError(f"the run cannot be written to '{out}': {error}") from error
    log.info("%s", preset.description)
    for one in sets:
        if left := int(one.left_out.sum()):
            log.info(
                "%d of %d rows of '%s' are failed or guessed: not used", left, len(one), one.name
            )
    for (name, kind), rate in sorted(mixture.rates.items()):
        log.info("%5.1f %% %s from %s", 100 * rate, kind.value, name)


def _compare_codecs(sets: Sequence[TrainingSet], codec: Codec | None) -> None:
    """Warn when depth codes mean something else to the model than to the data."""
    for source in sets:
        told: Any = source.dataset.about.get("depth")
        made = told.get("codec") if isinstance(told, dict) else None
        if source.codes is None or made is None:
            continue
        if codec is not None and made != codec.digest:
            log.warning(
                "the depth codes of '%s' were made with another codec than the model's; label it "
                "again with --codec and the model's folder",
                source.name,
            )
        if source.depth is None or codec is None or made != codec.digest:
            log.info("'%s': no crop where depth is answered; codes have no map", source.name)


def _plain(preset: Preset) -> dict[str, Any]:
    return json.loads(json.dumps(asdict(preset)))


def _maker(
    preset: Preset, loaded: LoadedModel, augment: Augment | None, codec: Codec | None = None
) -> SampleMaker:
    size = preset.image_size or loaded.config.image_size
    encoder = SampleEncoder(
        loaded.processor,
        longest=min(preset.sequence, loaded.config.llm_config.max_position_embeddings),
        segments=preset.segments,
    )
    return SampleMaker(
        encoder,
        images=preset.images,
        chunk=preset.chunk,
        size=None if size is None else (int(size[0]), int(size[1])),
        augment=augment,
        codec=codec,
        keep=round(preset.picture_memory * 1024**3),
    )


def _loader(
    preset: Preset,
    mixture: Mixture,
    maker: SampleMaker,
    loaded: LoadedModel,
    team: Team,
    batch: int,
) -> Loader:
    return Loader(
        mixture,
        maker,
        batch=batch,
        micro_batch=preset.micro_batch,
        pad=loaded.processor.ids.pad,
        workers=preset.workers,
        process=team.process,
        processes=team.processes,
    )


def _held_out(
    preset: Preset, sets: list[TrainingSet], loaded: LoadedModel, team: Team
) -> HeldOut | None:
    if not preset.evaluate_samples or not any(one.held_out.any() for one in sets):
        return None
    mixture = Mixture(preset.mixture, sets, seed=preset.seed, held_out=True)
    whole_shares = -(-preset.evaluate_samples // team.processes) * team.processes
    maker = _maker(preset, loaded, None)
    return HeldOut(_loader(preset, mixture, maker, loaded, team, whole_shares))


def _longest(maker: SampleMaker, mixture: Mixture) -> Encoded:
    """Return the longest of a few samples; reading them also tries pictures and prompts."""
    samples = [maker.make(mixture.draw(0, index)) for index in range(8)]
    return max(samples, key=lambda sample: len(sample.ids))


def _export(
    trainer: Trainer, loaded: LoadedModel, base: Path | None, about: dict[str, Any], out: Path
) -> Path:
    """Write the checkpoint or the adapter; every process has to call this."""
    team, preset, trained = trainer.team, trainer.preset, trainer.trained
    weights: dict[str, Any] = dict(trained.parameters) | trained.average
    if preset.lora is None:
        weights = dict(team.plain(trainer.model).named_parameters()) | trained.average
    values = gathered(weights, team)
    folder = out / (MODEL if preset.lora is None else ADAPTER)
    if team.is_main:
        if preset.lora is None:
            write_model(folder, with_weights(loaded, values), about, base=base)
        else:
            facts = {"base_model": preset.model, **about}
            save_adapter(folder, team.plain(trainer.model), values, facts)
        log.info("wrote %s", folder)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    team.wait()
    return folder
