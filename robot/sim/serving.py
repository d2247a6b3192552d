"""The child's side of a request to one of the lab's processes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from core.types import StudioError
from robot.sim.channel import Channel, ChannelClosedError
from robot.sim.memory import LabMemory

Handler = Callable[[dict[str, Any]], dict[str, Any]]

_log = logging.getLogger(__name__)


def answer(channel: Channel, handlers: dict[str, Handler], timeout: float) -> bool:
    """Answer at most one request, waiting up to ``timeout`` seconds for it.

    Returns:
        Whether there was one.

    Raises:
        ChannelClosedError: If the parent is gone.
    """
    request = channel.receive(timeout)
    if request is None:
        return False
    reply: dict[str, Any] = {"id": request["id"]}
    try:
        reply["result"] = handlers[request["op"]](request)
    except StudioError as error:
        reply["error"] = str(error)
    except (KeyError, ValueError, TypeError) as error:
        _log.exception("request '%s' failed", request.get("op"))
        reply["error"] = f"the simulated lab cannot answer '{request.get('op')}': {error}"
    channel.send(reply)
    return True


def run_child(name: str, body: Callable[[Channel, LabMemory], None]) -> None:
    """Run a child process of the lab: ``argv`` holds the descriptors of channel and memory.

    ``body`` returns or raises ChannelClosedError when the parent is gone. A StudioError is sent to
    the parent as the reason of the end.
    """
    logging.basicConfig(level=logging.WARNING, format=f"%(levelname)s {name}: %(message)s")
    channel = Channel.from_descriptor(int(sys.argv[1]))
    memory = LabMemory.inherit(int(sys.argv[2]))
    try:
        body(channel, memory)
    except ChannelClosedError:
        pass
    except StudioError as error:
        channel.send({"id": 0, "error": str(error)})
        sys.exit(1)
    finally:
        memory.close()
    sys.stderr.flush()
    os._exit(0)  # native threads and GL contexts need no tidying in a process that ends
