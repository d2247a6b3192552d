"""What the session file says about the policy that answered."""

from __future__ import annotations

from typing import Any

from app.session_log import SessionLog
from core.session.events import SessionStarted
from core.types import Capabilities


def test_the_start_names_policy_and_weights() -> None:
    kept: list[Any] = []
    log = SessionLog()
    log.attach(kept.append)
    log.started(Capabilities(name="small", checkpoint="ab" * 32), None, {"theme": "dark"})
    log.started(None, None, {})
    first, second = kept
    assert isinstance(first, SessionStarted)
    assert (first.policy, first.checkpoint) == ("small", "ab" * 32)
    assert (second.policy, second.checkpoint) == ("", "")
