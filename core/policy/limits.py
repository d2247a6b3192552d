"""What one client may ask of the server before it is told off or cut off."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.types import StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep one client from taking the server away from the others.

    Attributes:
        message_bytes: Largest message; two raw 2000 x 2000 images fit in the default.
        connections: Clients at once.
        rate: Requests per second that one connection may make in the long run.
        burst: Requests that it may make at once after a pause.
        send_s: Longest time that a client may take to read what waits for it [s].
        ping_every_s: Time between two pings [s].
        ping_timeout_s: A client that leaves a ping unanswered for this long is taken for gone [s];
            longer than the twenty seconds that are usual, for clients that move a robot meanwhile.
    """

    message_bytes: int = 32 * 1024 * 1024
    connections: int = 64
    rate: float = 100.0
    burst: int = 200
    send_s: float = 20.0
    ping_every_s: float = 20.0
    ping_timeout_s: float = 40.0

    def __post_init__(self) -> None:
        if self.connections < 1 or self.burst < 1 or not 0 < self.rate <= 1e9:
            raise StudioError(
                f"a server for {self.connections} connections with {self.rate:g} requests per "
                "second each answers nobody; all limits have to be positive"
            )


class RateLimit:
    """A bucket of tokens that fills steadily: each request takes one."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with a full bucket.

        Args:
            rate: Tokens per second.
            burst: Size of the bucket.
            clock: Seconds that only grow.
        """
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._then = float(burst), clock()

    def take(self) -> None:
        """Take a token.

        Raises:
            StudioError: If there is none.
        """
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._then) * self._rate, float(self._burst))
        self._then = now
        if self._tokens < 1:
            raise StudioError(
                f"This connection asks more than {self._rate:g} times a second; wait for an "
                "answer before asking again."
            )
        self._tokens -= 1
