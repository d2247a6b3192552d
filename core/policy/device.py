"""Where a model runs, and what to say when its memory is full."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from core.types import StudioError


def pick_device(name: str) -> torch.device:
    """Return the device of that name.

    Args:
        name: "auto" (a GPU when there is one), "cpu", "cuda" or "cuda:N".

    Raises:
        StudioError: If there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise StudioError(f"'{name}' is no device; use auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise StudioError(
            f"there is no GPU '{name}' here ({torch.cuda.device_count()} found); use --device cpu"
        )
    return device


@contextmanager
def enough_memory() -> Generator[None]:
    """Turn a GPU without memory into a sentence."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise StudioError(
            "The GPU's memory is too small for this request; close other programs on it, "
            "or serve with --dtype bf16."
        ) from error
