"""The weaker checkpoint of the demonstration: same shapes, other weights, the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from core.policy.server import EMBEDDED_MODEL
from core.study.weaker import WEIGHTS, write_weaker


def test_it_is_another_checkpoint_of_the_same_form_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = write_weaker(tmp_path / "weaker", 1)
    own, shipped = load_file(folder / WEIGHTS), load_file(EMBEDDED_MODEL / WEIGHTS)
    assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in shipped.items()}
    matrices = [name for name, tensor in own.items() if tensor.ndim >= 2]
    assert all(not np.array_equal(own[name], shipped[name]) for name in matrices)
    assert (folder / "vae-final.safetensors").exists()
    before = (folder / WEIGHTS).read_bytes()
    write_weaker(folder, 2)
    assert (folder / WEIGHTS).read_bytes() == before
    again = load_file(write_weaker(tmp_path / "again", 1) / WEIGHTS)
    assert all(np.array_equal(own[name], again[name]) for name in own)
