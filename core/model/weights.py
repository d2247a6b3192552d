"""Reading and writing safetensors weights: checked against the network before they are loaded."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from core.model.memory import require_memory
from core.types import StudioError

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
SHARD_BYTES = 5 * 10**9
LARGE_BYTES = 10**9
"""Size of a single file from which on loading it is worth a word."""


class WeightsError(StudioError):
    """Weights that are missing, broken or made for another network."""


def weight_files(folder: Path) -> list[Path]:
    """Return the weight files of a checkpoint folder.

    Raises:
        WeightsError: There are none, or the index names one that is not in the folder.
    """
    index = folder / INDEX
    if index.is_file():
        try:
            names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise WeightsError(f"'{index}' is no index of weights: {error}") from error
        for name in names:
            # The index comes from outside: it must not lead out of the folder.
            if not isinstance(name, str) or Path(name).name != name:
                raise WeightsError(f"'{index}' names '{name}', which is no file of this folder")
        files = [folder / name for name in sorted(names)]
    else:
        files = [folder / SINGLE]
    for file in files:
        if not file.is_file():
            raise WeightsError(
                f"'{file}' is missing; a checkpoint needs '{SINGLE}' or the files of '{INDEX}'"
            )
    return files


def load_weights(
    module: nn.Module,
    files: list[Path],
    *,
    dtype: torch.dtype,
    device: torch.device,
    what: str,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Give a network its weights; names, shapes and memory are checked before anything is read.

    Args:
        module: The network, usually on the meta device; its tensors are replaced.
        files: Its safetensors files.
        dtype: Number format on the device.
        device: Where the weights go.
        what: Subject of error sentences, such as "the model".
        progress: Told about each file before it is read, when there are several or it is large.

    Raises:
        WeightsError: A file is broken, a tensor is missing, unexpected or of another shape.
        OutOfMemoryError: The weights do not fit.
    """
    with contextlib.ExitStack() as stack:
        found, first = _open_checked(module, files, stack)
        size = sum(value.numel() for value in module.state_dict().values()) * dtype.itemsize
        require_memory(size, device, f"{what} ({str(dtype).removeprefix('torch.')})")
        told = _Shards(first, progress)
        for name, handle in found.items():
            told.before(name)
            try:
                value: Tensor = handle.get_tensor(name)  # pyright: ignore
            except (SafetensorError, OSError) as error:
                raise WeightsError(f"tensor '{name}' cannot be read: {error}") from error
            kept = value.dtype if not value.is_floating_point() else dtype
            state = {name: value.to(device=device, dtype=kept)}
            module.load_state_dict(state, strict=False, assign=True)


def check_weights(module: nn.Module, files: list[Path]) -> int:
    """Compare weight files with a network by their headers alone; no weights are read.

    Args:
        module: The network, usually on the meta device.
        files: Its safetensors files.

    Returns:
        Number of values in the weights.

    Raises:
        WeightsError: A file is broken, a tensor is missing, unexpected or of another shape.
    """
    with contextlib.ExitStack() as stack:
        _open_checked(module, files, stack)
    return sum(value.numel() for value in module.state_dict().values())


class _Shards:
    """Tells how far loading is, at the first tensor of each file."""

    def __init__(self, first: dict[str, int], progress: Callable[[str], None] | None) -> None:
        """Prepare.

        Args:
            first: Size of each file [bytes] by its first tensor, in their order.
            progress: Who is told.
        """
        self._first, self._progress = first, progress
        self._total, self._read, self._number = sum(first.values()), 0, 0
        self._large = len(first) > 1 or self._total >= LARGE_BYTES

    def before(self, name: str) -> None:
        """Tell about the file that begins with this tensor."""
        size = self._first.get(name)
        if size is None:
            return
        self._number += 1
        if self._large and self._progress is not None:
            percent = 100 * self._read // max(self._total, 1)
            self._progress(f"loading shard {self._number} of {len(self._first)} … {percent} %")
        self._read += size


def save_weights(module: nn.Module, folder: Path, dtype: torch.dtype | None = None) -> None:
    """Write a network's weights, in several files and an index when they are large.

    Args:
        module: The network.
        folder: Existing folder.
        dtype: Number format of floating-point tensors in the file; None keeps the network's.
    """
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in module.state_dict().items():
        if dtype is not None and value.is_floating_point():
            value = value.to(dtype)
        if size and size + value.nbytes > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = value.detach().cpu().contiguous()
        size += value.nbytes
    if len(shards) == 1:
        save_file(shards[0], folder / SINGLE, metadata={"format": "pt"})
        return
    weight_map: dict[str, str] = {}
    for i, shard in enumerate(shards, start=1):
        file = f"model-{i:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(shard, file)
    total = sum(value.nbytes for shard in shards for value in shard.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / INDEX).write_text(json.dumps(index, indent=2), encoding="utf-8")


def _open_checked(
    module: nn.Module, files: list[Path], stack: contextlib.ExitStack
) -> tuple[dict[str, object], dict[str, int]]:
    """Open weight files and compare names and shapes.

    Returns:
        The file of every tensor, and the size of every file [bytes] by its first tensor.
    """
    expected = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    found: dict[str, object] = {}
    first: dict[str, int] = {}
    for file in files:
        try:
            handle = stack.enter_context(safe_open(file, framework="pt"))
        except (SafetensorError, OSError) as error:
            raise WeightsError(f"'{file}' is no readable safetensors file: {error}") from error
        first[next(iter(handle.keys()), "")] = file.stat().st_size
        for name in handle.keys():  # noqa: SIM118 - a safetensors handle is no mapping
            _check(name, tuple(handle.get_slice(name).get_shape()), expected, file)
            found[name] = handle
    if missing := sorted(expected.keys() - found.keys()):
        raise WeightsError(
            f"'{files[0].parent}' lacks {_some(missing)}; the weights do not belong to "
            "this configuration"
        )
    return found, first


def _check(
    name: str, shape: tuple[int, ...], expected: dict[str, tuple[int, ...]], file: Path
) -> None:
    if name not in expected:
        raise WeightsError(
            f"'{file}' has the unexpected tensor '{name}'; the weights do not belong to this "
            "configuration"
        )
    if shape != expected[name]:
        raise WeightsError(
            f"tensor '{name}' in '{file}' has shape {list(shape)}; the configuration asks for "
            f"{list(expected[name])}"
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more tensors"
