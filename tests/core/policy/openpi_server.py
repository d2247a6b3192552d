"""A scripted openpi server, written from openpi's protocol alone: none of our wire code in it.

Like openpi's own it answers in the thread that reads, sends its metadata first and its errors as a
traceback in a text frame.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgpack
import numpy as np
from websockets.sync.server import ServerConnection, serve


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    raise TypeError(type(value).__name__)


def _hook(value: dict) -> Any:
    if b"__ndarray__" in value:
        return np.ndarray(
            buffer=value[b"data"], dtype=np.dtype(value[b"dtype"]), shape=value[b"shape"]
        )
    return value


class OpenpiServer:
    """Answers with what ``infer`` returns.

    Attributes:
        url: Where it listens.
        seen: Observations that it got.
        connections: How many clients have come.
    """

    def __init__(self, metadata: dict, infer: Callable[[dict], dict]) -> None:
        self.url = ""
        self.seen: list[dict] = []
        self.connections = 0
        self.die_after: int | None = None
        self._metadata, self._infer = metadata, infer

    def __call__(self, connection: ServerConnection) -> None:
        self.connections += 1
        connection.send(msgpack.packb(self._metadata, default=_default))
        for data in connection:
            observation = msgpack.unpackb(data, object_hook=_hook)
            self.seen.append(observation)
            if self.die_after is not None and len(self.seen) >= self.die_after:
                self.die_after = None
                connection.socket.close()
                return
            try:
                answer = self._infer(observation)
            except Exception:
                connection.send(traceback.format_exc())
                connection.close(1011, "Internal server error. Traceback included in frame.")
                return
            answer["server_timing"] = {"infer_ms": 1.5}
            connection.send(msgpack.packb(answer, default=_default))


@contextmanager
def openpi_server(metadata: dict, infer: Callable[[dict], dict]) -> Iterator[OpenpiServer]:
    """Run a server until the block ends."""
    scripted = OpenpiServer(metadata, infer)
    with serve(scripted, "127.0.0.1", 0, compression=None, close_timeout=1, max_size=None) as ws:
        thread = threading.Thread(target=ws.serve_forever)
        thread.start()
        scripted.url = f"ws://127.0.0.1:{ws.socket.getsockname()[1]}"
        yield scripted
        ws.shutdown()
        thread.join()


def pi0(observation: dict) -> dict:
    """Answer like π0 on LIBERO: pictures, state and prompt in, fifty steps out."""
    for key in ("observation/image", "observation/wrist_image"):
        if observation[key].dtype != np.uint8:
            raise TypeError(key)
    if observation["observation/state"].shape != (8,):
        raise ValueError("state")
    if not observation["prompt"]:
        raise ValueError("prompt")
    return {"actions": np.full((50, 7), 0.01, np.float32)}


def molmoact2(observation: dict) -> dict:
    """Answer like MolmoAct2-Think: depth tokens and ten steps."""
    if "observation/state" not in observation:
        raise ValueError("state")
    codes = np.arange(100, dtype=np.int64)
    return {"actions": np.full((10, 7), 0.01), "depth": codes}
