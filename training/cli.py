"""``python main.py train``: the embedded model's pipeline, fine-tuning presets, and merging."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from core.types import StudioError

CONFIG = Path(__file__).parent / "configs" / "embedded.yaml"
PARTS = ("all", "collect", "depth", "vision", "joint", "export", "card", "merge")
OUT = Path("data/finetune")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    parser.add_argument(
        "part",
        nargs="?",
        choices=PARTS,
        help="a part of the embedded model's pipeline (default: all), or merge an adapter",
    )
    parser.add_argument("--config", type=Path, default=CONFIG, help="YAML of the pipeline")
    parser.add_argument("--threads", type=int, help="CPU threads of torch")
    parser.add_argument("--stage", help="with export: take this stage's checkpoint")
    parser.add_argument(
        "--out", type=Path, help="folder to write: of a preset's run, an export, a merged model"
    )
    tuning = parser.add_argument_group("fine-tuning (docs/fine-tuning.md)")
    tuning.add_argument("--preset", metavar="NAME", help="preset, or the path of one's own YAML")
    tuning.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="[NAME=]DIR",
        help="action-reasoning data set; may be given several times",
    )
    tuning.add_argument("--model", metavar="FOLDER", help="checkpoint folder or hub id")
    tuning.add_argument("--adapter", type=Path, help="with merge: folder of the adapter")
    tuning.add_argument(
        "--dtype", choices=("fp32", "bf16"), default="fp32", help="with merge: number format"
    )
    tuning.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="settings",
        help="change a value of the preset, such as optimiser.llm=1e-4",
    )
    tuning.add_argument("--resume", action="store_true", help="go on from the newest saved state")
    tuning.add_argument(
        "--stop-after", type=int, metavar="STEPS", help="save and stop at this step"
    )


def run_train(arguments: argparse.Namespace) -> int:
    """Run ``train``; returns the exit status."""
    main_process = int(os.environ.get("RANK", 0)) == 0
    logging.basicConfig(
        level=logging.INFO if main_process else logging.WARNING,
        format="%(asctime)s %(message)s",
        force=True,
    )
    logging.getLogger("OpenGL").setLevel(logging.WARNING)
    if arguments.part == "merge":
        return _merge(arguments)
    if arguments.preset is not None and arguments.part is not None:
        raise StudioError("give either a part of the pipeline or --preset, not both")
    if arguments.preset is None:
        for name in ("data", "model", "settings", "resume", "stop_after"):
            if getattr(arguments, name):
                raise StudioError("--data, --model, --set and --resume belong to a --preset")
        return _pipeline(arguments, arguments.config, arguments.part or "all")
    return _preset(arguments)


def _pipeline(arguments: argparse.Namespace, path: Path, part: str) -> int:
    """Run the embedded model's own pipeline; it always goes on where it stopped."""
    import torch

    from training import pipeline

    torch.set_num_threads(arguments.threads or 2)
    config = pipeline.read_config(path)
    if part in ("all", "collect"):
        pipeline.collect_demonstrations(config)
    if part in ("all", "depth"):
        pipeline.fit_depth_codec(config)
    if part in ("all", "vision", "joint"):
        pipeline.run_stages(config, only=None if part == "all" else part)
    if part in ("all", "export"):
        folder = pipeline.export(config, stage=arguments.stage, out=arguments.out)
        print(f"wrote {folder}")
    if part in ("all", "card"):
        print(f"wrote {pipeline.describe(config)}")
    return 0


def _preset(arguments: argparse.Namespace) -> int:
    from training.finetune.preset import EMBEDDED, FOLDER, preset_values, read_preset

    name = arguments.preset
    values = preset_values(name)
    if values.get("recipe") == EMBEDDED:
        if arguments.data or arguments.model or arguments.settings or arguments.stop_after:
            raise StudioError(
                f"the preset '{name}' is the embedded model's own recipe; it takes no --data, "
                "--model, --set or --stop-after. Change training/configs instead"
            )
        return _pipeline(arguments, FOLDER.parent / str(values.get("config", "")), "all")
    import torch

    from training.finetune.command import run_command

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    return run_command(
        read_preset(name, tuple(arguments.settings), arguments.model),
        arguments.data,
        arguments.out or OUT / Path(name).stem,
        resume=arguments.resume,
        stop_after=arguments.stop_after,
    )


def _merge(arguments: argparse.Namespace) -> int:
    import torch

    from training.finetune.merge import merge

    if arguments.adapter is None or arguments.model is None or arguments.out is None:
        raise StudioError("merge needs --adapter DIR, --model FOLDER and --out FOLDER")
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[arguments.dtype]
    print(f"wrote {merge(arguments.adapter, arguments.model, arguments.out, dtype)}")
    return 0
