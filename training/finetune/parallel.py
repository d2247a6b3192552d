"""One process or several: accelerate sets them up, and this is all that the trainer sees of it.

``ddp`` gives every process a copy. ``fsdp`` shares parameters, gradients and optimiser out, block
by block, with ``torch.distributed.fsdp.fully_shard``; it is called here because accelerate shards
on accelerators only, and the same code shall run on two CPU processes in a test.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from core.types import StudioError

BLOCKS = ("DecoderBlock", "VitBlock")
"""Classes of the modules that fsdp shards one by one."""


class Team:
    """The processes of a run."""

    def __init__(self, *, parallel: Literal["ddp", "fsdp"], precision: str) -> None:
        """Join the processes that ``torchrun`` or ``accelerate launch`` started, if any.

        Args:
            parallel: How a network is shared among several processes.
            precision: "bf16" computes under autocast.

        Raises:
            StudioError: The package is missing, or is configured to shard by itself.
        """
        try:
            from accelerate import Accelerator
        except ImportError as error:
            raise StudioError(
                "fine-tuning needs the packages of the extra 'train': pip install "
                "'steering-studio[train]'"
            ) from error
        if os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
            raise StudioError(
                "accelerate's own configuration asks for FSDP; leave that out and set "
                "parallel=fsdp in the preset"
            )
        self._accelerator = Accelerator(cpu=not torch.cuda.is_available(), mixed_precision="no")
        self.parallel, self._bf16 = parallel, precision == "bf16"

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        return self._accelerator.device

    @property
    def process(self) -> int:
        """Number of this process, from 0."""
        return self._accelerator.process_index

    @property
    def processes(self) -> int:
        """Number of processes."""
        return self._accelerator.num_processes

    @property
    def is_main(self) -> bool:
        """Whether this process writes files."""
        return self._accelerator.is_main_process

    @property
    def sharded(self) -> bool:
        """Whether parameters are shared out."""
        return self.parallel == "fsdp" and self.processes > 1

    @property
    def neighbours(self) -> int:
        """Processes that share this machine's memory."""
        return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if self.device.type == "cpu" else 1

    def share(self, model: nn.Module) -> nn.Module:
        """Bring a network to the device and share it; returns what is called in its place."""
        if not self.sharded:
            return self._accelerator.prepare_model(model)
        from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

        policy = MixedPrecisionPolicy()
        if self._bf16 and self.device.type == "cuda":
            policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        model.to(self.device)
        mesh = torch.distributed.device_mesh.init_device_mesh(self.device.type, (self.processes,))
        blocks = [module for module in model.modules() if type(module).__name__ in BLOCKS]
        for module in [*blocks, model]:
            fully_shard(module, mesh=mesh, mp_policy=policy)
        for module in model.modules():
            if isinstance(module, FSDPModule):
                # gloo cannot average; the division happens beside the sum
                module.set_force_sum_reduction_for_comms(self.device.type == "cpu")
        return model

    def plain(self, model: nn.Module) -> nn.Module:
        """Return the network behind what :meth:`share` returned."""
        return cast(nn.Module, self._accelerator.unwrap_model(model))

    @contextlib.contextmanager
    def passing(self, model: nn.Module, *, last: bool) -> Iterator[None]:
        """Run a forward and backward pass; gradients are exchanged after the last one only."""
        with contextlib.ExitStack() as stack:
            if self.sharded:
                cast(Any, model).set_requires_gradient_sync(last)
            elif not last and self.processes > 1:
                stack.enter_context(self._accelerator.no_sync(model))
            yield

    def computing(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context of a forward pass."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16)

    def sum(self, values: Tensor) -> Tensor:
        """Add up a tensor over all processes."""
        if self.processes == 1:
            return values
        return cast(Tensor, self._accelerator.reduce(values, reduction="sum"))

    def wait(self) -> None:
        """Wait until every process is here."""
        self._accelerator.wait_for_everyone()

    def leave(self) -> None:
        """End the work together."""
        self._accelerator.end_training()
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def whole(value: Tensor) -> Tensor:
    """Return all of a tensor that may be shared out; every process has to ask."""
    from torch.distributed.tensor import DTensor

    return value.full_tensor() if isinstance(value, DTensor) else value


def like(value: Tensor, other: Tensor) -> Tensor:
    """Return a whole tensor in the form of another: its device, its dtype, this process's part."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    value = value.to(device=other.device, dtype=other.dtype)
    if not isinstance(other, DTensor):
        return value
    return distribute_tensor(value, other.device_mesh, other.placements, src_data_rank=None)
