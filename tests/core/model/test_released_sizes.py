"""Key names and shapes of the released 7B checkpoints (handbook molmoact.md 3.1 and 3.3)."""

from __future__ import annotations

import pytest
import torch

from core.model import memory
from core.model.configuration import MolmoActConfig
from core.model.modeling import MolmoActForActionReasoning

STYLE_O = {
    "vit_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 23,
        "head_dim": 64,
        "hidden_act": "quick_gelu",
        "layer_norm_eps": 1e-5,
        "image_default_input_size": [336, 336],
        "image_num_pos": 577,
        "use_cls_token": True,
        "patch_bias": False,
        "pre_layernorm": True,
    },
    "adapter_config": {
        "vit_layers": [-2, -9],
        "hidden_size": 1024,
        "head_dim": 64,
        "intermediate_size": 11008,
        "text_hidden_size": 4096,
        "image_padding_embed": "pad_and_partial_pad",
    },
    "llm_config": {
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "num_hidden_layers": 32,
        "intermediate_size": 11008,
        "vocab_size": 100864,
        "qkv_bias": False,
        "rope_theta": 5e5,
        "use_qk_norm": True,
        "norm_after": True,
    },
}


def shapes(config: MolmoActConfig) -> dict[str, list[int]]:
    with torch.device("meta"):
        model = MolmoActForActionReasoning(config)
    return {name: list(value.shape) for name, value in model.state_dict().items()}


def total(found: dict[str, list[int]], part: str = "") -> float:
    """Parameters in millions."""
    return sum(torch.Size(shape).numel() for name, shape in found.items() if part in name) / 1e6


def test_7b_d() -> None:
    found = shapes(MolmoActConfig())
    block, vit = "model.transformer.blocks.27", "model.vision_backbone.image_vit"
    pool, project = (
        "model.vision_backbone.image_pooling_2d",
        "model.vision_backbone.image_projector",
    )
    expected = {
        "lm_head.weight": [152064, 3584],
        "model.transformer.wte.embedding": [152064, 3584],
        "model.transformer.wte.new_embedding": [128, 3584],
        f"{block}.self_attn.att_proj.weight": [4608, 3584],
        f"{block}.self_attn.att_proj.bias": [4608],
        f"{block}.self_attn.attn_out.weight": [3584, 3584],
        f"{block}.attn_norm.weight": [3584],
        f"{block}.ff_norm.weight": [3584],
        f"{block}.mlp.ff_proj.weight": [37888, 3584],
        f"{block}.mlp.ff_out.weight": [3584, 18944],
        "model.transformer.ln_f.weight": [3584],
        f"{vit}.patch_embedding.weight": [1152, 588],
        f"{vit}.patch_embedding.bias": [1152],
        f"{vit}.positional_embedding": [729, 1152],
        f"{vit}.transformer.resblocks.24.attention.wq.weight": [1152, 1152],
        f"{vit}.transformer.resblocks.24.attention.wo.bias": [1152],
        f"{vit}.transformer.resblocks.24.feed_forward.w1.weight": [4304, 1152],
        f"{vit}.transformer.resblocks.24.feed_forward.w2.bias": [1152],
        f"{vit}.transformer.resblocks.24.attention_norm.weight": [1152],
        f"{vit}.transformer.resblocks.24.ffn_norm.bias": [1152],
        f"{pool}.wq.weight": [1152, 2304],
        f"{pool}.wv.bias": [1152],
        f"{pool}.wo.weight": [1152, 1152],
        f"{project}.w1.weight": [18944, 1152],
        f"{project}.w2.weight": [3584, 18944],
        f"{project}.w3.weight": [18944, 1152],
    }
    assert {name: found.get(name) for name in expected} == expected
    assert not any("resblocks.25" in name or "class_" in name or "pre_ln" in name for name in found)
    assert not any("q_norm" in name or "pad_embed" in name for name in found)
    assert total(found) == pytest.approx(8120, abs=10)


def test_7b_o() -> None:
    found = shapes(MolmoActConfig(**STYLE_O))
    vit = "model.vision_backbone.image_vit"
    expected = {
        f"{vit}.class_embedding": [1024],
        f"{vit}.pre_ln.weight": [1024],
        f"{vit}.pre_ln.bias": [1024],
        f"{vit}.positional_embedding": [577, 1024],
        "model.vision_backbone.pad_embed": [2, 2048],
        "model.transformer.blocks.31.self_attn.q_norm.weight": [4096],
        "model.transformer.blocks.31.self_attn.k_norm.weight": [4096],
        "model.transformer.blocks.31.mlp.ff_proj.weight": [22016, 4096],
    }
    assert {name: found.get(name) for name in expected} == expected
    assert f"{vit}.patch_embedding.bias" not in found
    assert f"{vit}.transformer.resblocks.21.ffn_norm.weight" in found
    assert not any("resblocks.22" in name or "att_proj.bias" in name for name in found)
    assert total(found, "image_vit") == pytest.approx(278, abs=2)
    assert total(found, "image_p") == pytest.approx(75, abs=1)
    # the paper's 7.3 B
    assert total(found, "transformer.blocks") + 2 * 100864 * 4096 / 1e6 == pytest.approx(
        7300, abs=60
    )


def test_7b_does_not_fit_into_a_small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 8 * 2**30)
    with pytest.raises(memory.OutOfMemoryError) as caught:
        memory.require_memory(16_240_000_000, torch.device("cpu"), "the model (bfloat16)")
    assert str(caught.value).startswith(
        "the model (bfloat16) needs 15.1 GiB of memory and 8.0 GiB are free; "
    )
