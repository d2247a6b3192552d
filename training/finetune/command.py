"""``train --preset NAME``: data if none is given, the run itself, trials, and what came of it."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from core.types import StudioError
from training.finetune.merge import merge
from training.finetune.metrics import read_metrics
from training.finetune.preset import Preset
from training.finetune.run import MERGED, Finished, Source, run_preset

log = logging.getLogger(__name__)

DATA, LABELLED, TRIALS = "data", "lab", "trials.json"


def run_command(
    preset: Preset,
    data: Sequence[str],
    out: Path,
    *,
    resume: bool = False,
    stop_after: int | None = None,
) -> int:
    """Run a preset from the command line; returns the exit status.

    Args:
        preset: What to do.
        data: Data sets, each DIR or NAME=DIR.
        out: Folder of the run.
        resume: Go on from the newest saved state.
        stop_after: Save and stop when this many steps are done.
    """
    main = int(os.environ.get("RANK", 0)) == 0
    sources = [source_of(word) for word in data]
    if not sources and preset.lab.episodes:
        sources = [_lab_data(preset, out)]
    alone = int(os.environ.get("WORLD_SIZE", 1)) == 1
    if preset.rehearse and alone and not resume and stop_after is None:
        half = preset.steps // 2
        run_preset(preset, sources, out, stop_after=half)
        log.info("stopped after step %d on purpose; going on from disk", half)
        resume = True
    done = run_preset(preset, sources, out, resume=resume, stop_after=stop_after)
    if main:
        _tell(preset, out, done)
    return 0


def source_of(word: str) -> Source:
    """Read a data set's word: its folder, or NAME=DIR."""
    name, equals, folder = word.partition("=")
    if equals and not Path(word).is_dir():
        if not name or not folder:
            raise StudioError(f"'{word}' is no data set; give --data DIR or --data NAME=DIR")
        return Source(path=Path(folder), name=name)
    return Source(path=Path(word))


def _tell(preset: Preset, out: Path, done: Finished) -> None:
    """Run the trials of a finished run, and print the last numbers."""
    if not done.complete or done.folder is None:
        print(f"stopped after {done.steps} of {preset.steps} steps; go on with --resume")
        return
    folder = done.folder
    if preset.lora is not None and preset.lab.trials:
        assert preset.model is not None, "adapters are trained on a model"
        shutil.rmtree(out / MERGED, ignore_errors=True)  # of the same run, finished before
        folder = merge(done.folder, preset.model, out / MERGED)
    if preset.lab.trials:
        from training.finetune.trials import lab_trials  # physics and pictures

        trials = lab_trials(folder, preset.lab)
        (out / TRIALS).write_text(json.dumps(trials, indent=2) + "\n", encoding="utf-8")
        lifted = sum(trial["lifted"] for trial in trials)
        print(f"{lifted} of {len(trials)} trials in the lab lifted the object")
    lines = read_metrics(out)
    loss = next((f"{line['loss']:.3f}" for line in reversed(lines) if "loss" in line), "unknown")
    print(f"{done.steps} steps, loss {loss}")
    held_out = [line["held_out/loss"] for line in lines if "held_out/loss" in line]
    if held_out:
        print(f"held-out loss {held_out[-1]:.3f}")
    print(f"wrote {done.folder}")


def _lab_data(preset: Preset, out: Path) -> Source:
    """Make and label a small data set in the lab; one that an earlier start made is kept."""
    from training.data.label import LabelRequest, label  # physics and pictures
    from training.data.label_command import CODEC
    from training.data.make_lab import make_lab
    from training.data.shard import Settings

    recorded, labelled = out / DATA / "recorded", out / DATA / LABELLED
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise StudioError("several processes train on given data; give --data DIR")
    if not (recorded / "meta" / "info.json").is_file():
        make_lab(recorded, episodes=preset.lab.episodes)
    settings = Settings(
        depth="auto",
        codec=str(CODEC),
        depth_model="",
        released_depth=False,
        trace="auto",
        every=1,
        pointing_url="",
        pointing_model="",
        device="cpu",
    )
    label(LabelRequest(dataset=recorded, out=labelled, conventions=None, settings=settings))
    return Source(path=labelled)
