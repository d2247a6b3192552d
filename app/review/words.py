"""Times, dates and outcomes of recordings in words."""

from __future__ import annotations

from datetime import datetime

from app.episode_words import SIGNS
from core.episode import Outcome


def clock(seconds: float) -> str:
    """Write a time within a recording as "1:03.2", or "1:02:03.2" from an hour on."""
    tenths = round(max(seconds, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 10:02d}.{rest % 10}"


def date(wall_ns: int) -> str:
    """Write a time since 1970 [ns] as "2026-11-23 14:05"."""
    return f"{datetime.fromtimestamp(wall_ns / 1e9):%Y-%m-%d %H:%M}"


def outcome(word: str) -> str:
    """Write how an episode ended; an em dash where nobody said."""
    return f"{SIGNS[Outcome(word)]} {word}" if word else "—"
