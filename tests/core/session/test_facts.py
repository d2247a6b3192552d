from __future__ import annotations

from core.session.facts import checkpoint_hash, hash_in_background, program_facts


def test_the_hash_names_the_weights(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert checkpoint_hash(tmp_path) == ""
    (tmp_path / "a.safetensors").write_bytes(b"1")
    one = checkpoint_hash(tmp_path)
    assert len(one) == 64
    (tmp_path / "config.json").write_text("[]")
    assert checkpoint_hash(tmp_path) == one
    (tmp_path / "a.safetensors").rename(tmp_path / "b.safetensors")
    assert checkpoint_hash(tmp_path) != one


def test_the_hash_comes_from_a_thread(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"1")
    assert hash_in_background(tmp_path).result(10) == checkpoint_hash(tmp_path)


def test_weights_that_cannot_be_read_have_no_hash(tmp_path):
    (tmp_path / "a.safetensors").mkdir()
    assert hash_in_background(tmp_path).result(10) == ""


def test_programs_tell_their_versions():
    assert {"git", "python", "numpy"} <= program_facts().keys()
