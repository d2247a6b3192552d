from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.model import memory, weights
from core.model.depth_files import load_vqvae
from core.model.loading import LoadedModel, find_folder, load_checkpoint, save_checkpoint
from core.model.vqvae import DepthCodecError, DepthVqVae, VqVaeConfig
from core.types import StudioError

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "model_a"
FILES = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "preprocessor_config.json",
    "processor_config.json",
    "generation_config.json",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint whose files may be spoilt."""
    target = tmp_path / "checkpoint"
    target.mkdir()
    for name in FILES:
        shutil.copyfile(GOLDEN / name, target / name)
    return target


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return load_checkpoint(GOLDEN)


def refusal(folder: Path) -> str:
    with pytest.raises(StudioError) as caught:
        load_checkpoint(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(path: Path, change: Callable[[dict], object]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def test_loads_in_evaluation_mode(loaded: LoadedModel) -> None:
    assert not loaded.model.training
    assert loaded.model.dtype == torch.float32
    assert loaded.name == "model_a"
    assert loaded.vqvae is None
    assert loaded.model.generation_config.eos_token_id == 1024
    assert all(not p.is_meta and p.requires_grad for p in loaded.model.parameters())


def test_number_format_can_be_chosen() -> None:
    assert load_checkpoint(GOLDEN, torch.bfloat16).model.dtype == torch.bfloat16


def test_saved_checkpoint_loads_the_same(loaded: LoadedModel, tmp_path: Path) -> None:
    codec = DepthVqVae(VqVaeConfig(hidden_dim=2, codebook_dim=8))
    save_checkpoint(tmp_path, model=loaded.model, processor=loaded.processor, vqvae=codec)
    again = load_checkpoint(tmp_path)
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])
    assert again.config.to_diff_dict()["norm_stats"] == loaded.config.norm_stats
    assert again.processor.ids == loaded.processor.ids
    assert again.processor.images == loaded.processor.images
    assert again.vqvae is not None
    assert again.vqvae.config == codec.config
    depth = torch.randn(1, 1, 320, 320)
    assert torch.equal(codec.encode(depth), again.vqvae.encode(depth))


def test_large_checkpoints_are_written_in_parts(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "SHARD_BYTES", 400_000)
    dtype = torch.float16
    save_checkpoint(tmp_path, model=loaded.model, processor=loaded.processor, dtype=dtype)
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    again = load_checkpoint(tmp_path).model.state_dict()
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value.to(dtype).float(), again[name])


def test_each_part_of_a_large_checkpoint_is_told(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "SHARD_BYTES", 40_000)
    weights.save_weights(loaded.model, tmp_path)
    for name in FILES:
        if "safetensors" not in name:
            shutil.copyfile(GOLDEN / name, tmp_path / name)
    told: list[str] = []
    load_checkpoint(tmp_path, progress=told.append)
    count = len(list(tmp_path.glob("model-*.safetensors")))
    assert count > 1
    assert told[0] == f"loading shard 1 of {count} … 0 %"
    assert len(told) == count
    shares = [int(line.split("… ")[1].removesuffix(" %")) for line in told]
    assert shares == sorted(shares)
    assert shares[-1] < 100


def test_a_small_checkpoint_is_loaded_without_a_word() -> None:
    told: list[str] = []
    load_checkpoint(GOLDEN, progress=told.append)
    assert not told


def test_missing_folder_is_named() -> None:
    sentence = refusal(Path("/nowhere/at/all"))
    assert "no folder '/nowhere/at/all'" in sentence
    assert "allenai/MolmoAct-7B-D-0812" in sentence


def test_hub_faults_become_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def refuse(repo: str, **options: object) -> str:
        asked.update(options, repo=repo)
        raise OSError("no route to host\nmore")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(StudioError, match=r"did not give it: no route to host$"):
        find_folder("someone/model@v2")
    assert (asked["repo"], asked["revision"]) == ("someone/model", "v2")


@pytest.mark.parametrize("name", FILES[:4])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert name in refusal(folder)


@pytest.mark.parametrize("name", [FILES[0], FILES[3]])
@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_broken_json_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    assert name in refusal(folder)


def test_another_model_type_is_refused(folder: Path) -> None:
    edit(folder / "config.json", lambda values: values.update(model_type="llama"))
    assert "type 'llama'; expected 'molmoact'" in refusal(folder)


def test_every_size_must_be_stated(folder: Path) -> None:
    edit(folder / "config.json", lambda values: values["llm_config"].pop("rope_theta"))
    assert "lacks 'llm_config.rope_theta'" in refusal(folder)
    edit(folder / "config.json", lambda values: values.pop("vit_config"))
    assert "lacks 'vit_config'" in refusal(folder)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("llm_config", "hidden_size", "big"),
        ("llm_config", "num_hidden_layers", 0),
        ("llm_config", "num_key_value_heads", -2),
        ("llm_config", "rope_theta", None),
        ("llm_config", "qkv_bias", 1),
        ("llm_config", "hidden_act", "explode"),
        ("vit_config", "image_default_input_size", [378]),
        ("vit_config", "hidden_size", True),
        ("adapter_config", "vit_layers", ["a"]),
        ("adapter_config", "vit_layers", []),
    ],
)
def test_impossible_sizes_are_named(folder: Path, part: str, field: str, value: object) -> None:
    edit(folder / "config.json", lambda values: values[part].update({field: value}))
    sentence = refusal(folder)
    assert field in sentence
    assert "expected" in sentence


def test_missing_tensor_is_named(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    del state["model.transformer.ln_f.weight"]
    save_file(state, folder / "model.safetensors")
    assert "lacks 'model.transformer.ln_f.weight'" in refusal(folder)


def test_unexpected_tensor_is_named(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    state["model.extra"] = torch.zeros(1)
    save_file(state, folder / "model.safetensors")
    assert "unexpected tensor 'model.extra'" in refusal(folder)


def test_other_shapes_are_named(folder: Path) -> None:
    edit(folder / "config.json", lambda values: values["llm_config"].update(intermediate_size=96))
    assert "has shape [64, 160]; the configuration asks for [64, 96]" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 64, None])
def test_broken_weights_are_refused(folder: Path, content: bytes | None) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000] if content is None else content)
    assert "no readable safetensors file" in refusal(folder)


def test_pickles_are_never_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "'model.safetensors'" in refusal(folder)


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "part.safetensors"])
def test_index_does_not_lead_out_of_the_folder(folder: Path, name: str) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    assert name in refusal(folder)


def test_broken_index_is_named(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text("[]")
    assert "no index of weights" in refusal(folder)


def test_files_of_different_checkpoints_are_noticed(folder: Path) -> None:
    edit(folder / "config.json", lambda values: values.update(image_patch_id=1281))
    assert "<im_patch> is 1282 and config.json says 1281" in refusal(folder)


def test_other_patch_size_is_noticed(folder: Path) -> None:
    edit(folder / "preprocessor_config.json", lambda values: values.update(image_patch_size=18))
    assert "patches of 18 px" in refusal(folder)


def test_memory_is_checked_before_loading(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda device: 1_000_000)
    sentence = refusal(folder)
    assert sentence.startswith("the model (float32) needs 0.0 GiB of memory and 0.0 GiB are free")


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    host = memory.free_memory(torch.device("cpu"))
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("2000\n")
    assert memory.free_memory(torch.device("cpu")) == 3000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory(torch.device("cpu")) > host / 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_missing_gpu_is_a_sentence() -> None:
    with pytest.raises(StudioError, match="no usable CUDA GPU"):
        load_checkpoint(GOLDEN, device="cuda")


def test_released_depth_codec_is_read(tmp_path: Path) -> None:
    codec = DepthVqVae(VqVaeConfig(hidden_dim=2, codebook_dim=8))
    state = {f"module.{name}": value for name, value in codec.state_dict().items()}
    torch.save({"weights": state}, tmp_path / "vae-final.pt")
    again = load_vqvae(tmp_path, torch.device("cpu"))
    assert again is not None
    assert torch.equal(again.codebook.vectors, codec.codebook.vectors)
    assert not any(p.requires_grad for p in again.parameters())


class Spy:
    """Unpickling this would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


def test_depth_codec_file_runs_no_code(tmp_path: Path) -> None:
    torch.save({"weights": Spy(tmp_path / "made")}, tmp_path / "vae-final.pt")
    with pytest.raises(DepthCodecError, match="no depth codec"):
        load_vqvae(tmp_path, torch.device("cpu"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("content", [{}, {"weights": {}}, [1], b"no archive"])
def test_other_depth_files_are_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "vae-final.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(DepthCodecError, match="no depth codec"):
        load_vqvae(tmp_path, torch.device("cpu"))
