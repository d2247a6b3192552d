"""MolmoAct in this process: an observation in, depth, trace and actions out."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from core.decoding.requests import Decoded, DecodeRequest, fork
from core.depth import metric_map, relative_map
from core.model.loading import LoadedModel, find_folder, load_checkpoint
from core.policy.base import PolicyRequest, StageCallback, check_request
from core.policy.device import enough_memory, pick_device
from core.policy.inputs import InputMaker
from core.policy.judge import action_warnings, input_warnings
from core.policy.progress import Progress
from core.policy.writer import AnswerWriter, Decoding
from core.protocol.action_codec import decode_rows
from core.protocol.answer import AnswerError, parse_answer
from core.protocol.prompts import reasoning_prompt, steered_prompt
from core.protocol.statistics import NormStats, read_statistics
from core.session.facts import hash_in_background
from core.types import (
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

DTYPES = {"auto": None, "fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
MAX_THREADS = 2
"""Default number of CPU threads: the studio's machine has other work as well."""

MAX_BATCH = 8
"""Requests answered together on a GPU, where a pass over eight answers costs little more than one.
On a CPU it costs several times as much, and each client would wait for all the others."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Task:
    """A request on its way: what was made of it, and who watches its answer."""

    request: PolicyRequest
    started: float
    images: list[NDArray[np.uint8]]
    blank: Reasoning
    progress: Progress
    decoding: DecodeRequest


class LocalPolicy:
    """A loaded checkpoint behind the Policy interface; one request or batch at a time."""

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        norm_key: str | None = None,
        decoding: Decoding | str = Decoding.EXACT,
    ) -> None:
        """Wrap a checkpoint.

        Args:
            loaded: Model, processor, tokenizer and depth decoder.
            norm_key: Entry of the checkpoint's action statistics; default: the checkpoint's own
                choice, or its only entry.
            decoding: How answers are decoded, see :class:`core.policy.writer.Decoding`. With
                "reference" the model writes what it wants, and what does not parse is refused.

        Raises:
            StudioError: If the action statistics are missing or ambiguous.
        """
        config = loaded.config
        self._loaded = loaded
        self._busy = threading.Lock()
        self._stats: NormStats = read_statistics(
            config.norm_stats, norm_key or config.default_norm_key
        )
        self._writer = AnswerWriter(loaded, dims=self._stats.dims, decoding=Decoding(decoding))
        size = config.image_size
        chunk = int(config.chunk)
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
            session=True,
        )
        self._maker = InputMaker(loaded, self._capabilities)

    @property
    def capabilities(self) -> Capabilities:
        """What the checkpoint can do."""
        return self._capabilities

    def warm_up(self) -> None:
        """Make now what the first request would wait for."""
        self._writer.prepare(self._capabilities.images)

    def note_checkpoint(self, digest: str) -> None:
        """Tell the hash of the weights in the capabilities from now on."""
        self._capabilities = replace(self._capabilities, checkpoint=digest)

    @property
    def max_batch(self) -> int:
        """Most requests that are worth answering together."""
        return MAX_BATCH if self._loaded.model.device.type == "cuda" else 1

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: StageCallback | None = None,
        cancelled: Callable[[], bool] | None = None,
        session: Hashable | None = None,
    ) -> Reasoning:
        """Answer one observation; see :meth:`core.policy.base.Policy.infer`.

        Args:
            observation: Frames and instruction.
            trace: The drawn trace to follow.
            request_id: Copied into the answer.
            on_stage: Called as pieces of the answer become complete.
            cancelled: Polled between forward passes.
            session: Conversation that the request belongs to: its previous answer of the same
                kind is guessed from. It changes how long an answer takes, never the answer.

        Raises:
            Cancelled: If the request was cancelled.
            StudioError: If the request is not possible, or the memory is too small for it.
        """
        request = PolicyRequest(
            observation=observation,
            trace=trace,
            request_id=request_id,
            on_stage=on_stage,
            cancelled=cancelled,
            session=None if session is None else str(session),
        )
        with self._busy, enough_memory():
            task = self._task(request)
            return self._finished(task, self._writer.write([task.decoding])[0])

    def infer_many(self, requests: Sequence[PolicyRequest]) -> list[Reasoning | StudioError]:
        """Answer several requests together; each answer is the one that it would get alone.

        Returns:
            An answer or, in its place, what went wrong with that request.

        Raises:
            StudioError: If the memory is too small for all of them together.
        """
        results: dict[int, Reasoning | StudioError] = {}
        tasks: dict[int, _Task] = {}
        with self._busy, enough_memory():
            for number, request in enumerate(requests):
                try:
                    tasks[number] = self._task(request)
                except StudioError as error:
                    results[number] = error
            asked = [task.decoding for task in tasks.values()]
            inputs = self._maker.with_shared_pictures([dict(one.inputs) for one in asked])
            asked = [replace(one, inputs=own) for one, own in zip(asked, inputs, strict=True)]
            decoded = self._writer.write(asked)
            for (number, task), done in zip(tasks.items(), decoded, strict=True):
                if done.error is None:
                    results[number] = self._answer(task, done.ids)
                else:
                    results[number] = _as_sentence(done.error)
        return [results[number] for number in range(len(requests))]

    def continue_behind(
        self,
        observation: Observation,
        traces: Sequence[Trace],
        *,
        request_id: int = 0,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Reasoning]:
        """Plan, and see what the plan's actions would be behind other traces.

        The model first answers as it likes. Then its answer is continued, for all traces at once
        and from one reading of the prompt, behind its own depth tokens and each of the traces. To
        follow a trace that is drawn on the image, ask :meth:`infer_many` instead.

        Args:
            observation: Frames and instruction.
            traces: What to put in place of the model's trace.
            request_id: Copied into the answers.
            cancelled: Polled between forward passes.

        Returns:
            The model's own answer, then one for each trace.

        Raises:
            Cancelled: If the request was cancelled.
            StudioError: If the request is not possible, or the model's own answer has no end.
        """
        asked = PolicyRequest(observation=observation, request_id=request_id, cancelled=cancelled)
        with self._busy, enough_memory():
            own = self._task(asked)
            plan = self._finished(own, self._writer.write([own.decoding])[0])
            prefixes = [self._writer.up_to_actions(plan, trace, own.decoding) for trace in traces]
            tasks = [self._task(asked) for _ in traces]
            requests = [
                replace(one, on_tokens=task.progress, cancelled=cancelled)
                for one, task in zip(fork(own.decoding, prefixes), tasks, strict=True)
            ]
            decoded = self._writer.write(requests) if requests else []
            return [plan, *(self._finished(t, d) for t, d in zip(tasks, decoded, strict=True))]

    def _task(self, request: PolicyRequest) -> _Task:
        """Check a request and make the model's inputs."""
        observation, trace = request.observation, request.trace
        check_request(observation, trace)
        started = time.perf_counter()
        images = self._maker.images(observation, trace)
        write = reasoning_prompt if trace is None else steered_prompt
        prompt = write(observation.instruction, len(images))
        inputs = self._maker.inputs(prompt, images)
        blank = Reasoning(
            request_id=request.request_id,
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
            on_stage=request.on_stage,
        )
        decoding = self._writer.request(
            inputs,
            images=len(images),
            steered=trace is not None,
            session=request.session,
            on_tokens=progress,
            cancelled=request.cancelled,
        )
        return _Task(
            request=request,
            started=started,
            images=images,
            blank=blank,
            progress=progress,
            decoding=decoding,
        )

    def _finished(self, task: _Task, decoded: Decoded) -> Reasoning:
        if decoded.error is not None:
            raise decoded.error
        return self._answer(task, decoded.ids)

    def _answer(self, task: _Task, ids: list[int]) -> Reasoning:
        """Read a complete answer."""
        answer = self._read(replace(task.blank, text=self._text(ids)), task.progress)
        total = time.perf_counter() - task.started
        warnings = input_warnings(
            task.images,
            wanted=self._capabilities.images,
            crop=int(max(self._loaded.config.vit_config.image_default_input_size)),
            tiled=self._loaded.processor.images.crop_mode != "resize",
        )
        return replace(
            answer,
            timings={**task.progress.timings, "actions": total, "total": total},
            warnings=(*warnings, *answer.warnings),
        )

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
        asked = parsed.traces if answer.steered_by is None else (answer.steered_by,)
        return replace(
            answer,
            depth=parsed.depth,
            depth_map=progress.depth_map,
            traces=parsed.traces,
            chunk=ActionChunk(actions=actions),
            warnings=(*parsed.warnings, *action_warnings(actions, self._stats, asked)),
        )


def load_policy(
    model: str,
    *,
    dtype: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    norm_key: str | None = None,
    decoding: str = "exact",
    progress: Callable[[str], None] | None = None,
) -> LocalPolicy:
    """Load a checkpoint from a folder or the hub.

    Args:
        model: Folder, or hub id such as "allenai/MolmoAct-7B-D-0812".
        dtype: "auto" (fp32 on a CPU, bf16 on a GPU), "fp32", "bf16" or "fp16".
        device: "auto" (a GPU when there is one), "cpu", "cuda" or "cuda:N".
        threads: CPU threads for torch; default: two at most.
        norm_key: Entry of the checkpoint's action statistics, if it has several.
        progress: Told how far the loading of large weights is.
        decoding: "exact", "constrained" or "reference", see
            :class:`core.policy.writer.Decoding`.

    Raises:
        StudioError: If the device is not there or the checkpoint cannot be loaded.
    """
    torch.set_num_threads(threads or min(MAX_THREADS, os.cpu_count() or 1))
    place, folder = pick_device(device), find_folder(model)
    digest = hash_in_background(folder)
    loaded = load_checkpoint(folder, DTYPES[dtype], place, progress)
    if not Path(model).is_dir():  # a hub id tells more than the name of its snapshot
        loaded = replace(loaded, name=model)
    policy = LocalPolicy(loaded, norm_key=norm_key, decoding=decoding)
    policy.warm_up()
    digest.add_done_callback(lambda done: policy.note_checkpoint(done.result()))
    return policy


def _as_sentence(error: Exception) -> StudioError:
    if isinstance(error, StudioError):
        return error
    logger.error("a request of a batch failed", exc_info=error)
    return StudioError(f"The request failed ({type(error).__name__}); the log has the details.")
