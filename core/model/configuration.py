"""Configuration of a MolmoAct checkpoint: every size is read from its ``config.json``.

The field names are those of the released files. The class defaults are the sizes of
MolmoAct-7B-D; a checkpoint always states its own, and :mod:`core.model.loading` refuses a file
that leaves one out. Fields that released files do not have are marked "ours": their defaults mean
the released behaviour.
"""

from __future__ import annotations

from typing import Any, ClassVar

from transformers import PreTrainedConfig
from transformers.activations import ACT2FN

from core.types import StudioError

PATCH_STEMS = ("linear", "conv")
PAD_EMBEDDINGS = (None, "pad_and_partial_pad")
QK_NORMS = ("olmo", "qwen3")


class ConfigError(StudioError):
    """A configuration that no MolmoAct model can be built from."""


class MolmoActVitConfig(PreTrainedConfig):
    """The picture encoder (SigLIP2 style or CLIP style).

    ``num_hidden_layers`` counts the layers of the encoder that the weights were taken from; only
    those up to the deepest tapped one exist. ``image_default_input_size`` is (height, width) [px].
    ``patch_stem`` (ours): "linear" projects each patch; "conv" runs small convolutions, which
    learn much faster in small models.
    """

    model_type = "molmoact_vit"
    base_config_key = "vit_config"

    hidden_size: int = 1152
    intermediate_size: int = 4304
    num_hidden_layers: int = 27
    num_attention_heads: int = 16
    num_key_value_heads: int = 16
    head_dim: int = 72
    hidden_act: str = "gelu_pytorch_tanh"
    layer_norm_eps: float = 1e-6
    image_default_input_size: tuple[int, int] | list[int] = (378, 378)
    image_patch_size: int = 14
    image_num_pos: int = 729
    attention_dropout: float = 0.0
    residual_dropout: float = 0.0
    initializer_range: float = 0.02
    float32_attention: bool = True
    use_cls_token: bool = False
    patch_bias: bool = True
    pre_layernorm: bool = False
    patch_stem: str = "linear"

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.patch_stem not in PATCH_STEMS:
            raise ConfigError(
                f"vit_config.patch_stem is '{self.patch_stem}'; expected one of {PATCH_STEMS}"
            )
        if len(self.image_default_input_size) != 2 or min(self.grid) < 1:
            raise ConfigError(
                f"vit_config.image_default_input_size is {list(self.image_default_input_size)}; "
                f"expected height and width of at least one patch of {self.image_patch_size} px"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Patches (down, across) of one crop."""
        height, width = self.image_default_input_size
        return height // self.image_patch_size, width // self.image_patch_size


class MolmoActAdapterConfig(PreTrainedConfig):
    """The connector: which encoder layers are read, attention pooling, projection to the LLM."""

    model_type = ""
    base_config_key = "adapter_config"

    vit_layers: tuple[int, ...] | list[int] = (-3, -9)
    hidden_size: int = 1152
    num_attention_heads: int = 16
    num_key_value_heads: int = 16
    head_dim: int = 72
    float32_attention: bool = True
    attention_dropout: float = 0.0
    residual_dropout: float = 0.0
    hidden_act: str = "silu"
    intermediate_size: int = 18944
    text_hidden_size: int = 3584
    image_feature_dropout: float = 0.0
    initializer_range: float = 0.02
    image_padding_embed: str | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.image_padding_embed not in PAD_EMBEDDINGS:
            raise ConfigError(
                f"adapter_config.image_padding_embed is '{self.image_padding_embed}'; "
                f"expected one of {PAD_EMBEDDINGS}"
            )


class MolmoActLlmConfig(PreTrainedConfig):
    """The decoder (Qwen2 style, or OLMo2 style with ``norm_after`` and ``use_qk_norm``).

    ``init_scale`` (ours): when set, linear weights start with standard deviation
    ``init_scale / sqrt(inputs)`` instead of ``initializer_range``, embeddings with
    ``init_scale / sqrt(hidden_size)``; small decoders need that in order to learn.
    """

    model_type = "molmoact_llm"
    base_config_key = "llm_config"
    keys_to_ignore_at_inference = ("past_key_values",)

    hidden_size: int = 3584
    num_attention_heads: int = 28
    num_key_value_heads: int = 4
    head_dim: int = 128
    vocab_size: int = 152064
    additional_vocab_size: int = 128
    qkv_bias: bool = True
    num_hidden_layers: int = 28
    intermediate_size: int = 18944
    hidden_act: str = "silu"
    embedding_dropout: float = 0.0
    attention_dropout: float = 0.0
    residual_dropout: float = 0.0
    max_position_embeddings: int = 4096
    rope_theta: float = 1_000_000.0
    rope_scaling: dict[str, Any] | None = None  # pyright: ignore[reportIncompatibleMethodOverride]
    use_qk_norm: bool = False
    qk_norm_type: str = "olmo"
    layer_norm_eps: float = 1e-6
    norm_after: bool = False
    initializer_range: float = 0.02
    use_cache: bool = True
    init_scale: float | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        if self.rope_scaling is not None:
            raise ConfigError(
                f"llm_config.rope_scaling is {self.rope_scaling}; only null is supported, "
                "as in every released checkpoint"
            )
        if self.use_qk_norm and self.qk_norm_type not in QK_NORMS:
            raise ConfigError(
                f"llm_config.qk_norm_type is '{self.qk_norm_type}'; expected one of {QK_NORMS}"
            )
        if self.num_attention_heads % self.num_key_value_heads:
            raise ConfigError(
                f"llm_config has {self.num_attention_heads} attention heads and "
                f"{self.num_key_value_heads} key/value heads; the first must be a multiple"
            )


class MolmoActConfig(PreTrainedConfig):
    """A whole checkpoint.

    Ours: ``image_size`` (width, height) [px] that a frame is area-reduced to before a trace is
    drawn on it; ``depth_range`` ``{"near": m, "far": m}`` [m] when decoded depth is metric inverse
    depth; ``chunk`` action rows per answer and ``images`` per prompt (the released 7B-D-0812 and
    LIBERO models: 8 and 2); ``execute_steps`` of a chunk before asking again; ``default_norm_key``
    into ``norm_stats``; ``multi_image_quirk`` keeps the index shift that released weights were
    trained with (see :mod:`core.model.processing`).
    """

    model_type = "molmoact"
    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        "vit_config": MolmoActVitConfig,
        "adapter_config": MolmoActAdapterConfig,
        "llm_config": MolmoActLlmConfig,
    }

    # transformers turns a dictionary or None into the class above before anyone reads these
    vit_config: MolmoActVitConfig = None  # pyright: ignore[reportAssignmentType]
    adapter_config: MolmoActAdapterConfig = None  # pyright: ignore[reportAssignmentType]
    llm_config: MolmoActLlmConfig = None  # pyright: ignore[reportAssignmentType]
    image_patch_id: int = 152066
    n_action_bins: int = 256
    norm_stats: dict[str, Any] | None = None
    initializer_range: float = 0.02
    use_cache: bool = True
    tie_word_embeddings: bool = False
    image_size: tuple[int, int] | list[int] | None = None
    depth_range: dict[str, float] | None = None
    chunk: int = 8
    images: int = 2
    execute_steps: int | None = None
    default_norm_key: str | None = None
    multi_image_quirk: bool = True

    def get_text_config(self, *args: Any, **kwargs: Any) -> PreTrainedConfig:
        """Return the decoder's part, which sizes the key/value caches."""
        return self.llm_config

    def to_diff_dict(self) -> dict[str, Any]:
        """Return every field of ours: a saved checkpoint states its sizes and trusts no default."""
        everything = self.to_dict()
        stated = super().to_diff_dict() | {
            name: everything[name] for name in own_fields(type(self))
        }
        for part, cls in SUB_CONFIGS.items():
            stated[part] = {name: everything[part][name] for name in own_fields(cls)}
        return stated


SUB_CONFIGS: dict[str, type[PreTrainedConfig]] = {
    "vit_config": MolmoActVitConfig,
    "adapter_config": MolmoActAdapterConfig,
    "llm_config": MolmoActLlmConfig,
}


def own_fields(cls: type[PreTrainedConfig]) -> list[str]:
    """Return the fields that a configuration class adds to transformers' own."""
    return [name for name in cls.__annotations__ if name != "sub_configs_defaults"]


def check_values(part: str, values: dict[str, Any], cls: type[PreTrainedConfig]) -> None:
    """Check that values from a file have the kinds of the class defaults.

    Args:
        part: Name of the part, for the sentence.
        values: What the file says; unknown names are ignored.
        cls: Class of the part.

    Raises:
        ConfigError: A size is no positive number, a switch is no switch, and so on.
    """
    for name in own_fields(cls):
        if name not in values:
            continue
        default, value = getattr(cls, name), values[name]
        if (wanted := _wanted(default, value)) is not None:
            raise ConfigError(f"{part}.{name} is {value!r}; expected {wanted}")
        if name == "hidden_act" and value not in ACT2FN:
            raise ConfigError(f"{part}.{name} is '{value}'; expected a known activation")


def _wanted(default: Any, value: Any) -> str | None:
    """Say what was expected if ``value`` is not of the kind of ``default``."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if default is None:
        return None
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return None if number and value == int(value) > 0 else "a positive whole number"
    if isinstance(default, float):
        return None if number and value >= 0 else "a number from 0"
    if isinstance(default, tuple):
        items: list[Any] = list(value) if isinstance(value, list | tuple) else []
        whole = len(items) > 0 and all(type(item) is int for item in items)
        return None if whole else "a list of whole numbers"
    return None if isinstance(value, str) else "a text"


def resolve_vit_layers(config: MolmoActConfig) -> list[int]:
    """Return the tapped encoder layers as indices from 0, in the order they are concatenated.

    Negative entries count from ``vit_config.num_hidden_layers``, before the unused top layers are
    cut off (MolmoAct HF modelling code, commit 622ad08).

    Raises:
        ConfigError: An entry lies outside the encoder.
    """
    depth = config.vit_config.num_hidden_layers
    layers = [layer + depth if layer < 0 else layer for layer in config.adapter_config.vit_layers]
    if not layers or not all(0 <= layer < depth for layer in layers):
        raise ConfigError(
            f"adapter_config.vit_layers is {list(config.adapter_config.vit_layers)}; "
            f"expected layers of an encoder with {depth}"
        )
    return layers
