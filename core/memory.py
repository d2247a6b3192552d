"""What this process holds in memory, and how its allocator gives memory back."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

import psutil

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Names of glibc's ``mallopt`` (malloc.h)."""

PICTURE_BYTES = 128 * 1024
"""From this size on memory is a mapping of its own, which goes back when it is freed."""

ARENAS = 2


def give_memory_back() -> bool:
    """Let freed pictures go back to the system at once; for processes that handle many of them.

    glibc raises the size from which it maps memory to that of whatever was freed, so after the
    first picture all pictures come from heaps, one per thread, in which small things between them
    keep the rest from going back: the studio grew by 4 MiB with each question. To be called before
    threads are started. Does nothing where there is no glibc.

    Returns:
        Whether the allocator took it.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = (
        (_M_ARENA_MAX, ARENAS),
        (_M_MMAP_THRESHOLD, PICTURE_BYTES),
        (_M_TRIM_THRESHOLD, PICTURE_BYTES),
    )
    taken = [mallopt(name, value) == 1 for name, value in wanted]  # each, even if one is refused
    return all(taken)


def own_bytes(process: int | None = None) -> int:
    """Return the memory that only one process uses and no file holds [bytes].

    Pages of files are left out where the system tells them apart: whether they count as a process's
    own depends on which other processes have the same libraries open.

    Args:
        process: Its number; None for this one.

    Raises:
        psutil.Error: If there is no such process.
    """
    try:
        file = Path(f"/proc/{process or 'self'}/status")
        status = file.read_text(encoding="ascii", errors="replace")
    except OSError:
        status = ""
    found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
    return 1024 * int(found[1]) if found else int(psutil.Process(process).memory_full_info().uss)
