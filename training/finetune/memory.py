"""How much memory a run will need, told before anything is loaded.

Parameters, gradients and moments are counted exactly. Activations are estimated from the sizes of
what each block keeps for the backward pass; that part was not fitted to any measurement and may be
off by half.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.model.configuration import MolmoActConfig
from core.model.memory import OutOfMemoryError, free_memory
from core.model.modeling import MolmoActForActionReasoning
from training.finetune.lora import trainable_parameters
from training.finetune.preset import Preset

_GIB = 1024**3
_KEPT = 10
"""Vectors of the hidden size that a block keeps beside its wider ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Memory of one process [bytes].

    Attributes:
        parameters: Weights.
        gradients: One per trained weight.
        optimiser: Two moments per trained weight, and the average if one is kept.
        activations: What the backward pass needs of the forward pass; a rough guess.
        trained: Number of trained weights, of all processes together.
        total_weights: Number of weights.
    """

    parameters: int
    gradients: int
    optimiser: int
    activations: int
    trained: int
    total_weights: int

    @property
    def certain(self) -> int:
        """What is needed without any activations [bytes]."""
        return self.parameters + self.gradients + self.optimiser

    def __str__(self) -> str:
        """Tell it in one line."""
        parts = {
            "parameters": self.parameters,
            "gradients": self.gradients,
            "optimiser": self.optimiser,
            "activations (estimated)": self.activations,
        }
        listed = ", ".join(f"{name} {_size(value)}" for name, value in parts.items())
        share = 100 * self.trained / max(self.total_weights, 1)
        return (
            f"memory per process: {listed}; together {_size(self.certain + self.activations)}. "
            f"{self.trained:,} of {self.total_weights:,} weights are trained ({share:.1f} %)"
        )


def estimate(
    model: MolmoActForActionReasoning, preset: Preset, *, tokens: int, crops: int, processes: int
) -> Estimate:
    """Estimate the memory of one process.

    Args:
        model: The network, possibly without its weights.
        preset: The run.
        tokens: Tokens of a sample.
        crops: Picture crops of a sample.
        processes: Number of processes.
    """
    weights = sum(parameter.numel() for parameter in model.parameters())
    bf16 = preset.precision == "bf16"
    if preset.lora is None:
        trained, stored = weights, 4 * weights
    else:
        trained = trainable_parameters(model, preset.lora)
        stored = weights * (2 if bf16 else 4) + 4 * trained
    parts = processes if preset.parallel == "fsdp" else 1
    moments = 8 * trained + (4 * trained if preset.ema is not None else 0)
    activations = _activations(model.config, preset, tokens, crops)
    return Estimate(
        parameters=stored // parts,
        gradients=4 * trained // parts,
        optimiser=moments // parts,
        activations=activations,
        trained=trained,
        total_weights=weights + (trained if preset.lora is not None else 0),
    )


def _activations(config: MolmoActConfig, preset: Preset, tokens: int, crops: int) -> int:
    llm, vit = config.llm_config, config.vit_config
    number = 2 if preset.precision == "bf16" else 4
    block = (
        _KEPT * llm.hidden_size
        + 4 * llm.intermediate_size
        + 3 * (llm.num_attention_heads + 2 * llm.num_key_value_heads) * llm.head_dim
    )
    layers = llm.num_hidden_layers
    kept = layers * llm.hidden_size + block if preset.checkpointing else layers * block
    language = preset.micro_batch * tokens * kept * number
    patches = preset.micro_batch * crops * vit.grid[0] * vit.grid[1]
    vision = patches * vit.num_hidden_layers * number
    vision *= _KEPT * vit.hidden_size + 3 * vit.intermediate_size
    # logits of the answers: computed, as float32, and their gradient
    logits = preset.micro_batch * tokens * llm.vocab_size * (number + 8) // 2
    return language + vision + logits


def require(need: Estimate, device: torch.device, *, neighbours: int = 1) -> str | None:
    """Refuse what surely does not fit; warn of what probably does not.

    Args:
        need: Memory of one process.
        device: Where it runs.
        neighbours: Processes that share the device's memory.

    Returns:
        A warning, if there is one.

    Raises:
        OutOfMemoryError: Weights, gradients and moments alone are larger than the free memory.
    """
    free = free_memory(device) // neighbours
    place = "GPU memory" if device.type == "cuda" else "memory"
    if need.certain > free:
        raise OutOfMemoryError(
            f"this run needs {_size(need.certain)} of {place} for weights, gradients and optimiser "
            f"alone, and {_size(free)} are free; train adapters (lora), share the network out "
            "(parallel=fsdp) over more GPUs, or choose a smaller model"
        )
    if need.certain + need.activations > free:
        return (
            f"this run may not fit: about {_size(need.certain + need.activations)} of {place} are "
            f"needed and {_size(free)} are free; set checkpointing=true or a smaller micro_batch"
        )
    return None


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GiB" if count >= _GIB // 10 else f"{count / 2**20:.1f} MiB"
