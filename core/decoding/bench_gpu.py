"""``main.py bench gpu``: the engine on a network of 7B-D's shape with random weights.

How long a pass takes depends on shapes, not on values, so no weights are needed. Which tokens an
answer has does not depend on them either: recorded answers are replayed (with Qwen2's tokenizer),
each guessed from the one before, and every pass that this takes is run on the network.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from core.decoding.bench_inputs import recorded_prompts
from core.decoding.bench_replay import qwen2_streams, replayed
from core.decoding.course import GrammarCourse
from core.decoding.drafts import GPU
from core.decoding.engine import DecodingEngine
from core.decoding.grammar import AnswerGrammar, Part
from core.decoding.graphs import BUCKETS
from core.decoding.heads import Heads
from core.decoding.network import Network
from core.decoding.replay import qwen2_tokenizer
from core.decoding.requests import DecodeRequest
from core.model.configuration import MolmoActConfig
from core.model.loading import load_checkpoint
from core.model.modeling import MolmoActForActionReasoning
from core.policy.server import EMBEDDED_MODEL
from core.protocol.partial import partial_answer
from core.report import Report
from core.types import StudioError

BANDWIDTHS = {"H100": 3.35e12, "H200": 4.8e12, "A100": 2.04e12, "5090": 1.79e12, "4090": 1.01e12}
"""Memory bandwidth [bytes/s] of the data sheets, by a part of the device's name."""

PROMPT_TOKENS, CROPS, TOKENS_PER_CROP = 1000, 4, 196
SHARE_GOAL, CYCLE_GOAL_S = 0.75, 1.3
TINY = {
    "llm_config": {
        "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "num_hidden_layers": 2, "intermediate_size": 128,
    },
    "vit_config": {
        "hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16,
        "num_hidden_layers": 9, "intermediate_size": 64,
    },
    "adapter_config": {
        "hidden_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16,
        "intermediate_size": 64, "text_hidden_size": 64,
    },
}  # fmt: skip
"""Sizes that a CPU runs, to try the command; its vocabulary is that of 7B-D."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench gpu``."""
    parser.add_argument("--shape", choices=("7b-d", "tiny"), default="7b-d", help="network")
    parser.add_argument("--repeats", type=int, default=20, help="passes of each length")
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run_bench_gpu(arguments: argparse.Namespace) -> int:
    """Run ``main.py bench gpu``; returns 0 when it ran, whether or not goals are reached.

    Raises:
        StudioError: If there is no GPU for the 7B-D shape.
    """
    cuda = torch.cuda.is_available()
    if arguments.shape == "7b-d" and not cuda:
        raise StudioError(
            "There is no GPU here, so nothing was measured. --shape tiny tries the command on a "
            "CPU; its times say nothing about a GPU."
        )
    if arguments.repeats < 1:
        raise StudioError(f"--repeats is {arguments.repeats}; at least one is needed")
    device = torch.device("cuda" if cuda else "cpu")
    report = Report(f"main.py bench gpu --shape {arguments.shape}", 0)
    tell("making the network")
    torch.manual_seed(0)
    model = _network(arguments.shape, device)
    grammar, streams = _streams()
    network = Network(model, graphs=True)
    network.cache.reserve(1, PROMPT_TOKENS + 512 + 1 + GPU.longest)
    heads = Heads(model.lm_head.weight)
    clock = _clock(device)
    with torch.inference_mode():
        inputs = _prompt(model)
        per_pass = _passes(network, model, heads, grammar, arguments.repeats, clock, report)
        cycles, rows = _cycles(network, heads, grammar, streams, inputs, clock)
    plain = _plain(model, network, inputs, clock)
    ours = median(cycles)
    tokens = median(len(stream) for stream in streams)
    report.add_row(what="cycle, grammar and replayed guesses", ms=round(ours * 1e3, 1))
    report.add_row(what="until the first action row", ms=round(median(rows) * 1e3, 1))
    for name, seconds in plain.items():
        report.add_row(what=f"{name}, one token", ms=round(seconds * 1e3, 2))
        report.add_row(what=f"{name}, a whole answer", ms=round(seconds * tokens * 1e3, 1))
    if cuda:
        peak = torch.cuda.max_memory_allocated(device) / 2**30
        report.add_row(what="peak memory [GiB]", ms=None, gib=round(peak, 1))
    _goals(report, device, model, grammar, per_pass, ours, plain, tokens)
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def tell(text: str) -> None:
    """Say how far the bench is."""
    print(text, file=sys.stderr, flush=True)


def _network(shape: str, device: torch.device) -> MolmoActForActionReasoning:
    config = MolmoActConfig() if shape == "7b-d" else MolmoActConfig(**TINY)  # pyright: ignore[reportArgumentType]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16 if device.type == "cuda" else torch.float32)
    try:
        with device:
            return MolmoActForActionReasoning(config).eval()
    finally:
        torch.set_default_dtype(default)


def _streams() -> tuple[AnswerGrammar, list[list[int]]]:
    """Return recorded answers of one episode in Qwen2's tokens."""
    loaded = load_checkpoint(str(EMBEDDED_MODEL), torch.float32)
    end_ids = frozenset({loaded.processor.ids.eos})
    engine = DecodingEngine(loaded.model, end_ids=end_ids)
    answers: list[list[int]] = []
    for prompt in recorded_prompts(loaded):
        if not prompt.steered and prompt.episode == 0:
            request = DecodeRequest(
                inputs=prompt.inputs, max_new_tokens=320, grammar=prompt.grammar
            )
            answers.append(engine.decode(request).ids)
    return qwen2_streams(loaded, answers)


def _prompt(model: MolmoActForActionReasoning) -> dict[str, Tensor]:
    """Return a prompt of two cameras: picture tokens and text, with encoded random crops."""
    config, device = model.config, model.device
    vit = config.vit_config
    crops = torch.randn(
        1, CROPS, vit.image_num_pos, 3 * vit.image_patch_size**2, device=device, dtype=model.dtype
    )
    slots = torch.arange(CROPS * TOKENS_PER_CROP * 4, device=device) % (CROPS * vit.image_num_pos)
    features = model.encode_images(crops, slots.view(1, CROPS * TOKENS_PER_CROP, 4))
    ids = torch.randint(0, 1000, (1, PROMPT_TOKENS), device=device)
    ids[0, : len(features)] = config.image_patch_id
    return {"input_ids": ids, "image_features": features}


def _passes(
    network: Network,
    model: MolmoActForActionReasoning,
    heads: Heads,
    grammar: AnswerGrammar,
    repeats: int,
    clock: Callable[[], float],
    report: Report,
) -> dict[int, float]:
    """Time passes of every bucket's length behind a prompt; returns seconds by length."""
    network.read_prompt(_prompt(model), (), 0)
    course = GrammarCourse(grammar, heads)
    choice = course.choice(course.start.place)
    found: dict[int, float] = {}
    for tokens in BUCKETS:
        times: list[float] = []
        for repeat in range(repeats + 2):  # the first ones record
            network.cache.lengths[0] = PROMPT_TOKENS
            started = clock()
            hidden = network.read([[0] * tokens])
            heads.choose(hidden[0], [choice] * tokens, weighed=True)
            if repeat > 1:
                times.append(clock() - started)
        found[tokens] = median(times)
        report.add_row(what=f"pass of {tokens} tokens", ms=round(found[tokens] * 1e3, 2))
        tell(f"pass of {tokens} tokens: {found[tokens] * 1e3:.2f} ms")
    return found


def _cycles(
    network: Network,
    heads: Heads,
    grammar: AnswerGrammar,
    streams: list[list[int]],
    inputs: dict[str, Tensor],
    clock: Callable[[], float],
) -> tuple[list[float], list[float]]:
    """Run every pass of the replayed answers; returns seconds per answer and to its first row."""
    course, tokenizer = GrammarCourse(grammar, heads), qwen2_tokenizer()
    cycles: list[float] = []
    rows: list[float] = []
    started, current, first = clock(), None, True
    for answer, draft in replayed(grammar, streams, course, inputs):
        if answer is not current:
            if current is not None:
                cycles.append(clock() - started)
            started, current, first = clock(), answer, True
            hidden = network.read_prompt(inputs, draft.tokens, 0)[None]
        else:
            network.cache.lengths[0] = answer.length
            hidden = network.read([draft.tokens])
        choices = [course.choice(place) for place in draft.places]
        heads.choose(hidden[0, draft.at], choices, weighed=True)
        if first and partial_answer(str(tokenizer.decode(answer.ids))).rows:
            rows.append(clock() - started)
            first = False
    cycles.append(clock() - started)
    return cycles, rows


def _plain(
    model: MolmoActForActionReasoning,
    network: Network,
    inputs: dict[str, Tensor],
    clock: Callable[[], float],
    tokens: int = 32,
) -> dict[str, float]:
    """Return seconds per token of Hugging Face's ``generate`` and of our one-token passes."""
    with torch.inference_mode():
        times: list[float] = []
        for wanted in (2, tokens + 2):
            started = clock()
            model.generate(  # pyright: ignore
                **inputs, max_new_tokens=wanted, min_new_tokens=wanted, do_sample=False,
                pad_token_id=0, eos_token_id=None,
            )  # fmt: skip
            times.append(clock() - started)
        network.read_prompt(inputs, (), 0)
        network.cache.lengths[0] = PROMPT_TOKENS - 1
        started = clock()
        for _ in range(tokens):
            hidden = network.read([[0]])
            int(model.lm_head(hidden[0, -1]).argmax())
            network.cache.lengths[0] += 1
        loop = (clock() - started) / tokens
    return {"HF generate": (times[1] - times[0]) / tokens, "our loop, full head": loop}


def _goals(
    report: Report,
    device: torch.device,
    model: MolmoActForActionReasoning,
    grammar: AnswerGrammar,
    per_pass: dict[int, float],
    cycle: float,
    plain: dict[str, float],
    tokens: float,
) -> None:
    blocks = sum(p.nbytes for p in model.model.transformer.blocks.parameters())
    rows = len(grammar.head_ids(Part.DEPTH))
    size = blocks + rows * model.lm_head.weight.shape[1] * model.lm_head.weight.element_size()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    speed = next((value for part, value in BANDWIDTHS.items() if part in name), None)
    if speed is not None:
        share = size / per_pass[1] / speed
        report.add_goal(
            f"share of memory bandwidth ({name})", share, "", f">= {SHARE_GOAL}",
            share >= SHARE_GOAL,
        )  # fmt: skip
    known = device.type == "cuda"
    goal = f"<= {CYCLE_GOAL_S} s on an H100" if known else ""
    report.add_goal("cycle", cycle, "s", goal, cycle <= CYCLE_GOAL_S)
    report.add_goal("faster than HF generate", plain["HF generate"] * tokens / cycle, "x", "", True)


def _clock(device: torch.device) -> Callable[[], float]:
    """Return a clock that waits for the device first."""

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()

    return now
