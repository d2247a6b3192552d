"""A run on disk: trained weights, optimiser, average and step, as safetensors.

Every saved state is a folder of its own, written beside its place and then renamed, and the one
before goes last; so a kill or a full disk leaves a whole state. States do not know how many
processes wrote them: one may go on where four stopped.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.types import StudioError
from training.finetune.parallel import Team, like, whole

_NAME = re.compile(r"step-(\d{8})")
_FILES = ("weights", "optimiser", "average")


class StateError(StudioError):
    """A saved state that cannot be written or read."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """What a run changes.

    Attributes:
        parameters: Trained parameters by name.
        optimiser: Its optimiser.
        average: Averages of the parameters by name; empty without.
    """

    parameters: dict[str, nn.Parameter]
    optimiser: torch.optim.Optimizer
    average: dict[str, Tensor]


def newest_state(folder: Path) -> Path | None:
    """Return the newest saved state of a run, if there is one."""
    if not folder.is_dir():
        return None
    whole_ones = [p for p in folder.iterdir() if _NAME.fullmatch(p.name) and p.is_dir()]
    return max(whole_ones, key=lambda path: path.name, default=None)


def step_of(state: Path) -> int:
    """Return the step that a state was saved after."""
    match = _NAME.fullmatch(state.name)
    if match is None:
        raise StateError(f"'{state}' is no saved state")
    return int(match[1])


def save_state(
    folder: Path, trained: Trained, step: int, team: Team, about: dict[str, Any]
) -> Path:
    """Save a state; every process has to call this, the main one writes.

    Args:
        folder: Folder of all states of the run.
        trained: What is saved.
        step: Steps done.
        team: The processes.
        about: Further facts for ``state.json``.

    Returns:
        The state's folder.

    Raises:
        StateError: It cannot be written; the state before is kept.
    """
    target = folder / f"step-{step:08d}"
    # Gathered even where nothing is written: the parts come from every process.
    tensors = (
        gathered(trained.parameters, team),
        gathered(_moments(trained), team),
        gathered(trained.average, team),
    )
    fault = ""
    if team.is_main:
        partial = folder / f"{target.name}.part"
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            for name, values in zip(_FILES, tensors, strict=True):
                save_file(values, partial / f"{name}.safetensors", {"format": "pt"})
            (partial / "state.json").write_text(json.dumps({"step": step, **about}, indent=2))
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
            _drop_older(folder, target)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            fault = str(error)
    failed = team.sum(torch.tensor(float(bool(fault)), device=team.device))
    if failed.item():
        kept = newest_state(folder)
        state = f"step {step_of(kept)} is kept" if kept is not None else "nothing is saved yet"
        raise StateError(
            f"the state of step {step} cannot be written to '{folder}': {fault or 'see above'}; "
            f"{state}. Make room and go on with --resume"
        )
    return target


def load_state(state: Path, trained: Trained) -> int:
    """Fill parameters, optimiser and averages from a state.

    Args:
        state: A state's folder.
        trained: Filled in place.

    Returns:
        Steps done.

    Raises:
        StateError: A file is damaged or belongs to another network.
    """
    try:
        weights, moments, average = (load_file(state / f"{name}.safetensors") for name in _FILES)
    except (OSError, SafetensorError) as error:
        raise StateError(
            f"the saved state '{state}' cannot be read: {error}; remove it to go on from an "
            "earlier one"
        ) from error
    _fill(trained.parameters, weights, state)
    _fill(trained.average, average, state)
    optimiser = trained.optimiser
    for name, parameter in trained.parameters.items():
        own = {key.rpartition("/")[2]: key for key in moments if key.rpartition("/")[0] == name}
        entry: dict[str, Tensor] = {}
        for moment, key in own.items():
            value = moments.pop(key)
            # a step counter has no shape, and stays where AdamW keeps it: on the CPU
            entry[moment] = like(value, parameter.detach()) if value.ndim else value
        if entry:
            optimiser.state[parameter] = entry
    if moments:
        raise StateError(f"the saved state '{state}' is another network's: it has {min(moments)}")
    return step_of(state)


def gathered(values: dict[str, Any], team: Team) -> dict[str, Tensor]:
    """Return whole tensors on the CPU in the main process, and nothing in the others."""
    result: dict[str, Tensor] = {}
    for name, value in values.items():
        full = whole(value.detach())
        if team.is_main:
            result[name] = full.cpu().contiguous().clone()
    return result


def _moments(trained: Trained) -> dict[str, Tensor]:
    return {
        f"{name}/{moment}": torch.as_tensor(value)
        for name, parameter in trained.parameters.items()
        for moment, value in trained.optimiser.state.get(parameter, {}).items()
    }


def _fill(targets: dict[str, Any], values: dict[str, Tensor], state: Path) -> None:
    if targets.keys() != values.keys():
        odd = min(targets.keys() ^ values.keys())
        raise StateError(f"the saved state '{state}' belongs to another run: it differs at '{odd}'")
    with torch.no_grad():
        for name, target in targets.items():
            if tuple(target.shape) != tuple(values[name].shape):
                raise StateError(f"the saved state '{state}' has another shape of '{name}'")
            target.detach().copy_(like(values[name], target.detach()))


def _drop_older(folder: Path, newest: Path) -> None:
    for path in folder.iterdir():
        if path != newest and path.name.startswith("step-"):
            shutil.rmtree(path, ignore_errors=True)
