"""``main.py eval model``: agreement with golden outputs of the released MolmoAct code.

A golden folder has some of ``model_*`` (tiny checkpoints with inputs, features, logits and greedy
ids), ``model_*_fullvocab``, ``processor``, ``tokenizer`` and ``vqvae``; every family that is there
is compared, in float32 on the CPU. ``tests/data/golden/README.md`` says where they come from.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from core.model.parity.check import Check, read_json
from core.model.parity.codec import check_real_codec, check_small_codec
from core.model.parity.inputs import (
    check_geometry,
    check_input_modes,
    check_processor_case,
    check_tokenizer,
)
from core.model.parity.network import (
    check_full_vocabulary,
    check_model_case,
    load_golden_model,
    model_cases,
)
from core.model.tokens import load_tokenizer
from core.report import Report
from core.types import StudioError

GOLDEN = Path(__file__).parents[3] / "tests" / "data" / "golden"

GOALS = {
    "logits": "largest difference of logits",
    "features": "largest difference of picture features",
    "greedy ids": "greedy tokens that differ",
    "input_ids": "prompt tokens that differ",
    "pooled_patches_idx": "pooling indices that differ",
    "codes": "depth codes that differ",
}
"""Quantities with a goal of their own; all others share one."""


class GoldenError(StudioError):
    """A folder without golden outputs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``main.py eval model``."""
    parser.add_argument(
        "--golden", type=Path, default=GOLDEN, help="folder of golden outputs (default: the repo's)"
    )
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_eval_model(arguments: argparse.Namespace) -> int:
    """Run ``main.py eval model``; returns 0 when it ran, whether or not everything agrees."""
    report = Report(f"main.py eval model --golden {arguments.golden}")
    run_parity(arguments.golden, report, lambda text: print(text, file=sys.stderr, flush=True))
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def run_parity(golden: Path, report: Report, progress: Callable[[str], None] | None = None) -> None:
    """Compare with everything in a golden folder.

    Args:
        golden: The folder.
        report: Gets a row per comparison and the goals.
        progress: Told about each group of comparisons when it is done.

    Raises:
        GoldenError: There is nothing to compare with.
    """
    checks: list[Check] = []
    for title, group in golden_groups(golden):
        done = list(group)
        checks += done
        failed = sum(not check.holds for check in done)
        if progress is not None:
            progress(f"{title}: {'agrees' if not failed else f'{failed} of {len(done)} differ'}")
        for check in done:
            report.add_row(
                family=check.family,
                case=check.case,
                quantity=check.quantity,
                difference=check.difference,
                limit=check.limit,
                holds=check.holds,
            )
    if not checks:
        raise GoldenError(f"'{golden}' holds no golden outputs; expected folders such as 'model_a'")
    _add_goals(checks, report)


def golden_groups(golden: Path) -> Iterator[tuple[str, Iterator[Check]]]:
    """Return the comparisons of a golden folder in groups: a title and the checks, made lazily."""
    models = sorted(path.parent for path in golden.glob("model_*/model.safetensors"))
    for folder in models:
        loaded = load_golden_model(folder)
        for case in model_cases(folder):
            yield f"{folder.name} {case}", check_model_case(loaded, folder, case)
    for folder in sorted(golden.glob("model_*_fullvocab")):
        pictures = golden / folder.name.removesuffix("_fullvocab")
        yield folder.name, check_full_vocabulary(folder, pictures)
    tokenizer, full = _tokenizer(golden, models)
    folder = golden / "processor"
    if folder.is_dir() and tokenizer is not None:
        for case in read_json(folder / "processor_meta.json")["cases"]:
            group = check_processor_case(folder, case, tokenizer, full=full)
            yield f"processor {case}", group
        yield "processor input modes", check_input_modes(folder, tokenizer)
        yield "processor geometry", check_geometry(folder)
    if full and tokenizer is not None:
        yield "tokenizer", check_tokenizer(golden / "tokenizer", tokenizer)
    folder = golden / "vqvae"
    if folder.is_dir():
        yield "vqvae small", check_small_codec(folder)
        yield "vqvae real size", check_real_codec(folder)


def _tokenizer(golden: Path, models: list[Path]) -> tuple[PreTrainedTokenizerFast | None, bool]:
    """Return the real tokenizer and True if the folder has it, else a tiny model's and False."""
    path = golden / "tokenizer" / "tokenizer.json"
    if path.is_file():
        names = {f"{role}_token": "<|endoftext|>" for role in ("bos", "eos", "pad")}
        return load_tokenizer(path, names), True
    return (load_golden_model(models[0]).tokenizer if models else None), False


def _add_goals(checks: list[Check], report: Report) -> None:
    for quantity, metric in GOALS.items():
        own = [check for check in checks if check.quantity == quantity]
        if own:
            worst = max(check.difference for check in own)
            goal = f"<= {max(check.limit for check in own):g}"
            report.add_goal(metric, worst, "", goal, all(check.holds for check in own))
    failed = sum(not check.holds for check in checks)
    report.add_goal(f"comparisons of {len(checks)} that differ", failed, "", "0", failed == 0)
