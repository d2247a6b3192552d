from __future__ import annotations

import numpy as np
import pytest
import torch

from core.decoding.engine import DecodingEngine
from core.decoding.graphs import BUCKETS
from core.decoding.kv_cache import RollbackCache
from core.decoding.lean import lean_pass
from core.decoding.network import Network
from core.decoding.requests import DecodeRequest
from core.decoding.watched import EPSILON
from core.model.parity.check import read_json
from core.model.parity.network import load_golden_model
from tests.core.decoding.recorded import loaded, said
from tests.core.model.tiny import tiny_model


def filled(cache: RollbackCache, lengths: list[int]) -> RollbackCache:
    generator = torch.Generator().manual_seed(3)
    for memory in (*cache._keys, *cache._values):
        memory.copy_(torch.randn(memory.shape, generator=generator))
    cache.lengths = lengths
    return cache


def tiny_cache(rows: int, size: int = 60) -> tuple[torch.nn.Module, RollbackCache]:
    model = tiny_model()
    cache = RollbackCache(model.config.llm_config, dtype=torch.float32, device=torch.device("cpu"))
    cache.reserve(rows, size)
    return model, cache


@pytest.mark.parametrize("length", [1, 2, 9, 32])
@pytest.mark.parametrize("start", [0, 40])
def test_the_lean_pass_equals_the_modules_bit_for_bit(length, start):
    decoder = loaded().model.model.transformer
    config = loaded().config.llm_config
    cache = RollbackCache(config, dtype=torch.float32, device=torch.device("cpu"))
    cache.reserve(2, 100)
    run = lean_pass(decoder, cache)
    assert run is not None
    ids = torch.arange(2 * length).view(2, length) + 100
    with torch.inference_mode():
        for count in (1, 2):
            given = ids[:count]
            outs = []
            for compute in (
                lambda g, s: run(g, s),
                lambda g, s: decoder(decoder.wte(g), s.positions, s.mask, s.causal, cache),
            ):
                filled(cache, [start, start + 3])
                many = count > 1
                span = cache.open_rows(count, length) if many else cache.open_row(0, length)
                outs.append((compute(given, span), [m.clone() for m in cache._keys]))
            assert torch.equal(outs[0][0], outs[1][0])
            assert all(torch.equal(a, b) for a, b in zip(outs[0][1], outs[1][1], strict=True))


def test_other_styles_have_no_lean_pass():
    for changes in ({"norm_after": True}, {"use_qk_norm": True}, {"hidden_act": "gelu"}):
        model = tiny_model(llm_config=changes)
        cache = RollbackCache(
            model.config.llm_config, dtype=torch.float32, device=torch.device("cpu")
        )
        assert lean_pass(model.model.transformer, cache) is None
    assert lean_pass(tiny_model().bfloat16().model.transformer, tiny_cache(1)[1]) is None


def test_a_rolled_back_cache_knows_nothing_of_what_was_taken_back():
    model = tiny_model()
    network, rng = Network(model, graphs=True), np.random.default_rng(0)
    network.cache.reserve(1, 200)
    kept: list[int] = []
    with torch.inference_mode():
        for _ in range(12):
            new = rng.integers(0, 64, rng.integers(1, 9)).tolist()
            network.cache.lengths[0] = len(kept)
            hidden = network.read([new])[0]
            keep = int(rng.integers(1, len(new) + 1))
            kept += new[:keep]
            wanted = model(torch.tensor([kept]), output_hidden_states=True).hidden_states[-1]
            torch.testing.assert_close(hidden[:keep], wanted[0, -keep:], atol=1e-4, rtol=1e-3)


def test_rows_of_different_lengths_do_not_see_each_other():
    model = tiny_model()
    network, rng = Network(model, graphs=True), np.random.default_rng(1)
    network.cache.reserve(3, 100)
    kept: list[list[int]] = [[], [], []]
    with torch.inference_mode():
        for _ in range(4):
            new = [rng.integers(0, 64, n).tolist() for n in rng.integers(1, 7, 3)]
            network.cache.lengths = [len(row) for row in kept]
            hidden = network.read(new)
            for row, tokens in enumerate(new):
                kept[row] += tokens
                wanted = model(torch.tensor([kept[row]]), output_hidden_states=True)
                torch.testing.assert_close(
                    hidden[row, : len(tokens)],
                    wanted.hidden_states[-1][0, -len(tokens) :],
                    atol=1e-4,
                    rtol=1e-3,
                )
        network.cache.lengths = [len(row) for row in kept]
        network.cache.copy_row(2, 0)
        network.cache.lengths[0] = len(kept[2])
        again = network.read([[5]])[0, -1]
        wanted = model(torch.tensor([[*kept[2], 5]]), output_hidden_states=True).hidden_states[-1]
        torch.testing.assert_close(again, wanted[0, -1], atol=1e-4, rtol=1e-3)


def test_fixed_shapes_give_the_same_states():
    """What a recorded pass computes: all of the memory under a mask, junk behind the tokens."""
    network = Network(tiny_model(), graphs=True)
    network.cache.reserve(1, 60 + BUCKETS[-1])
    with torch.inference_mode():
        first = network.read([[1, 2, 3, 4, 5]])
        network.cache.lengths = [5]
        wanted = network.read([[6, 7, 8]])[0]
        network.cache.lengths = [5]
        positions = torch.arange(5, 21)[None]
        span = network.cache.open_at(positions, keys=network.cache.size)
        got = network._through_modules(torch.tensor([[6, 7, 8, *[0] * 13]]), span)[0, :3]
    assert first.shape == (1, 5, 32)
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)


def test_the_order_of_sums_changes_logits_by_less_than_epsilon():
    wanted = said(0, 1, False)
    model, inputs = loaded().model, wanted.prompt.inputs
    network = Network(model, graphs=False)
    network.cache.reserve(1, 500)
    prompt = inputs["input_ids"].shape[1]
    tokens = [int(inputs["input_ids"][0, -1]), *wanted.ids]
    with torch.inference_mode():
        states = [network.read_prompt(inputs, tokens[:20], 0)]
        for first in range(20, len(tokens), 16):
            network.cache.lengths[0] = prompt - 1 + first
            states.append(network.read([tokens[first : first + 16]])[0])
        rough = model.lm_head(torch.cat(states))
        whole = dict(inputs) | {
            "input_ids": torch.cat([inputs["input_ids"], torch.tensor([wanted.ids])], 1)
        }
        whole.pop("attention_mask")
        exact = model(**whole).logits[0, prompt - 1 :]
    assert (rough - exact).abs().max() < EPSILON / 5


CASES = ["single_reason", "single_steer", "multi_reason", "multi_steer", "batch2"]


@pytest.mark.parametrize("restricted", [True, False])
def test_golden_ids_through_the_engine(golden, restricted):
    folder = golden / "model_a"
    model = load_golden_model(folder)
    cases = read_json(folder / "meta.json")["cases"]
    assert set(CASES) <= cases.keys()
    engine = DecodingEngine(model.model, end_ids=frozenset(), restricted=restricted)
    for case in CASES:
        given = np.load(folder / f"inputs_{case}.npz")
        meta = cases[case]
        greedy = np.load(folder / f"generate_{case}.npz")["new_tokens"]
        requests = []
        for inputs in golden_inputs(model, folder, meta):
            assert inputs["input_ids"].shape[1] in (given["attention_mask"] > 0).sum(1)
            requests.append(DecodeRequest(inputs=inputs, max_new_tokens=greedy.shape[1]))
        done = engine.decode_batch(requests)
        assert [one.ids for one in done] == greedy.tolist()


def golden_inputs(model, folder, meta) -> list[dict[str, torch.Tensor]]:
    from core.model.parity.network import _picture

    texts = meta["text"] if isinstance(meta["text"], list) else [meta["text"]]
    pictures = [[_picture(folder, name) for name in row] for row in meta["crops"]]
    nested = "[[" in meta["image_nesting"]
    return [
        model.processor([text], [row], wrap=False, number=nested)
        for text, row in zip(texts, pictures, strict=True)
    ]
