"""``python main.py train``: run the whole pipeline or one part of it."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

CONFIG = Path(__file__).parent / "configs" / "embedded.yaml"
PARTS = ("all", "collect", "depth", "vision", "joint", "export", "card")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``train``."""
    parser.add_argument("part", nargs="?", choices=PARTS, default="all", help="what to run")
    parser.add_argument("--config", type=Path, default=CONFIG, help="YAML of the run")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of torch")
    parser.add_argument("--stage", help="with export: take this stage's checkpoint")
    parser.add_argument("--out", type=Path, help="with export: folder to write")


def run_train(arguments: argparse.Namespace) -> int:
    """Run ``train``; returns the exit status."""
    import torch

    from training import pipeline

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    logging.getLogger("OpenGL").setLevel(logging.WARNING)
    torch.set_num_threads(arguments.threads)
    config = pipeline.read_config(arguments.config)
    part = arguments.part
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
