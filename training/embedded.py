"""The embedded model: MolmoAct's class at a size that runs on two CPU cores.

About 4 million numbers. Frames are reduced to 160 x 120 px, squashed to one crop of 160 x 160 px
and cut into 8 x 8 patches that all become tokens (no pooling). Released checkpoints differ in sizes
only, and in three options of ours that are off there: the convolutional stem, the initialisation,
and the shift of the second picture's indices (``multi_image_quirk``).
"""

from __future__ import annotations

import math

import torch
from transformers import PreTrainedTokenizerFast

from core.model.configuration import (
    MolmoActAdapterConfig,
    MolmoActConfig,
    MolmoActLlmConfig,
    MolmoActVitConfig,
)
from core.model.modeling import MolmoActForActionReasoning
from core.model.tokens import token_ids
from core.protocol.statistics import NormStats
from training.collect import IMAGE_SIZE
from training.encoding import AnswerEncoder
from training.tokenizer import vocabulary_size

CROP = 160
PATCH = 20
GRID = CROP // PATCH
PATCHES = GRID * GRID
WIDTH = 192
NORM_KEY = "lab_fr3"
DEPTH_RANGE = {"near": 0.55, "far": 2.6}
"""Distances [m] that the ends of the depth scale stand for."""

EXECUTE_STEPS = 2


def embedded_config(tokenizer: PreTrainedTokenizerFast, statistics: NormStats) -> MolmoActConfig:
    """Return the embedded model's configuration."""
    vit = MolmoActVitConfig(
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=6,
        head_dim=32,
        image_default_input_size=(CROP, CROP),
        image_patch_size=PATCH,
        image_num_pos=PATCHES,
        float32_attention=False,
        patch_stem="conv",
    )
    adapter = MolmoActAdapterConfig(
        vit_layers=(-1, -3),
        hidden_size=WIDTH,
        num_attention_heads=6,
        num_key_value_heads=6,
        head_dim=32,
        float32_attention=False,
        intermediate_size=2 * WIDTH,
        text_hidden_size=WIDTH,
    )
    llm = MolmoActLlmConfig(
        hidden_size=WIDTH,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        vocab_size=vocabulary_size(tokenizer),
        num_hidden_layers=4,
        intermediate_size=512,
        max_position_embeddings=2048,
        rope_theta=10_000.0,
        init_scale=1.0,
    )
    return MolmoActConfig(
        vit_config=vit,
        adapter_config=adapter,
        llm_config=llm,
        image_patch_id=token_ids(tokenizer).image_patch,
        norm_stats={NORM_KEY: statistics.to_config()},
        default_norm_key=NORM_KEY,
        image_size=list(IMAGE_SIZE),
        depth_range=dict(DEPTH_RANGE),
        execute_steps=EXECUTE_STEPS,
        multi_image_quirk=False,
        architectures=["MolmoActForActionReasoning"],
    )


PREPROCESSOR = {
    "image_processor_type": "MolmoActImageProcessor",
    "crop_mode": "resize",
    "resize_mode": "siglip",
    "normalize_mode": "siglip",
    "base_image_input_size": [CROP, CROP],
    "image_patch_size": PATCH,
    "image_pooling_h": 1,
    "image_pooling_w": 1,
    "max_crops": 1,
    "max_multi_image_crops": 1,
    "overlap_margins": [0, 0],
    "pad_value": 0.0,
    "do_convert_rgb": True,
    "do_pad": True,
}
"""preprocessor_config.json"""

PROCESSOR = {
    "processor_class": "MolmoActProcessor",
    "always_start_with_space": False,
    "message_format": "role",
    "prompt_templates": "uber_model",
    "style": "demo",
    "system_prompt": "demo_or_style",
    "use_col_tokens": False,
}
"""processor_config.json"""


def build_model(config: MolmoActConfig, encoder: AnswerEncoder) -> MolmoActForActionReasoning:
    """Build the network with ordinal starts for the symbols, integers and their order.

    MolmoAct gives its action symbols neighbouring tail tokens of the vocabulary, so that close
    values start close; here close values start with close sine and cosine codes.
    """
    model = MolmoActForActionReasoning(config)
    values = torch.arange(256, dtype=torch.float32)[:, None] / 255.0
    rates = torch.pi * torch.logspace(0, math.log10(48.0), WIDTH // 2)
    code = torch.cat([torch.sin(values * rates), torch.cos(values * rates)], dim=1)
    code = code / math.sqrt(WIDTH / 2)
    table = model.model.transformer.wte.embedding
    with torch.no_grad():
        for ids in encoder.groups[:4]:
            for weights in (table, model.lm_head.weight):
                own = torch.randn(1, WIDTH) / math.sqrt(WIDTH)
                weights[torch.as_tensor(ids)] = 0.8 * code + 0.6 * own
    return model
