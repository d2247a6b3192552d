"""The recorded observations as prompts of a model."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from core.decoding.grammar import AnswerGrammar, compile_grammar
from core.decoding.sequences import recorded_episodes
from core.model.loading import LoadedModel
from core.overlay import draw_trace, prepare_frame
from core.protocol.prompts import reasoning_prompt, steered_prompt
from core.protocol.statistics import read_statistics


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prompt:
    """One cycle of a recorded episode, asked in one way.

    Attributes:
        episode: Number of the episode.
        cycle: Number of the cycle in it.
        steered: Whether a line is drawn on the first image.
        inputs: The model's inputs.
        grammar: Of the answers to it.
    """

    episode: int
    cycle: int
    steered: bool
    inputs: dict[str, Tensor]
    grammar: AnswerGrammar


def recorded_prompts(loaded: LoadedModel) -> list[Prompt]:
    """Return every recorded cycle, steered and not, consecutive cycles after each other."""
    config = loaded.config
    dims = read_statistics(config.norm_stats, config.default_norm_key).dims
    prompts: list[Prompt] = []
    for steered in (False, True):
        grammar = compile_grammar(
            loaded.tokenizer,
            chunk=int(config.chunk),
            dims=dims,
            images=2,
            steered=steered,
            end_id=loaded.processor.ids.eos,
        )
        for episode, cycles in enumerate(recorded_episodes()):
            for cycle, (observation, trace) in enumerate(cycles):
                size = config.image_size
                images = [
                    prepare_frame(frame.image, None if size is None else (size[0], size[1]))
                    for frame in observation.frames
                ]
                if steered:
                    images[0] = draw_trace(images[0], trace.points)
                write = steered_prompt if steered else reasoning_prompt
                inputs = loaded.processor(write(observation.instruction, 2), images)
                prompts.append(
                    Prompt(
                        episode=episode,
                        cycle=cycle,
                        steered=steered,
                        inputs=inputs,
                        grammar=grammar,
                    )
                )
    return prompts
