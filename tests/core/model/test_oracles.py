"""Both model styles against transformers' own implementations of what they are made of."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    Olmo2Config,
    Olmo2ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from core.model.modeling import MolmoActForActionReasoning
from tests.core.model.tiny import tiny_model

LLM = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "tie_word_embeddings": False,
    "pad_token_id": None,
    "bos_token_id": None,
    "eos_token_id": None,
}
NORMS = {"attn_norm": "input_layernorm", "ff_norm": "post_attention_layernorm"}
LATE_NORMS = {"attn_norm": "post_attention_layernorm", "ff_norm": "post_feedforward_layernorm"}


def give_weights(
    oracle: torch.nn.Module, model: MolmoActForActionReasoning, norms: dict[str, str]
) -> None:
    """Copy the decoder's weights into an oracle with separate projections."""
    decoder, state = model.model.transformer, {}
    state["model.embed_tokens.weight"] = decoder.wte.embedding
    state["model.norm.weight"] = decoder.ln_f.weight
    state["lm_head.weight"] = model.lm_head.weight
    for i, block in enumerate(decoder.blocks):
        attention, name = block.self_attn, f"model.layers.{i}"
        widths = [attention.heads * 8, attention.kv_heads * 8, attention.kv_heads * 8]
        for kind in ("weight", "bias"):
            joined = getattr(attention.att_proj, kind)
            if joined is not None:
                for part, value in zip("qkv", joined.split(widths), strict=True):
                    state[f"{name}.self_attn.{part}_proj.{kind}"] = value
        state[f"{name}.self_attn.o_proj.weight"] = attention.attn_out.weight
        linear, gate = block.mlp.ff_proj.weight.chunk(2)
        state[f"{name}.mlp.up_proj.weight"] = linear
        state[f"{name}.mlp.gate_proj.weight"] = gate
        state[f"{name}.mlp.down_proj.weight"] = block.mlp.ff_out.weight
        for ours, theirs in norms.items():
            state[f"{name}.{theirs}.weight"] = getattr(block, ours).weight
        if attention.norm_type is not None:
            state[f"{name}.self_attn.q_norm.weight"] = attention.q_norm.weight
            state[f"{name}.self_attn.k_norm.weight"] = attention.k_norm.weight
    oracle.load_state_dict(state)


@pytest.mark.parametrize("style", ["qwen2", "olmo2", "qwen3"])
def test_decoder_computes_what_its_family_computes(style: str) -> None:
    if style == "qwen2":
        settings = {"rope_theta": 1e6}
        oracle = Qwen2ForCausalLM(Qwen2Config(**LLM, rope_theta=1e6))
    elif style == "olmo2":
        settings = {"qkv_bias": False, "norm_after": True, "use_qk_norm": True, "rope_theta": 5e5}
        oracle = Olmo2ForCausalLM(Olmo2Config(**LLM, rope_theta=5e5, rms_norm_eps=1e-6))
    else:
        settings = {"qkv_bias": False, "use_qk_norm": True, "qk_norm_type": "qwen3"}
        oracle = Qwen3ForCausalLM(Qwen3Config(**LLM, head_dim=8, rope_theta=1e6))
    model = tiny_model(llm_config=settings)
    give_weights(oracle.eval(), model, LATE_NORMS if style == "olmo2" else NORMS)
    ids = torch.randint(0, 64, (2, 17))
    with torch.inference_mode():
        torch.testing.assert_close(model(ids).logits, oracle(ids).logits, atol=2e-5, rtol=1e-4)


def vision_state(model: MolmoActForActionReasoning, clip: bool) -> dict[str, torch.Tensor]:
    """Rename the encoder's weights to transformers' CLIP or SigLIP names."""
    vit = model.model.vision_backbone.image_vit
    state: dict[str, torch.Tensor] = {}
    patch = vit.patch_embedding.weight.view(16, 4, 4, 3).permute(0, 3, 1, 2)
    state["embeddings.patch_embedding.weight"] = patch
    state["embeddings.position_embedding.weight"] = vit.positional_embedding
    if clip:
        state["embeddings.class_embedding"] = vit.class_embedding
        for kind in ("weight", "bias"):
            state[f"pre_layrnorm.{kind}"] = getattr(vit.pre_ln, kind)
    else:
        state["embeddings.patch_embedding.bias"] = vit.patch_embedding.bias
    names = {
        "attention.wq": "self_attn.q_proj",
        "attention.wk": "self_attn.k_proj",
        "attention.wv": "self_attn.v_proj",
        "attention.wo": "self_attn.out_proj",
        "feed_forward.w1": "mlp.fc1",
        "feed_forward.w2": "mlp.fc2",
        "attention_norm": "layer_norm1",
        "ffn_norm": "layer_norm2",
    }
    for i, block in enumerate(vit.transformer.resblocks):
        for ours, theirs in names.items():
            module = block.get_submodule(ours)
            for kind in ("weight", "bias"):
                state[f"encoder.layers.{i}.{theirs}.{kind}"] = getattr(module, kind)
    return state


@pytest.mark.parametrize("clip", [True, False])
def test_encoder_computes_what_its_family_computes(clip: bool) -> None:
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 4,
    }
    if clip:
        own = {
            "use_cls_token": True,
            "patch_bias": False,
            "pre_layernorm": True,
            "hidden_act": "quick_gelu",
            "layer_norm_eps": 1e-5,
            "image_num_pos": 17,
        }
        oracle = CLIPVisionModel(CLIPVisionConfig(**sizes, hidden_act="quick_gelu"))
    else:
        own = {}
        oracle = SiglipVisionModel(SiglipVisionConfig(**sizes, vision_use_head=False))
    model = tiny_model(vit_config=own)
    inner = getattr(oracle, "vision_model", oracle).eval()
    loaded = inner.load_state_dict(vision_state(model, clip), strict=False)
    assert not loaded.unexpected_keys
    assert all(key.startswith(("post_layernorm", "embeddings.position_ids")) for key in loaded[0])
    image = torch.randn(2, 3, 16, 16)
    patches = image.view(2, 3, 4, 4, 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(2, 16, 48)
    with torch.inference_mode():
        theirs = inner(image, output_hidden_states=True).hidden_states[1:]
        ours = model.model.vision_backbone.image_vit(patches)
    assert len(ours) == len(theirs) == 3
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


def test_class_token_is_no_patch_feature() -> None:
    settings = {"use_cls_token": True, "image_num_pos": 17, "patch_bias": False}
    backbone = tiny_model(vit_config=settings).model.vision_backbone
    images = torch.randn(1, 2, 16, 48)
    with torch.inference_mode():
        outputs = backbone.image_vit(images[0])
        wanted = torch.cat([outputs[2], outputs[0]], dim=-1)[:, 1:]
        assert torch.equal(backbone.patch_features(images)[0], wanted)


def test_pad_embedding_is_loaded_but_never_applied() -> None:
    plain, padded = (
        tiny_model(),
        tiny_model(adapter_config={"image_padding_embed": "pad_and_partial_pad"}),
    )
    names = padded.state_dict().keys() - plain.state_dict().keys()
    assert names == {"model.vision_backbone.pad_embed"}
    assert padded.state_dict()["model.vision_backbone.pad_embed"].shape == (2, 32)
    padded.load_state_dict(plain.state_dict(), strict=False)
    images, indices = torch.randn(1, 1, 16, 48), torch.tensor([[[0, 1, 4, -1], [2, -1, -1, -1]]])
    with torch.inference_mode():
        a, b = plain.encode_images(images, indices), padded.encode_images(images, indices)
    assert torch.equal(a, b)
