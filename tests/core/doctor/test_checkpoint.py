from __future__ import annotations

import json
import shutil

import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError

from core.doctor import checkpoint
from core.doctor.checkpoint import judge_download, judge_memory, look_at_checkpoint
from core.doctor.finding import Status
from core.policy.server import EMBEDDED_MODEL

GIB = 2**30
HUB = "allenai/MolmoAct-7B-D-0812"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(EMBEDDED_MODEL, tmp_path / "small")
    return tmp_path / "small"


def problems(folder):
    found = look_at_checkpoint(str(folder), device=torch.device("cpu"))
    return [finding.found for finding in found if finding.status == Status.PROBLEM]


@pytest.mark.parametrize(
    ("needed", "status", "part"),
    [
        (GIB, Status.OK, "need 1.0 GiB of memory, and 8.0 GiB are free."),
        (7 * GIB, Status.WARNING, "that is tight"),
        (28 * GIB, Status.PROBLEM, "need 28.0 GiB of memory, and 8.0 GiB are free"),
    ],
)
def test_memory(needed, status, part):
    finding = judge_memory("memory", needed, 8 * GIB, "memory")
    assert finding.status == status
    assert part in finding.found
    assert ("bf16" in finding.advice) == (status != Status.OK)


@pytest.mark.parametrize(
    ("size", "status", "part"),
    [
        (15 * GIB, Status.WARNING, "the first start fetches 15.0 GiB"),
        (90 * GIB, Status.PROBLEM, "90.0 GiB would be fetched and only 40.0 GiB of disk"),
        (None, Status.WARNING, "its size is not known (no network)"),
    ],
)
def test_download(size, status, part):
    finding = judge_download(HUB, size, 40 * GIB, "no network")
    assert finding.status == status
    assert part in finding.found


def test_the_embedded_checkpoint_is_complete():
    found = look_at_checkpoint(str(EMBEDDED_MODEL), device=torch.device("cpu"))
    assert [finding.status for finding in found] == [Status.OK, Status.OK]
    assert "'embedded' is complete: 4.7 million parameters" in found[0].found
    assert "need 18 MiB" in found[1].found


def test_a_number_format_halves_the_memory():
    found = look_at_checkpoint(
        str(EMBEDDED_MODEL), dtype=torch.bfloat16, device=torch.device("cpu")
    )
    assert "need 9 MiB" in found[1].found


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("config.json", "config.json' is missing"),
        ("tokenizer.json", "tokenizer.json"),
        ("model.safetensors", "model.safetensors' is missing"),
        ("preprocessor_config.json", "preprocessor_config.json' is missing"),
    ],
)
def test_a_missing_file_is_named(folder, name, part):
    (folder / name).unlink()
    (sentence,) = problems(folder)
    assert part in sentence


def test_a_cut_off_file_is_no_readable_weights(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    (sentence,) = problems(folder)
    assert "no readable safetensors file" in sentence


def test_weights_of_another_network_are_told_by_their_headers(folder):
    config = json.loads((folder / "config.json").read_text())
    config["llm_config"]["num_hidden_layers"] += 1
    (folder / "config.json").write_text(json.dumps(config))
    (sentence,) = problems(folder)
    assert "do not belong to this configuration" in sentence


def test_everything_that_is_wrong_is_listed(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "model.safetensors").unlink()
    assert len(problems(folder)) == 2


def test_without_a_depth_codec_the_picture_is_missing(folder):
    (folder / "vae-final.safetensors").unlink()
    found = look_at_checkpoint(str(folder), device=torch.device("cpu"))
    assert found[0].status == Status.WARNING
    assert "no depth codec" in found[0].found


def test_what_is_neither_folder_nor_id(tmp_path):
    (sentence,) = problems(tmp_path / "no where")
    assert "here is no folder" in sentence


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub without network; returns what it shall say."""
    import huggingface_hub

    says = {"index": None, "files": OSError("no network"), "local": None}

    def snapshot(_repository, *, local_files_only=False, dry_run=False, **_options):
        if local_files_only:
            if says["local"] is None:
                raise LocalEntryNotFoundError("nothing here")
            return str(says["local"])
        assert dry_run, "the doctor fetches nothing"
        if isinstance(says["files"], Exception):
            raise says["files"]
        return says["files"]

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_a, **_o: says["index"])
    monkeypatch.setattr(checkpoint, "_cache_space", lambda: 40 * GIB)
    monkeypatch.setattr(checkpoint, "free_memory", lambda _device: 20 * GIB)
    return says


def hub_findings():
    return look_at_checkpoint(HUB, device=torch.device("cpu"))


def test_a_hub_checkpoint_with_a_known_index(hub, tmp_path):
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 32 * GIB}, "weight_map": {}}))
    hub["index"] = str(index)
    download, memory = hub_findings()
    assert "fetches 32.0 GiB" in download.found
    assert memory.status == Status.PROBLEM
    assert "need 32.0 GiB of memory, and 20.0 GiB are free" in memory.found


class RemoteFile:
    def __init__(self, size, will_download):
        self.file_size, self.will_download = size, will_download


def test_a_hub_checkpoint_whose_size_the_hub_tells(hub):
    hub["files"] = [RemoteFile(3 * GIB, True), RemoteFile(1 * GIB, False)]
    download, memory = hub_findings()
    assert "fetches 3.0 GiB" in download.found
    assert memory.status == Status.OK


def test_a_hub_checkpoint_without_network(hub, tmp_path):
    (finding,) = hub_findings()
    assert "not known (no network)" in finding.found
    (tmp_path / "damaged.json").write_text("{")
    hub["index"] = str(tmp_path / "damaged.json")
    assert "not known (no network)" in hub_findings()[0].found


def test_a_fetched_hub_checkpoint_is_looked_at_like_a_folder(hub):
    hub["local"] = EMBEDDED_MODEL
    assert "is complete" in hub_findings()[0].found


def test_a_half_fetched_checkpoint_counts_as_not_there(hub, tmp_path):
    hub["local"] = tmp_path
    assert "not on this machine" in hub_findings()[0].found
