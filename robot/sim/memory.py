"""The one block of memory that the lab's processes share: newest state, pictures, and the trail."""

from __future__ import annotations

from robot.sim.scene import FRAME_SIZE
from robot.sim.shared import FrameRing, Record, SharedMemory
from robot.sim.state import STATE_LENGTH, LabState
from robot.sim.trail import Trail

CAMERAS = ("front", "wrist")

_STATE_BYTES = (Record.size(STATE_LENGTH) + 63) // 64 * 64
_RING_BYTES = FrameRing.size(*FRAME_SIZE)
_TRAIL_OFFSET = _STATE_BYTES + len(CAMERAS) * _RING_BYTES
MEMORY_BYTES = _TRAIL_OFFSET + Trail.size()


class LabMemory:
    """Views of the shared block; the physics writes state and trail, the renderer the pictures."""

    def __init__(self, memory: SharedMemory) -> None:
        self._memory = memory
        self._record = Record(memory, STATE_LENGTH)
        self.rings = {
            name: FrameRing(memory, *FRAME_SIZE, offset=_STATE_BYTES + index * _RING_BYTES)
            for index, name in enumerate(CAMERAS)
        }
        self.trail = Trail(memory, offset=_TRAIL_OFFSET)

    @classmethod
    def create(cls) -> LabMemory:
        """Allocate the block."""
        return cls(SharedMemory.create("lab", MEMORY_BYTES))

    @classmethod
    def inherit(cls, descriptor: int) -> LabMemory:
        """Map the block in a child process that was given its descriptor."""
        return cls(SharedMemory(descriptor, MEMORY_BYTES, writable=True))

    @classmethod
    def attach(cls, pid: int, descriptor: int) -> LabMemory:
        """Map a running lab's block for reading.

        Raises:
            OSError: If that process is gone, on another machine, or another user's.
            ValueError: If what is there is something else.
        """
        return cls(SharedMemory.attach(pid, descriptor, MEMORY_BYTES))

    @property
    def descriptor(self) -> int:
        """File descriptor to give to a child process."""
        return self._memory.descriptor

    def publish(self, state: LabState) -> None:
        """Replace the state."""
        self._record.write(state.to_vector())

    def state(self) -> LabState | None:
        """Return the newest state, or None when there is none."""
        vector = self._record.read()
        return None if vector is None else LabState.from_vector(vector)

    def close(self) -> None:
        """Give the descriptor back; the memory goes with the last process that uses it."""
        self._memory.close()
