"""A checkpoint, without loading it: its files, their agreement, and the memory it will take."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from core.doctor.finding import Finding, ok, problem, warning
from core.model.depth_files import load_vqvae
from core.model.loading import (
    HUB_FILES,
    CheckpointError,
    hub_id,
    load_processor,
    read_config,
)
from core.model.memory import free_memory
from core.model.modeling import MolmoActForActionReasoning
from core.model.weights import INDEX, check_weights, weight_files
from core.protocol.statistics import read_statistics
from core.types import StudioError

GIB = 2**30
HEADROOM = 1.2
"""Weights, pictures and the cache of an answer together, as a multiple of the weights."""

_MEND = "Fetch or copy the checkpoint again; its files belong together."


def judge_memory(subject: str, needed: int, free: int, place: str) -> Finding:
    """Compare the weights with the free memory.

    Args:
        subject: Subject of the finding.
        needed: Size of the weights [bytes].
        free: Free memory [bytes].
        place: "memory" or "GPU memory".
    """
    sizes = f"{_size(needed)} of {place}, and {_size(free)} are free"
    if needed > free:
        return problem(
            subject,
            f"The weights need {sizes}.",
            "Close other programs, serve with --dtype bf16, choose a smaller model, or use a "
            "policy server on a larger machine.",
        )
    if needed * HEADROOM > free:
        return warning(
            subject,
            f"The weights need {sizes}; that is tight.",
            "Close other programs, or serve with --dtype bf16.",
        )
    return ok(subject, f"The weights need {sizes}.")


def judge_download(source: str, size: int | None, free: int, reason: str = "") -> Finding:
    """Judge a checkpoint that is still on the hub.

    Args:
        source: Its Hugging Face id.
        size: What is to be fetched [bytes]; None when that is not known.
        free: Free space where it would go [bytes].
        reason: Why the size is not known.
    """
    if size is None:
        return warning(
            "checkpoint",
            f"'{source}' is not on this machine, and its size is not known ({reason}).",
            "Check the name and the network; the first start fetches it from the hub.",
        )
    if size > free:
        return problem(
            "checkpoint",
            f"'{source}' is not on this machine; {_size(size)} would be fetched and only "
            f"{_size(free)} of disk are free.",
            "Free some space, or set HF_HOME to a folder on a larger disk.",
        )
    return warning(
        "checkpoint",
        f"'{source}' is not on this machine; the first start fetches {_size(size)}.",
        "Start 'main.py serve --model' once and let it finish before you open the studio.",
    )


def look_at_checkpoint(
    source: str, *, dtype: torch.dtype | None = None, device: torch.device | None = None
) -> Sequence[Finding]:
    """Look at a checkpoint folder, or at a Hugging Face id.

    Args:
        source: Folder or id.
        dtype: Number format that it would be served in; None for the device's usual one.
        device: Where it would run; None for a GPU when there is one.
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = dtype or (torch.float32 if device.type == "cpu" else torch.bfloat16)
    place = "memory" if device.type == "cpu" else "GPU memory"
    try:
        folder = Path(source) if Path(source).is_dir() else _fetched(source)
    except CheckpointError as error:
        return [problem("checkpoint", f"{_sentence(error)}", "Name another one with --model.")]
    if folder is None:
        size, reason = _size_on_hub(source)
        findings = [judge_download(source, size, _cache_space(), reason)]
        if size is not None:
            findings.append(judge_memory("memory", size, free_memory(device), place))
        return findings
    findings, parameters = check_folder(folder)
    if parameters:
        needed = parameters * dtype.itemsize
        findings.append(judge_memory("memory", needed, free_memory(device), place))
    return findings


def check_folder(folder: Path) -> tuple[list[Finding], int]:
    """Look at every part of a checkpoint folder.

    Returns:
        The findings, and the number of values in the weights; 0 when they do not fit.
    """
    try:
        config = read_config(folder)
    except StudioError as error:
        return [problem("checkpoint", _sentence(error), _MEND)], 0
    findings: list[Finding] = []

    def part(look: Callable[[], Any], advice: str = _MEND) -> Any:
        try:
            return look()
        except StudioError as error:
            findings.append(problem("checkpoint", _sentence(error), advice))
            return None

    part(lambda: load_processor(folder, config))
    with torch.device("meta"):
        model = MolmoActForActionReasoning(config)
    parameters = part(lambda: check_weights(model, weight_files(folder))) or 0
    part(
        lambda: read_statistics(config.norm_stats, config.default_norm_key),
        "Serve it with --norm-key, or use a checkpoint that was made for a robot.",
    )
    codec = part(lambda: load_vqvae(folder, torch.device("cpu")) or False)
    if codec is False:
        findings.append(
            warning(
                "checkpoint",
                f"'{folder.name}' has no depth codec; depth tokens cannot be shown as a picture.",
                "Put vae-final.pt or vae-final.safetensors into its folder.",
            )
        )
    if not findings:
        findings.append(
            ok(
                "checkpoint",
                f"'{folder.name}' is complete: {parameters / 1e6:,.1f} million parameters, "
                "tokenizer, action statistics and depth codec.",
            )
        )
    return findings, parameters


def _fetched(source: str) -> Path | None:
    """Return the folder of a hub checkpoint that is on this machine already, or None."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository, revision = hub_id(source)
    try:
        folder = Path(snapshot_download(repository, revision=revision, local_files_only=True))
        weight_files(folder)
    except (LocalEntryNotFoundError, StudioError):
        return None
    return folder


def _size_on_hub(source: str) -> tuple[int | None, str]:
    """Return how much would be fetched [bytes], or None and why that is not known."""
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    repository, revision = hub_id(source)
    known = try_to_load_from_cache(repository, INDEX, revision=revision)
    if isinstance(known, str):
        try:
            index = json.loads(Path(known).read_text(encoding="utf-8"))
            return int(index["metadata"]["total_size"]), ""
        except (OSError, ValueError, KeyError, TypeError):
            pass  # a damaged copy; the hub has a better one
    try:
        files = snapshot_download(
            repository, revision=revision, allow_patterns=list(HUB_FILES), dry_run=True
        )
    except Exception as error:  # network, proxy and hub errors share no base class
        return None, (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return sum(file.file_size or 0 for file in files if file.will_download), ""


def _cache_space() -> int:
    from huggingface_hub.constants import HF_HUB_CACHE

    there = Path(HF_HUB_CACHE).absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return shutil.disk_usage(there).free


def _size(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB / 10 else f"{size / 2**20:.0f} MiB"


def _sentence(error: StudioError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
