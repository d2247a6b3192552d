"""Client of the simulated lab: for the rig, for evaluations and for tests."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from core.camera import CameraModel
from core.types import Frame
from core.wire import MAX_MESSAGE_BYTES, WireError, pack, unpack
from robot.sim.lab_answers import LabError, LabHello, LabObject, LabStatus
from robot.sim.lab_frames import FrameSource, PulledFrames, SharedFrames
from robot.sim.layout import Layout
from robot.sim.memory import LabMemory

OPEN_SECONDS = 5.0
REQUEST_SECONDS = 10.0
GONE = "the simulated lab is gone; start it again"
_DEAD_SECONDS = 3.0


class LabClient:
    """A connection to a lab; its methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        """Connect.

        Args:
            url: Control address that the lab printed, such as "ws://127.0.0.1:8201".

        Raises:
            LabError: If no lab listens there.
        """
        self.url = url
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._opened = contextlib.ExitStack()
        self._connection = _connect(url, self._opened)
        self._memory: LabMemory | None = None
        self._frames: FrameSource
        try:
            self._hello = self.request("hello")
            self._frames = self._open_frames()
        except LabError:
            self._opened.close()
            raise

    def __enter__(self) -> LabClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the lab goes on."""
        self._frames.close()
        self._opened.close()
        if self._memory is not None:
            self._memory.close()

    @property
    def is_alive(self) -> bool:
        """Whether the lab is connected and its simulation advances."""
        if self._connection.protocol.state is not State.OPEN:
            return False
        state = self._memory.state() if self._memory is not None else None
        return state is None or time.monotonic_ns() - state.t_ns < _DEAD_SECONDS * 1e9

    def hello(self) -> LabHello:
        """Return what was told on connecting."""
        cameras = self._hello["cameras"].items()
        return LabHello(
            robot=str(self._hello["robot"]),
            cameras={name: CameraModel.from_message(message) for name, message in cameras},
            layout=Layout.from_message(self._hello["layout"]),
        )

    def reset(self, seed: int | None = None, *, layout: Layout | None = None) -> Layout:
        """Lay the table again; the arm stays where it is. Returns when pictures show it.

        Args:
            seed: Seed of a random layout.
            layout: The layout itself, instead of a seed.

        Raises:
            LabError: If the hand is in the way, or objects do not fit on the table.
        """
        if layout is not None:
            answer = self.request("reset", layout=layout.to_message())
        else:
            answer = self.request("reset", seed=seed)
        return Layout.from_message(answer["layout"])

    def objects(self) -> tuple[LabObject, ...]:
        """Return the objects of the current layout where they are now.

        Raises:
            LabError: If the lab is gone.
        """
        return tuple(
            LabObject(
                name=item["name"],
                slot=item["slot"],
                colour=item["colour"],
                shape=item["shape"],
                position=item["pose"][:3],
                quaternion=item["pose"][3:],
            )
            for item in self.request("objects")["objects"]
        )

    def lifted(self, name: str) -> bool:
        """Tell whether an object hangs clear of the table.

        Args:
            name: Such as "red cube".

        Raises:
            LabError: If there is none of this name, or the lab is gone.
        """
        return bool(self.request("lifted", name=name)["lifted"])

    def status(self) -> LabStatus:
        """Return the arm's joints and how fast the simulation goes.

        Raises:
            LabError: If the lab is gone.
        """
        return LabStatus(**self.request("state"))

    def frames(self) -> dict[str, Frame]:
        """Return the newest picture per camera, without waiting; empty before the first ones.

        Raises:
            LabError: If the lab is gone.
        """
        if self._connection.protocol.state is not State.OPEN:
            raise LabError(self._connection.close_reason or GONE)
        return self._frames.latest()

    def depth(self, camera: str) -> tuple[NDArray[np.float32], int]:
        """Return the (H, W) distance along the optical axis [m] now, and its time [ns, monotonic].

        Raises:
            LabError: If there is no such camera, or the lab is gone.
        """
        answer = self.request("depth", camera=camera)
        return answer["depth"], int(answer["t_ns"])

    def request(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Ask the lab for an operation of :mod:`robot.sim.lab_server`.

        Raises:
            LabError: If the lab refuses, is gone, or does not answer in time.
        """
        deadline = time.monotonic() + REQUEST_SECONDS
        with self._lock:
            number = next(self._ids)
            try:
                self._connection.send(pack({"id": number, "op": op, **arguments}))
                while True:
                    rest = max(0.0, deadline - time.monotonic())
                    answer = unpack(self._connection.recv(timeout=rest))
                    if answer["id"] in (0, number):  # others are late answers to given-up requests
                        break
            except ConnectionClosed as error:
                raise LabError(_gone(error)) from error
            except TimeoutError as error:
                raise LabError(f"the lab did not answer within {REQUEST_SECONDS:.0f} s") from error
            except (WireError, KeyError, TypeError) as error:
                raise LabError(f"what listens at {self.url} is no simulated lab") from error
        if "error" in answer:
            raise LabError(str(answer["error"]))
        return answer["result"]

    def _open_frames(self) -> FrameSource:
        where = self._hello["memory"]
        try:
            self._memory = LabMemory.attach(where["pid"], where["descriptor"])
        except (OSError, ValueError):  # another container or user: pictures travel instead
            return PulledFrames(self.url)
        return SharedFrames(self._memory)


def _connect(url: str, opened: contextlib.ExitStack) -> ClientConnection:
    try:
        return opened.enter_context(
            connect(
                url, open_timeout=OPEN_SECONDS, close_timeout=1.0, compression=None, proxy=None,
                max_size=MAX_MESSAGE_BYTES, ping_interval=None,
            )
        )  # fmt: skip
    except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        raise LabError(
            f"no simulated lab answers at {url}; start one with: python main.py lab"
        ) from error


def _gone(error: ConnectionClosed) -> str:
    reason = error.rcvd.reason if error.rcvd is not None else ""
    return reason or GONE
