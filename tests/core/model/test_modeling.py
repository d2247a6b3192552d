from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache, StaticCache

from core.model.configuration import ConfigError, MolmoActConfig
from core.model.modeling import ModelInputError
from core.model.stem import stem_strides
from tests.core.model.tiny import PATCH_ID, picture_inputs, tiny_config, tiny_model


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(1)


def test_cached_decoding_gives_the_same_logits() -> None:
    model, inputs = tiny_model(), picture_inputs()
    ids = inputs.pop("input_ids")
    with torch.inference_mode():
        whole = model(ids, **inputs).logits
        cache = DynamicCache()
        parts = [model(ids[:, :9], **inputs, past_key_values=cache).logits]
        parts.append(model(ids[:, 9:10], past_key_values=cache).logits)
        parts.append(model(ids[:, 10:], past_key_values=cache).logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-4)


def test_static_cache_gives_the_same_logits() -> None:
    model, ids = tiny_model(), torch.randint(0, 64, (1, 12))
    cache = StaticCache(config=model.config, max_cache_len=20)
    with torch.inference_mode():
        whole = model(ids).logits
        parts = [model(ids[:, :7], past_key_values=cache).logits]
        parts += [model(ids[:, i : i + 1], past_key_values=cache).logits for i in range(7, 12)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-4)


def test_left_padding_does_not_change_a_prompt() -> None:
    model, ids = tiny_model(), torch.randint(0, 64, (1, 10))
    padded = torch.cat([torch.zeros(1, 4, dtype=torch.long), ids], dim=1)
    mask = torch.tensor([[0] * 4 + [1] * 10])
    with torch.inference_mode():
        alone = model(ids, attention_mask=torch.ones_like(ids)).logits
        result = model(padded, attention_mask=mask, use_cache=True)
        torch.testing.assert_close(result.logits[:, 4:], alone, atol=1e-5, rtol=1e-4)
        assert result.logits.isfinite().all()
        longer = torch.cat([mask, torch.ones(1, 1, dtype=torch.long)], dim=1)
        step = model(ids[:, :1], attention_mask=longer, past_key_values=result.past_key_values)
        wanted = model(torch.cat([ids, ids[:, :1]], dim=1)).logits[:, -1:]
    torch.testing.assert_close(step.logits, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("additive", [False, True])
def test_own_mask_packs_two_answers_behind_one_prompt(additive: bool) -> None:
    model = tiny_model()
    prompt, first, second = torch.randint(0, 64, (1, 6)), *torch.randint(0, 64, (2, 1, 5))
    mask = torch.ones(16, 16).tril().bool()
    mask[11:, 6:11] = False
    given = torch.zeros(16, 16).masked_fill(~mask, float("-inf")) if additive else mask
    positions = torch.tensor([[*range(11), *range(6, 11)]])
    packed = torch.cat([prompt, first, second], dim=1)
    with torch.inference_mode():
        logits = model(packed, attention_mask=given[None, None], position_ids=positions).logits
        alone = model(torch.cat([prompt, second], dim=1)).logits
    torch.testing.assert_close(logits[:, 11:], alone[:, 6:], atol=1e-5, rtol=1e-4)


def test_picture_vectors_can_be_made_beforehand() -> None:
    model, inputs = tiny_model(), picture_inputs(batch=2, crops=2)
    with torch.inference_mode():
        features = model.encode_images(inputs["images"], inputs["pooled_patches_idx"])
        assert features.shape == (16, 32)
        together = model(**inputs).logits
        flat = model(inputs["input_ids"], image_features=features).logits
        stacked = model(inputs["input_ids"], image_features=features.view(2, 8, 32)).logits
    assert torch.equal(together, flat)
    assert torch.equal(together, stacked)


def test_picture_vectors_are_added_in_order() -> None:
    model, inputs = tiny_model(), picture_inputs(batch=2)
    features = torch.randn(8, 32)
    ids = inputs["input_ids"]
    with torch.inference_mode():
        plain, with_pictures = model.embed(ids, None), model.embed(ids, features)
    added = with_pictures - plain
    torch.testing.assert_close(added[ids == PATCH_ID], features)
    assert not added[ids != PATCH_ID].any()


@pytest.mark.parametrize("count", [0, 3, 5])
def test_another_number_of_vectors_is_refused(count: int) -> None:
    model, inputs = tiny_model(), picture_inputs()
    with pytest.raises(ModelInputError, match=f"4 image tokens and the pictures give {count}"):
        model(inputs["input_ids"], image_features=torch.zeros(count, 32))


def test_incomplete_inputs_are_refused() -> None:
    model, inputs = tiny_model(), picture_inputs()
    with pytest.raises(ModelInputError, match="pooled_patches_idx"):
        model(inputs["input_ids"], images=inputs["images"])
    with pytest.raises(ModelInputError, match="either"):
        model()


def test_empty_slots_are_zeroed_but_not_masked() -> None:
    """Attention pooling as in the release: see handbook molmoact.md 3.2, item 3."""
    backbone = tiny_model().model.vision_backbone
    features, pool = torch.randn(1, 1, 16, 32), backbone.image_pooling_2d
    with torch.inference_mode():
        got = backbone.pool(features, torch.tensor([[[3, -1, 5, -1]]]))[0, 0]
        slots = torch.stack(
            [features[0, 0, 3], torch.zeros(32), features[0, 0, 5], torch.zeros(32)]
        )
        query = pool.wq(slots.mean(0)).view(2, 8)
        keys, values = pool.wk(slots).view(4, 2, 8), pool.wv(slots).view(4, 2, 8)
        weights = (torch.einsum("hd,shd->hs", query, keys) / 8**0.5).softmax(-1)
        pooled = pool.wo(torch.einsum("hs,shd->hd", weights, values).reshape(1, -1))
        wanted = backbone.image_projector(pooled)[0]
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-4)


def test_repeated_crops_are_encoded_once() -> None:
    backbone, seen = tiny_model().model.vision_backbone, []
    backbone.image_vit.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    images = torch.randn(2, 3, 16, 48)
    images[0, 1] = images[0, 0]
    images[1, 1:] = -1.0
    with torch.inference_mode():
        shared = backbone.patch_features(images)
    separate = backbone.patch_features(images)
    assert seen == [4, 6]
    torch.testing.assert_close(shared, separate, atol=1e-5, rtol=1e-4)


def test_positions_are_stretched_to_another_grid() -> None:
    vit = tiny_model().bfloat16().model.vision_backbone.image_vit
    assert torch.equal(vit.positions((4, 4)), vit.positional_embedding)
    assert vit.positions((6, 5)).shape == (30, 16)
    assert vit.positions((6, 5)).dtype == torch.bfloat16


def test_tokens_without_patches_are_left_out() -> None:
    model = tiny_model()
    indices = torch.tensor([[[0, 1], [-1, -1], [2, -1]]])
    with torch.inference_mode():
        assert model.encode_images(torch.randn(1, 1, 16, 48), indices).shape == (2, 32)


def test_pooling_of_one_patch_equals_attention_to_it() -> None:
    pool = tiny_model().model.vision_backbone.image_pooling_2d
    slots = torch.randn(5, 1, 32)
    with torch.inference_mode():
        twice = pool(slots, slots.expand(-1, 2, -1))
        torch.testing.assert_close(pool(slots, slots), twice, atol=1e-6, rtol=1e-5)


def test_ids_beyond_the_vocabulary_read_the_second_table() -> None:
    wte = tiny_model().model.transformer.wte
    with torch.inference_mode():
        rows = wte(torch.tensor([[0, 63, 64, 71, -1]]))[0]
    assert torch.equal(rows[1], wte.embedding[63])
    assert torch.equal(rows[2], wte.new_embedding[0])
    assert torch.equal(rows[3], wte.new_embedding[7])
    assert torch.equal(rows[4], wte.embedding[0])


def test_logits_can_be_limited_and_hidden_states_kept() -> None:
    model, ids = tiny_model(), torch.randint(0, 64, (1, 9))
    with torch.inference_mode():
        result = model(ids, output_hidden_states=True)
        last = model(ids, logits_to_keep=2).logits
        torch.testing.assert_close(last, result.logits[:, -2:], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(model.lm_head(result.hidden_states[-1]), result.logits)
    assert len(result.hidden_states) == 3


@pytest.mark.parametrize("stem", ["linear", "conv"])
def test_every_weight_learns(stem: str) -> None:
    model, inputs = tiny_model(vit_config={"patch_stem": stem}).train(), picture_inputs(batch=2)
    labels = inputs["input_ids"].masked_fill(inputs["input_ids"] >= 64, -100)
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(**inputs, labels=labels).loss
    loss.backward()
    still = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    # keys shift every score of a query alike, so that their bias has no effect
    assert {name for name in still if not name.endswith("wk.bias")} == set()


def test_conv_stem_turns_each_patch_into_one_token() -> None:
    assert [stem_strides(p) for p in (16, 20, 14)] == [[2, 2, 2, 2], [2, 2, 5], [2, 7]]
    model = tiny_model(vit_config={"patch_stem": "conv"})
    stem = model.model.vision_backbone.image_vit.patch_embedding
    patches = torch.zeros(1, 16, 48)
    with torch.inference_mode():
        before = stem(patches)
        patches[0, 15] = 1.0
        changed = (stem(patches) - before).abs().amax(-1)[0]
    assert before.shape == (1, 16, 16)
    assert changed[15] > 1e-3
    assert changed[0] == 0.0


def test_generate_passes_pictures_once() -> None:
    model, inputs = tiny_model(), picture_inputs()
    new = model.generate(**inputs, max_new_tokens=4, do_sample=False, pad_token_id=0)
    ids = inputs.pop("input_ids")
    with torch.inference_mode():
        for _ in range(4):
            newest = model(ids, **inputs).logits[:, -1].argmax(-1, keepdim=True)
            ids = torch.cat([ids, newest], dim=1)
    assert torch.equal(new, ids)


def test_bfloat16_stays_close_to_float32() -> None:
    model, inputs = tiny_model(), picture_inputs()
    with torch.inference_mode():
        exact = model(**inputs).logits
        model.bfloat16()
        length = inputs["input_ids"].shape[1]
        mask = torch.full((length, length), float("-inf")).triu(1)[None, None]
        rough = model(**inputs, attention_mask=mask).logits
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).abs().mean() < 0.1 * exact.std()


def test_gradient_checkpointing_gives_the_same_gradients() -> None:
    gradients = []
    for checkpointing in (False, True):
        model = tiny_model().train()
        if checkpointing:
            model.gradient_checkpointing_enable()
        torch.manual_seed(3)
        ids = torch.randint(0, 64, (1, 8))
        model(ids, labels=ids).loss.backward()
        gradients.append(model.lm_head.weight.grad)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("part", "field", "value", "sentence"),
    [
        ("vit_config", "patch_stem", "fourier", "patch_stem"),
        ("adapter_config", "vit_layers", [-5], "vit_layers"),
        ("adapter_config", "image_padding_embed", "regress", "image_padding_embed"),
        ("llm_config", "num_key_value_heads", 3, "multiple"),
        ("llm_config", "rope_scaling", {"rope_type": "linear", "factor": 2.0}, "rope_scaling"),
    ],
)
def test_impossible_configurations_are_refused(
    part: str, field: str, value: object, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        tiny_model(**{part: {field: value}})


def test_configuration_survives_its_file(tmp_path) -> None:
    config = tiny_config(vit_config={"patch_stem": "conv"})
    config.image_size, config.depth_range = [320, 240], {"near": 0.4, "far": 1.6}
    config.save_pretrained(tmp_path)
    again = MolmoActConfig.from_pretrained(tmp_path)
    assert again.to_diff_dict() == config.to_diff_dict()
    assert again.vit_config.patch_stem == "conv"
    assert again.llm_config.init_scale == 1.0
