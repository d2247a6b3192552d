"""Adapters: what is trained, what the merged checkpoint answers, and what does not fit."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import main
from core.model.loading import load_checkpoint, save_checkpoint
from core.policy.local import LocalPolicy
from core.protocol.statistics import compute_statistics
from core.types import StudioError
from tests.training.finetune.small_data import WORDS
from training.finetune.lora import AdapterError, linear_layers, read_adapter, trainable_parameters
from training.finetune.merge import merge
from training.finetune.network import UNASKED, meta_network, small_network
from training.finetune.preset import Build, Lora, read_preset
from training.finetune.run import Source, run_preset

BUILD = Build(crop=32, patch=16, width=16, heads=2)
LORA = "lora={rank: 4, alpha: 8}"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A checkpoint with two files of the released code beside it, and its own statistics."""
    folder = tmp_path_factory.mktemp("base") / "checkpoint"
    loaded = small_network(BUILD, seed=4)
    config = loaded.model.config
    actions = torch.randn(50, 7, generator=torch.Generator().manual_seed(0)).numpy()
    config.norm_stats = {"own": compute_statistics(actions).to_config()}
    config.default_norm_key = "own"
    config.auto_map = {"AutoConfig": "configuration_molmoact.MolmoActConfig"}
    save_checkpoint(folder, model=loaded.model, processor=loaded.processor)
    (folder / "modeling_molmoact.py").write_text("# the released code\n")
    (folder / "chat_template.jinja").write_text("User: Assistant:")
    return folder


@pytest.fixture(scope="module")
def made(base, small_set, tmp_path_factory):
    """A short run of adapters, and the checkpoint that has them merged."""
    words = [word for word in WORDS if not word.startswith("build")]
    preset = read_preset("tiny-smoke", (*words, LORA, "ema=null"), str(base))
    out = tmp_path_factory.mktemp("lora")
    finished = run_preset(preset, [Source(path=small_set)], out)
    assert finished.folder == out / "adapter"
    return merge(finished.folder, str(base), out / "merged"), finished.folder


def logits(model) -> torch.Tensor:
    ids = torch.randint(0, 500, (2, 12), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return model(input_ids=ids).logits


def test_the_merged_model_answers_like_the_adapted_one(base, made):
    from peft import PeftModel

    merged, adapter = made
    adapted = PeftModel.from_pretrained(load_checkpoint(base).model, str(adapter)).eval()
    own = logits(load_checkpoint(merged).model)
    assert torch.allclose(own, logits(adapted), atol=1e-4)
    assert not torch.allclose(own, logits(load_checkpoint(base).model), atol=1e-3)


def test_the_merged_folder_has_the_released_layout(base, made):
    merged, _ = made
    before, after = (load_file(folder / "model.safetensors") for folder in (base, merged))
    assert {k: v.shape for k, v in before.items()} == {k: v.shape for k, v in after.items()}
    assert "model.transformer.blocks.0.self_attn.att_proj.weight" in after
    assert "model.vision_backbone.image_projector.w1.weight" in after
    assert torch.equal(
        before["model.transformer.wte.embedding"], after["model.transformer.wte.embedding"]
    )
    assert (merged / "modeling_molmoact.py").read_text() == "# the released code\n"
    assert (merged / "chat_template.jinja").is_file()
    config = json.loads((merged / "config.json").read_text())
    assert config["auto_map"] == {"AutoConfig": "configuration_molmoact.MolmoActConfig"}


def test_the_command_merges_in_half_the_size(base, made, tmp_path, capsys):
    words = ["--adapter", str(made[1]), "--model", str(base), "--out", str(tmp_path / "half")]
    assert main.main(["train", "merge", *words, "--dtype", "bf16"]) == 0
    assert "half" in capsys.readouterr().out
    half, full = (load_file(o / "model.safetensors") for o in (tmp_path / "half", made[0]))
    assert all(torch.equal(value.bfloat16(), half[name]) for name, value in full.items())


def test_the_data_sets_statistics_go_into_the_merged_config(made, small_set):
    config = json.loads((made[0] / "config.json").read_text())
    assert list(config["norm_stats"]) == [small_set.name]
    assert config["default_norm_key"] == small_set.name
    entry = config["norm_stats"][small_set.name]
    assert set(entry) == {"action", "proprio", "num_transitions", "num_trajectories"}
    assert config["image_size"] == [32, 24]


def test_the_server_loads_the_merged_folder(made):
    policy = LocalPolicy(load_checkpoint(made[0]))
    assert (policy.capabilities.chunk, policy.capabilities.images) == (8, 2)


def test_a_run_can_keep_the_models_own_statistics(base, small_set, tmp_path):
    words = [word for word in WORDS if not word.startswith("build")]
    settings = (*words, LORA, "statistics=model", "steps=1")
    preset = read_preset("tiny-smoke", settings, str(base))
    finished = run_preset(preset, [Source(path=small_set)], tmp_path)
    about = json.loads((finished.folder / "steering_studio.json").read_text())
    assert list(about["norm_stats"]) == ["own"]


def test_only_adapters_are_trained_and_saved(made):
    adapter = read_adapter(made[1])
    assert adapter.rank == 4
    weights = load_file(made[1] / "adapter_model.safetensors")
    base_names = linear_layers(small_network(BUILD, 4).model, head=True, idle=UNASKED)
    assert len(weights) == 2 * len(base_names)
    assert "base_model.model.lm_head.lora_A.weight" in weights
    assert all(name.endswith((".lora_A.weight", ".lora_B.weight")) for name in weights)


def test_every_linear_layer_of_the_released_model_is_adapted():
    small = small_network(Build(), 0).model
    names = linear_layers(small, head=True)
    assert len(names) == sum(type(m).__name__ == "Linear" for m in small.modules())
    assert len(linear_layers(small, head=False)) == len(names) - 1


def test_the_count_of_adapters_is_known_before_they_are_made(made, base):
    preset = read_preset("tiny-smoke", (LORA,), str(base))
    assert preset.lora is not None
    expected = trainable_parameters(meta_network(preset), preset.lora, UNASKED)
    weights = load_file(made[1] / "adapter_model.safetensors")
    assert sum(value.numel() for value in weights.values()) == expected


@pytest.fixture
def copied(made, tmp_path):
    folder = tmp_path / "adapter"
    shutil.copytree(made[1], folder)
    return folder


def change_settings(folder, **values):
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_weights(folder, change=lambda weight: weight, rename=("", "")):
    path = folder / "adapter_model.safetensors"
    values = {key.replace(*rename): change(value) for key, value in load_file(path).items()}
    save_file(values, path)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: (f / "adapter_config.json").unlink(), "is no adapter"),
        (lambda f: (f / "adapter_model.safetensors").unlink(), "safetensors format"),
        (lambda f: (f / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "adapter_model.safetensors").write_bytes(b"x"), "cannot be read"),
        (lambda f: change_settings(f, peft_type="IA3"), "expected LORA"),
        (lambda f: change_settings(f, use_dora=True), "uses use_dora"),
        (lambda f: change_settings(f, r=5), "the model's layer asks for"),
        (lambda f: change_weights(f, lambda w: w * float("nan")), "not finite"),
        (lambda f: change_weights(f, rename=("lm_head", "nothing")), "at the layer 'nothing'"),
        (lambda f: change_weights(f, rename=("lm_head.lora_B", "x.lora_C")), "'lm_head'"),
        (lambda f: change_weights(f, rename=("lora", "other")), "has the odd weight"),
    ],
)
def test_a_damaged_adapter_is_told(copied, base, tmp_path, damage, sentence):
    damage(copied)
    with pytest.raises(AdapterError) as error:
        merge(copied, str(base), tmp_path / "out")
    assert sentence in str(error.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_not_written_over(made, base, tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(StudioError, match="not empty"):
        merge(made[1], str(base), tmp_path)


def test_the_paper_counts_about_97_million(monkeypatch):
    from core.model.configuration import MolmoActAdapterConfig as AdapterConfig
    from core.model.configuration import MolmoActConfig, MolmoActLlmConfig
    from core.model.configuration import MolmoActVitConfig as VitConfig
    from core.model.modeling import MolmoActForActionReasoning

    config = MolmoActConfig(
        vit_config=VitConfig(), adapter_config=AdapterConfig(), llm_config=MolmoActLlmConfig()
    )
    with torch.device("meta"):
        model = MolmoActForActionReasoning(config)
    assert 94e6 < trainable_parameters(model, Lora()) < 98e6
