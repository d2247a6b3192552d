"""Training state on disk: weights, optimiser and step, as safetensors, written whole or not."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def save_state(
    folder: Path, module: nn.Module, optimiser: torch.optim.Optimizer, step: int
) -> None:
    """Write the state of a stage; an earlier one is replaced at the last moment.

    Args:
        folder: Folder of the stage.
        module: Everything that is trained.
        optimiser: Its optimiser.
        step: Steps done.
    """
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = {name: value.contiguous() for name, value in module.state_dict().items()}
    save_file(weights, partial / "module.safetensors")
    tensors: dict[str, Tensor] = {}
    for index, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"{index}.{name}"] = torch.as_tensor(value).clone()
    save_file(tensors, partial / "optimiser.safetensors")
    (partial / "state.json").write_text(json.dumps({"step": step}))
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)


def load_state(
    folder: Path, module: nn.Module, optimiser: torch.optim.Optimizer | None = None
) -> int:
    """Read the state of a stage.

    Args:
        folder: Folder of the stage.
        module: Filled in place.
        optimiser: Filled in place, when given.

    Returns:
        Steps done; 0 when there is no checkpoint, and nothing is changed then.
    """
    if not (folder / "state.json").exists() and not _recover(folder):
        return 0
    module.load_state_dict(load_file(folder / "module.safetensors"))
    if optimiser is not None:
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in load_file(folder / "optimiser.safetensors").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    return int(json.loads((folder / "state.json").read_text())["step"])


def _partial(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.part")


def _recover(folder: Path) -> bool:
    """Take over a state that was complete when writing it ended between removal and renaming."""
    partial = _partial(folder)
    if folder.exists() or not (partial / "state.json").exists():
        return False
    os.replace(partial, folder)
    return True
