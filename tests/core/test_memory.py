"""Freed pictures leave the process."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from core.memory import give_memory_back, own_bytes

PROGRAM = """
import numpy as np
import psutil
from core.memory import give_memory_back, own_bytes
{call}
kept, pictures = [], []
for _ in range(40):  # each frees a picture and leaves something small behind it
    pictures = [np.ones(900_000, np.uint8) for _ in range(8)]
    kept.append([np.ones(60_000, np.uint8) for _ in range(4)])
    pictures = []
print(own_bytes() - sum(part.nbytes for parts in kept for part in parts))
"""

ALLOCATION = """
import numpy as np
from core.memory import own_bytes
before = own_bytes()
held = np.ones(50 << 20, np.uint8)
print(own_bytes() - before)
"""


def test_memory_counts_what_is_allocated() -> None:
    # In a process of its own: this one may have room left from what other tests freed.
    words = [sys.executable, "-c", ALLOCATION]
    grown = int(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    assert 45 << 20 < grown < 60 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_the_allocator_gives_pictures_back() -> None:
    def run(call: str) -> int:
        words = [sys.executable, "-c", PROGRAM.format(call=call)]
        return int(subprocess.run(words, capture_output=True, check=True, text=True).stdout)

    assert run("assert give_memory_back()") + (4 << 20) < run("")


def test_where_there_is_no_glibc_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not give_memory_back()


def test_memory_of_another_process_and_of_none() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert 0 < own_bytes(child.pid) < own_bytes()
        child.communicate(b"\n")
    with pytest.raises(psutil.Error):
        own_bytes(child.pid)
