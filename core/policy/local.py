"""MolmoAct in this process: an observation in, depth, trace and actions out."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.decoding.grammar import AnswerGrammar, GrammarError, compile_grammar
from core.decoding.greedy import decode_greedily
from core.depth import metric_map, relative_map
from core.model.loading import LoadedModel, load_checkpoint
from core.overlay import draw_trace, prepare_frame
from core.policy.base import StageCallback, check_request
from core.policy.judge import action_warnings
from core.policy.progress import Progress
from core.protocol.action_codec import decode_rows, rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.answer import AnswerError, parse_answer
from core.protocol.prompts import (
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
)
from core.protocol.statistics import NormStats, read_statistics
from core.types import (
    CODEBOOK_SIZE,
    DEPTH_CODES,
    MAX_TRACE_POINTS,
    TRACE_MAX,
    ActionChunk,
    Capabilities,
    DepthMap,
    DepthTokens,
    Observation,
    Reasoning,
    StudioError,
    Trace,
)

logger = logging.getLogger(__name__)

SPARE_TOKENS = 16
"""Room beyond the longest answer that fits the protocol."""

DTYPES = {"auto": None, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MAX_THREADS = 2
"""Default number of CPU threads: the studio's machine has other work as well."""


class LocalPolicy:
    """A loaded checkpoint behind the Policy interface; one request at a time."""

    def __init__(
        self, loaded: LoadedModel, *, norm_key: str | None = None, constrained: bool = True
    ) -> None:
        """Wrap a checkpoint.

        Args:
            loaded: Model, processor, tokenizer and depth decoder.
            norm_key: Entry of the checkpoint's action statistics; default: the checkpoint's own
                choice, or its only entry.
            constrained: Whether answers may only have tokens that fit their grammar; without it
                the model writes what it wants, and what does not parse is refused.

        Raises:
            StudioError: If the action statistics are missing or ambiguous.
        """
        config = loaded.config
        self._loaded = loaded
        self._busy = threading.Lock()
        self._stats: NormStats = read_statistics(
            config.norm_stats, norm_key or config.default_norm_key
        )
        self._end_ids = frozenset({loaded.processor.ids.eos})
        self._longest = _longest_answers(loaded, int(config.chunk), self._stats.dims)
        size = config.image_size
        chunk = int(config.chunk)
        self._constrained = constrained
        self._grammars: dict[tuple[int, bool], AnswerGrammar | None] = {}
        self._capabilities = Capabilities(
            name=loaded.name,
            depth=True,
            trace_out=True,
            trace_in=True,
            stream=True,
            cancel=True,
            chunk=chunk,
            images=int(config.images),
            image_size=None if size is None else (int(size[0]), int(size[1])),
            execute_steps=int(config.execute_steps or chunk),
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the checkpoint can do."""
        return self._capabilities

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: StageCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        """Answer one observation; see :meth:`core.policy.base.Policy.infer`.

        Raises:
            Cancelled: If the request was cancelled.
            StudioError: If the request is not possible, or the memory is too small for it.
        """
        check_request(observation, trace)
        with self._busy:
            try:
                return self._infer(observation, trace, request_id, on_stage, cancelled)
            except torch.OutOfMemoryError as error:
                torch.cuda.empty_cache()
                raise StudioError(
                    "The GPU's memory is too small for this request; close other programs on it, "
                    "or serve with --dtype bf16."
                ) from error

    def _infer(
        self,
        observation: Observation,
        trace: Trace | None,
        request_id: int,
        on_stage: StageCallback | None,
        cancelled: Callable[[], bool] | None,
    ) -> Reasoning:
        started = time.perf_counter()
        images = self._images(observation, trace)
        write = reasoning_prompt if trace is None else steered_prompt
        prompt = write(observation.instruction, len(images))
        inputs, length = self._inputs(prompt, images)
        blank = Reasoning(
            request_id=request_id,
            text="",
            prompt=prompt,
            steered_by=trace,
            model_image=images[0],
            timings={"prepare": time.perf_counter() - started},
        )
        progress = Progress(
            blank,
            started=started,
            token_of=lambda token: str(self._loaded.tokenizer.convert_ids_to_tokens(token)),
            text_of=self._text,
            depth_map_of=self._depth_map,
            on_stage=on_stage,
        )
        steered = trace is not None
        ids = decode_greedily(
            self._loaded.model,
            inputs,
            end_ids=self._end_ids,
            max_new_tokens=self._room(length, steered=steered),
            on_token=progress,
            cancelled=cancelled,
            grammar=self._grammar(len(images), steered=steered),
        )
        answer = self._read(replace(blank, text=self._text(ids)), progress)
        total = time.perf_counter() - started
        return replace(
            answer,
            timings={**progress.timings, "actions": total, "total": total},
            warnings=(*self._input_warnings(observation, images), *answer.warnings),
        )

    def _images(self, observation: Observation, trace: Trace | None) -> list[NDArray[np.uint8]]:
        """Bring the frames to the model's size; the first with the trace on it."""
        wanted = self._capabilities
        images = [
            prepare_frame(frame.image, wanted.image_size)
            for frame in observation.frames[: wanted.images]
        ]
        if trace is not None:
            images[0] = draw_trace(images[0], trace.points)
        return images

    def _inputs(
        self, prompt: str, images: list[NDArray[np.uint8]]
    ) -> tuple[dict[str, torch.Tensor], int]:
        """Return the model's inputs and the number of prompt tokens."""
        model = self._loaded.model
        made = self._loaded.processor(prompt, images)
        inputs = {
            name: value.to(model.device, model.dtype if value.is_floating_point() else None)
            for name, value in made.items()
        }
        return inputs, int(inputs["input_ids"].shape[1])

    def _room(self, length: int, *, steered: bool) -> int:
        """Return how many tokens the answer may have after a prompt of ``length``."""
        wanted = self._longest[steered]
        limit = int(self._loaded.config.llm_config.max_position_embeddings)
        if length >= limit:
            raise StudioError(
                f"Images and instruction make {length} tokens, the model reads {limit}; use a "
                "shorter instruction or smaller images."
            )
        return min(wanted, limit - length)

    def _grammar(self, images: int, *, steered: bool) -> AnswerGrammar | None:
        """Return the grammar of answers about so many images, made at the first request."""
        if not self._constrained:
            return None
        kind = (images, steered)
        if kind not in self._grammars:
            self._grammars[kind] = None
            try:
                self._grammars[kind] = compile_grammar(
                    self._loaded.tokenizer,
                    chunk=self._capabilities.chunk,
                    dims=self._stats.dims,
                    images=images,
                    steered=steered,
                    end_id=self._loaded.processor.ids.eos,
                )
            except GrammarError as error:
                logger.warning("answers are decoded without a grammar: %s", error)
        return self._grammars[kind]

    def _text(self, ids: list[int]) -> str:
        text = self._loaded.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)

    def _depth_map(self, depth: DepthTokens) -> DepthMap | None:
        vqvae = self._loaded.vqvae
        if vqvae is None:
            return None
        device = next(vqvae.parameters()).device
        with torch.inference_mode():
            codes = torch.from_numpy(depth.codes.copy())[None].to(device)
            values = vqvae.decode(codes)[0, 0].float().cpu().numpy()
        reach = self._loaded.config.depth_range
        if reach is None:
            return relative_map(values)
        return metric_map(values, reach["near"], reach["far"])

    def _read(self, answer: Reasoning, progress: Progress) -> Reasoning:
        """Parse a complete answer; a malformed one keeps what can be shown and has no chunk."""
        steered = answer.steered_by is not None
        try:
            parsed = parse_answer(
                answer.text,
                chunk=self._capabilities.chunk,
                action_dim=self._stats.dims,
                expect_depth=None if steered else True,
                expect_trace=None if steered else True,
            )
        except AnswerError as error:
            return replace(progress.newest, text=answer.text, error=str(error))
        actions = decode_rows(parsed.rows, self._stats)
        return replace(
            answer,
            depth=parsed.depth,
            depth_map=progress.depth_map,
            traces=parsed.traces,
            chunk=ActionChunk(actions=actions),
            warnings=(*parsed.warnings, *action_warnings(actions, self._stats)),
        )

    def _input_warnings(
        self, observation: Observation, images: list[NDArray[np.uint8]]
    ) -> list[str]:
        warnings: list[str] = []
        wanted = self._capabilities.images
        if len(images) < wanted:
            warnings.append(
                f"The model expects {wanted} images and got {len(images)}; its answer is less sure."
            )
        crop = int(max(self._loaded.config.vit_config.image_default_input_size))
        height, width = images[0].shape[:2]
        tiled = self._loaded.processor.images.crop_mode != "resize"
        if max(height, width) > crop and tiled:
            warnings.append(
                f"The image has {width} x {height} pixels; robot training kept both sides within "
                f"{crop}. Set image_size in the checkpoint's config.json."
            )
        return warnings


def load_policy(
    model: str,
    *,
    dtype: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    norm_key: str | None = None,
) -> LocalPolicy:
    """Load a checkpoint from a folder or the hub.

    Args:
        model: Folder, or hub id such as "allenai/MolmoAct-7B-D-0812".
        dtype: "auto" (fp32 on a CPU, bf16 on a GPU), "fp32", "bf16" or "fp16".
        device: "auto" (a GPU when there is one), "cpu", "cuda" or "cuda:N".
        threads: CPU threads for torch; default: two at most.
        norm_key: Entry of the checkpoint's action statistics, if it has several.

    Raises:
        StudioError: If the device is not there or the checkpoint cannot be loaded.
    """
    torch.set_num_threads(threads or min(MAX_THREADS, os.cpu_count() or 1))
    loaded = load_checkpoint(model, DTYPES[dtype], _device(device))
    return LocalPolicy(loaded, norm_key=norm_key)


def _device(name: str) -> torch.device:
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


def _longest_answers(loaded: LoadedModel, chunk: int, dims: int) -> dict[bool, int]:
    """Return the tokens that the longest answer takes: steered (True) and reasoning (False).

    About 512 for a reasoning answer with 8 rows in the released tokenizers, whose action symbols
    take two to four tokens each.
    """
    encode = loaded.processor.encode_text
    longest = max(range(len(SYMBOLS)), key=lambda bin_: len(encode(f", {SYMBOLS[bin_]}")))
    actions = rows_text(np.full((chunk, dims), longest))
    trace = np.full((MAX_TRACE_POINTS, 2), TRACE_MAX)
    codes = np.full(DEPTH_CODES, CODEBOOK_SIZE - 1)
    texts = {True: steered_answer(actions), False: reasoning_answer(codes, [trace], actions, 2)}
    return {steered: len(encode(f" {text}")) + SPARE_TOKENS for steered, text in texts.items()}
