"""The newest stage of a request, handed from the worker's thread to the socket loop."""

from __future__ import annotations

import asyncio
import logging

from core.policy.worker import Job
from core.types import Reasoning

logger = logging.getLogger(__name__)


class Stages:
    """One slot: a slow reader gets fewer stages, not a growing queue.

    Nothing is lost that way, because each stage contains the earlier ones.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = asyncio.Event()
        self._newest: Reasoning | None = None

    def put(self, reasoning: Reasoning) -> None:
        """Replace the newest stage; called in the worker's thread."""
        self._newest = reasoning
        self.wake()

    def wake(self) -> None:
        """Let the waiting reader look again; called in any thread."""
        try:
            self._loop.call_soon_threadsafe(self._changed.set)
        except RuntimeError:  # the loop has ended, and its reader with it
            logger.debug("a stage came after the end of the server")

    async def next(self, job: Job) -> Reasoning | None:
        """Wait for a stage; ``None`` once the request is done."""
        while not job.future.done():
            await self._changed.wait()
            self._changed.clear()
            stage, self._newest = self._newest, None
            if stage is not None and not job.future.done():
                return stage
        return None
