"""Memory that the lab's processes share: one writer, any number of readers, no locks.

The memory is anonymous (``memfd``): the kernel frees it with the last process that holds it, so a
killed lab leaves nothing behind. A record is guarded by a sequence number that is odd while it is
written; a reader copies and looks whether the number has changed. The order of the stores is that
of x86; on processors that reorder stores a torn copy is possible in theory.
"""

from __future__ import annotations

import mmap
import os
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RING_SLOTS = 4
"""Pictures kept per camera: a reader has three picture times to copy the newest one."""

_READ_ATTEMPTS = 50
_READ_SECONDS = 0.5
"""A busy machine may take the processor from the writer half way for tens of milliseconds."""

_READ_PAUSE = 0.0002
_HEADER = 8


class SharedMemory:
    """A block of anonymous memory that other processes of this user can map."""

    def __init__(self, descriptor: int, size: int, *, writable: bool) -> None:
        self.descriptor = descriptor
        self.size = size
        access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
        self._map = mmap.mmap(descriptor, size, access=access)

    @classmethod
    def create(cls, name: str, size: int) -> SharedMemory:
        """Allocate ``size`` zeroed bytes; children get it through ``pass_fds``."""
        descriptor = os.memfd_create(name)
        os.ftruncate(descriptor, size)
        return cls(descriptor, size, writable=True)

    @classmethod
    def attach(cls, pid: int, descriptor: int, size: int) -> SharedMemory:
        """Map another process's memory for reading.

        Raises:
            OSError: If that process is gone, on another machine, or another user's.
            ValueError: If what is there is not memory of this size.
        """
        link = f"/proc/{int(pid)}/fd/{int(descriptor)}"
        if not os.readlink(link).startswith("/memfd:"):
            raise ValueError(f"{link} is no shared memory")
        return cls(os.open(link, os.O_RDONLY | os.O_CLOEXEC), size, writable=False)

    def array(self, offset: int, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        """Return a view of a part of the memory."""
        count = int(np.prod(shape))
        return np.frombuffer(self._map, dtype=dtype, count=count, offset=offset).reshape(shape)

    def close(self) -> None:
        """Give the descriptor back; the mapping goes with the last view of it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Record:
    """One float64 vector with a sequence number, written by one process.

    Takes ``Record.size(length)`` bytes of the memory from ``offset``, a multiple of 8.
    """

    def __init__(self, memory: SharedMemory, length: int, *, offset: int = 0) -> None:
        self._sequence = memory.array(offset, (1,), "<u8")
        self._values = memory.array(offset + _HEADER, (length,), "<f8")

    @staticmethod
    def size(length: int) -> int:
        """Return the number of bytes of a record."""
        return _HEADER + 8 * length

    def write(self, values: NDArray[np.float64]) -> None:
        """Replace the vector."""
        begin = int(self._sequence[0]) | 1
        self._sequence[0] = begin
        self._values[:] = values
        self._sequence[0] = begin + 1

    def read(self) -> NDArray[np.float64] | None:
        """Return a copy, or None when nothing was written yet or the writer died half way."""
        deadline = time.monotonic() + _READ_SECONDS
        while time.monotonic() < deadline:
            before = int(self._sequence[0])
            if before == 0:
                return None
            values = self._values.copy()
            if before % 2 == 0 and int(self._sequence[0]) == before:
                return values
            time.sleep(_READ_PAUSE)  # the writer may have been preempted half way
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RingPicture:
    """A copy of a picture from the ring.

    Attributes:
        image: (H, W, 3) uint8 RGB, read-only.
        t_ns: Capture time [ns, monotonic].
        seq: Running number, starting at 0.
        sim_time: Time of the simulation [s].
    """

    image: NDArray[np.uint8]
    t_ns: int
    seq: int
    sim_time: float


class FrameRing:
    """The last pictures of one camera: the newest is read while the next is written."""

    _FIELDS = 4  # guard, running number, capture time, simulation time [ns]

    def __init__(self, memory: SharedMemory, width: int, height: int, *, offset: int = 0) -> None:
        pixels = width * height * 3
        stride = self._stride(width, height)
        self._count = memory.array(offset, (1,), "<i8")
        base = offset + _HEADER
        starts = [base + index * stride for index in range(RING_SLOTS)]
        head = 8 * self._FIELDS
        self._heads = [memory.array(start, (self._FIELDS,), "<i8") for start in starts]
        self._pixels = [memory.array(start + head, (pixels,), "|u1") for start in starts]
        self._shape = (height, width, 3)

    @classmethod
    def _stride(cls, width: int, height: int) -> int:
        return (8 * cls._FIELDS + width * height * 3 + 63) // 64 * 64

    @classmethod
    def size(cls, width: int, height: int) -> int:
        """Return the number of bytes of a ring."""
        return (_HEADER + RING_SLOTS * cls._stride(width, height) + 63) // 64 * 64

    @property
    def count(self) -> int:
        """Number of pictures written so far."""
        return int(self._count[0])

    def write(self, image: NDArray[np.uint8], *, t_ns: int, sim_time: float) -> None:
        """Append a picture of (H, W, 3) uint8 RGB."""
        count = self.count
        head, pixels = self._heads[count % RING_SLOTS], self._pixels[count % RING_SLOTS]
        guard = int(head[0]) | 1
        head[0] = guard
        head[1:] = (count, t_ns, int(sim_time * 1e9))
        pixels[:] = image.reshape(-1)
        head[0] = guard + 1
        self._count[0] = count + 1

    def latest(self) -> RingPicture | None:
        """Return the newest picture, or None when there is none yet."""
        for _ in range(_READ_ATTEMPTS):
            count = self.count
            if count == 0:
                return None
            head = self._heads[(count - 1) % RING_SLOTS]
            guard, seq, t_ns, sim_ns = (int(value) for value in head)
            image = self._pixels[(count - 1) % RING_SLOTS].copy()
            if guard % 2 == 0 and int(head[0]) == guard:
                image.setflags(write=False)
                picture = image.reshape(self._shape)
                return RingPicture(image=picture, t_ns=t_ns, seq=seq, sim_time=sim_ns * 1e-9)
        return None
