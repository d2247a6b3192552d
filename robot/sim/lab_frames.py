"""Where a client of the lab gets its pictures: shared memory, or the control port from afar."""

from __future__ import annotations

import threading
from typing import Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from core.types import Frame
from core.wire import MAX_MESSAGE_BYTES, WireError, pack, unpack
from robot.sim.memory import LabMemory

PULL_SECONDS = 1.0 / 20.0


class FrameSource(Protocol):
    """Newest picture per camera."""

    def latest(self) -> dict[str, Frame]:
        """Return the newest pictures without waiting."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class SharedFrames:
    """Pictures out of the lab's memory; each is copied once."""

    def __init__(self, memory: LabMemory) -> None:
        self._memory = memory
        self._frames: dict[str, Frame] = {}

    def latest(self) -> dict[str, Frame]:
        """Return the newest pictures without waiting."""
        for name, ring in self._memory.rings.items():
            known = self._frames.get(name)
            if known is not None and ring.count == known.seq + 1:
                continue
            picture = ring.latest()
            if picture is not None:
                self._frames[name] = Frame(
                    camera=name, image=picture.image, t_ns=picture.t_ns, seq=picture.seq
                )
        return dict(self._frames)

    def close(self) -> None:
        """Nothing to give back; the memory belongs to the client."""


class PulledFrames:
    """Pictures fetched over a connection of their own, by a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._frames: dict[str, Frame] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._pull, name="lab-frames", daemon=True)
        self._thread.start()

    def latest(self) -> dict[str, Frame]:
        """Return the newest pictures without waiting."""
        return dict(self._frames)

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
        self._thread.join(2.0)

    def _pull(self) -> None:
        try:
            with connect(
                self._url, compression=None, proxy=None, max_size=MAX_MESSAGE_BYTES,
                ping_interval=None, close_timeout=1.0,
            ) as connection:  # fmt: skip
                while not self._closed.wait(PULL_SECONDS):
                    known = {name: frame.seq for name, frame in list(self._frames.items())}
                    connection.send(pack({"id": 1, "op": "frames", "known": known}))
                    answer = unpack(connection.recv(timeout=5.0))
                    for name, item in answer["result"]["frames"].items():
                        self._frames[name] = Frame(
                            camera=name, image=item["image"], t_ns=item["t_ns"], seq=item["seq"]
                        )
        except (OSError, WebSocketException, WireError, KeyError):
            return  # the control connection tells the person; pictures just stop
