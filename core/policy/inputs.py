"""What a loaded checkpoint is given: pictures in its size, the trace on the first, a prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.model.loading import LoadedModel
from core.overlay import draw_trace, prepare_frame
from core.types import Capabilities, Observation, Trace

Inputs = dict[str, Tensor]


class InputMaker:
    """Makes the inputs of one checkpoint."""

    def __init__(self, loaded: LoadedModel, wanted: Capabilities) -> None:
        """Wrap a checkpoint.

        Args:
            loaded: Model and processor.
            wanted: How many pictures it takes, and in which size.
        """
        self._loaded, self._wanted = loaded, wanted

    def images(self, observation: Observation, trace: Trace | None) -> list[NDArray[np.uint8]]:
        """Bring the frames to the model's size; the first with the trace on it."""
        wanted = self._wanted
        images = [
            prepare_frame(frame.image, wanted.image_size)
            for frame in observation.frames[: wanted.images]
        ]
        if trace is not None:
            images[0] = draw_trace(images[0], trace.points)
        return images

    def inputs(self, prompt: str, images: list[NDArray[np.uint8]]) -> Inputs:
        """Return the model's inputs, on its device."""
        model = self._loaded.model
        made = self._loaded.processor(prompt, images)
        return {
            name: value.to(model.device, model.dtype if value.is_floating_point() else None)
            for name, value in made.items()
        }

    def with_shared_pictures(self, several: Sequence[Inputs]) -> list[Inputs]:
        """Return inputs in which pictures that occur more than once are encoded already.

        Only prompts with all pictures in common share: in released checkpoints the encoding of a
        later picture reaches into the one before (:func:`core.model.processing.join_images`).
        """
        groups: list[list[int]] = []
        for number, inputs in enumerate(several):
            same = (group for group in groups if _alike(several[group[0]], inputs))
            group = next(same, None)
            if group is None:
                groups.append([number])
            else:
                group.append(number)
        shared = list(several)
        for group in groups:
            first = several[group[0]]
            if len(group) > 1 and "images" in first:
                with torch.inference_mode():
                    features = self._loaded.model.encode_images(
                        first["images"], first["pooled_patches_idx"]
                    )
                for number in group:
                    shared[number] = several[number] | {"image_features": features}
        return shared


def _alike(first: Inputs, other: Inputs) -> bool:
    """Whether two prompts show the very same pictures."""
    names = ("images", "pooled_patches_idx")
    return all(
        name in first and name in other and torch.equal(first[name], other[name]) for name in names
    )
