"""Whether a model fits, asked before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

from core.types import StudioError

CGROUP = Path("/sys/fs/cgroup")
_GIB = 1024**3


class OutOfMemoryError(StudioError):
    """The model is larger than the free memory."""


def free_memory(device: torch.device) -> int:
    """Return the memory that can still be used on a device [bytes].

    For the CPU this respects the limit of a container (cgroup 2), which psutil does not know.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = psutil.virtual_memory().available
    try:
        limit = (CGROUP / "memory.max").read_text().strip()
        used = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):
        return free
    return free if limit == "max" else min(free, max(int(limit) - used, 0))


def require_memory(needed: int, device: torch.device, what: str) -> None:
    """Refuse to load what does not fit.

    Args:
        needed: Size of the weights on the device [bytes].
        device: Where they will be.
        what: Subject of the sentence, such as "the model (bfloat16)".

    Raises:
        OutOfMemoryError: It does not fit; the sentence names both sizes.
    """
    free = free_memory(device)
    if needed > free:
        place = "GPU memory" if device.type == "cuda" else "memory"
        raise OutOfMemoryError(
            f"{what} needs {needed / _GIB:.1f} GiB of {place} and {free / _GIB:.1f} GiB are free; "
            "close other programs, choose a smaller number format or a smaller model, "
            "or use a policy server on a larger machine"
        )
