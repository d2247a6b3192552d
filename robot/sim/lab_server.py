"""The lab's control port: one request, one answer, over a WebSocket on the loopback interface.

A request is ``{"id": int, "op": str, ...}``, its answer ``{"id": int, "result": {...}}`` or
``{"id": int, "error": sentence}``, in :mod:`core.wire`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.server import Server, ServerConnection, serve

from core.service import websocket_url
from core.types import StudioError
from core.wire import WireError, pack, unpack
from robot.sim.layout_check import checked_layout
from robot.sim.scene import camera_models
from robot.sim.state import ARM_QPOS
from robot.sim.tasks import is_lifted

if TYPE_CHECKING:
    from robot.sim.lab import Lab

HOST = "127.0.0.1"
"""The lab is for the rig beside it; other machines talk to the rig."""

MAX_REQUEST_BYTES = 64 * 1024
_REASON_BYTES = 120  # a close frame holds no more

_log = logging.getLogger(__name__)


class LabServer:
    """Listens from the start and answers within :meth:`serving`; a context manager."""

    def __init__(self, port: int) -> None:
        """Take the port.

        Raises:
            StudioError: If it is in use.
        """
        self._lab: Lab | None = None
        try:
            # no page in a browser has business here: those send an Origin header
            self._server: Server = serve(
                self._handle, HOST, port, origins=[None], max_size=MAX_REQUEST_BYTES,
                compression=None, ping_interval=None,
                close_timeout=1.0,
            )  # fmt: skip
        except (OSError, OverflowError) as error:
            raise StudioError(
                f"the lab cannot listen on port {port} ({error}); choose another with --port, "
                "or 0 for a free one"
            ) from error
        self.url = websocket_url(HOST, self._server.socket.getsockname()[1])

    def __enter__(self) -> LabServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.socket.close()

    @contextlib.contextmanager
    def serving(self, lab: Lab) -> Iterator[None]:
        """Answer clients, in threads, as long as the block runs; then tell them why it ended."""
        self._lab = lab
        thread = threading.Thread(target=self._server.serve_forever, name="lab-server")
        thread.start()
        try:
            yield
        finally:
            code = CloseCode.INTERNAL_ERROR if lab.fault else CloseCode.GOING_AWAY
            reason = (lab.fault or "the simulated lab was stopped").encode()[:_REASON_BYTES]
            self._server.shutdown(code=code, reason=reason.decode(errors="ignore"))
            thread.join()

    def _handle(self, connection: ServerConnection) -> None:
        assert self._lab is not None, "clients are accepted within serving() only"
        operations = _operations(self._lab)
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                connection.send(_answer(message, operations))


Operation = Callable[[dict[str, Any]], dict[str, Any]]


def _answer(message: bytes | str, operations: dict[str, Operation]) -> bytes:
    number: Any = 0
    try:
        request = unpack(message)
        if not isinstance(request, dict):
            raise StudioError("a request is a map with 'id' and 'op'")
        number, op = request.get("id", 0), request.get("op")
        operation = operations.get(op) if isinstance(op, str) else None
        if operation is None:
            raise StudioError(f"the lab cannot '{op}'; it can: {', '.join(operations)}")
        return pack({"id": number, "result": operation(request)})
    except (StudioError, WireError) as error:
        return pack({"id": number, "error": str(error)})
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        _log.debug("bad request", exc_info=True)
        return pack({"id": number, "error": f"the lab did not understand: {error!r}"})


def _operations(lab: Lab) -> dict[str, Operation]:
    """Return what a client may ask for."""

    def hello(_: dict[str, Any]) -> dict[str, Any]:
        return {
            "robot": lab.hostname,
            "cameras": {name: model.to_message() for name, model in camera_models().items()},
            "memory": {"pid": os.getpid(), "descriptor": lab.memory.descriptor},
            "layout": lab.layout.to_message(),
        }

    def reset(request: dict[str, Any]) -> dict[str, Any]:
        if request.get("layout") is not None:
            layout = checked_layout(request["layout"])
        else:
            layout = lab.draw(_seed(request.get("seed")))
        return {"t_ns": lab.reset(layout), "layout": layout.to_message()}

    def objects(_: dict[str, Any]) -> dict[str, Any]:
        layout, state = lab.layout, lab.state()
        return {
            "objects": [
                {
                    "name": item.name,
                    "slot": item.slot,
                    "colour": item.colour,
                    "shape": item.shape,
                    "pose": state.pose(item.slot),
                }
                for item in layout.objects
            ]
        }

    def lifted(request: dict[str, Any]) -> dict[str, Any]:
        try:
            item = lab.layout.named(str(request["name"]))
        except KeyError as error:
            raise StudioError(str(error.args[0])) from error
        return {"lifted": is_lifted(item.shape, float(lab.state().pose(item.slot)[2]))}

    def state(_: dict[str, Any]) -> dict[str, Any]:
        now = lab.state()
        return {
            "t_ns": now.t_ns,
            "sim_time": now.sim_time,
            "physics_hz": now.rate_hz,
            "qpos": now.qpos[:ARM_QPOS],
            "pictures": {name: ring.count for name, ring in lab.memory.rings.items()},
            "fci_count": now.violations,
            **lab.limits(),
        }

    def frames(request: dict[str, Any]) -> dict[str, Any]:
        known: dict[str, int] = request.get("known", {})
        latest = {name: ring.latest() for name, ring in lab.memory.rings.items()}
        return {
            "frames": {
                name: {"image": picture.image, "t_ns": picture.t_ns, "seq": picture.seq}
                for name, picture in latest.items()
                if picture is not None and picture.seq != known.get(name)
            }
        }

    def depth(request: dict[str, Any]) -> dict[str, Any]:
        return lab.depth(str(request["camera"]))

    return {
        "hello": hello,
        "reset": reset,
        "objects": objects,
        "lifted": lifted,
        "state": state,
        "frames": frames,
        "depth": depth,
    }


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise StudioError(f"the seed of a layout is {value!r}; expected a whole number from 0 on")
    return value
