"""A weaker checkpoint than the embedded one, for the demonstration: its weights, disturbed.

Training one would take hours, and a second checkpoint would double what is shipped. Disturbed
weights make another policy in the same way as an early checkpoint does: it answers in the right
form, sees less and aims worse.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from core.types import StudioError

SHARE = 0.35
"""Standard deviation of the disturbance in shares of each weight matrix's own."""

WEIGHTS = "model.safetensors"


def write_weaker(folder: Path, seed: int) -> Path:
    """Write the disturbed checkpoint; one that is there stays.

    Args:
        folder: Where; the depth codes' own weights are copied as they are.
        seed: Of the disturbance.

    Returns:
        The folder.

    Raises:
        StudioError: If it cannot be written.
    """
    import torch  # and the server's module: heavy, and for the demonstration alone
    from safetensors.torch import load_file, save_file

    from core.policy.server import EMBEDDED_MODEL

    if (folder / WEIGHTS).exists():
        return folder
    generator = torch.Generator().manual_seed(seed)
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for source in EMBEDDED_MODEL.iterdir():
            if source.is_file() and source.name != WEIGHTS:
                shutil.copy(source, part / source.name)
        weights = load_file(EMBEDDED_MODEL / WEIGHTS)
        for name, tensor in weights.items():
            if tensor.is_floating_point() and tensor.ndim >= 2:
                noise = torch.randn(tensor.shape, generator=generator)
                spread = SHARE * tensor.float().std()
                weights[name] = (tensor.float() + spread * noise).to(tensor.dtype)
        save_file(weights, part / WEIGHTS, {"format": "pt"})
        part.replace(folder)
    except OSError as error:
        raise StudioError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder
