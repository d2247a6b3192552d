"""What may be done with episodes now, and if not, why; as in :mod:`app.rules`."""

from __future__ import annotations

from app import rules
from app.store import Store
from core.episode import Outcome


def start(store: Store) -> str:
    """Whether an episode can begin."""
    current = store.episodes.current
    if current is not None:
        return f"Episode {current.number} is still open; say first how it ended (Y, N or X)."
    if store.rig is None:
        return "No rig is connected; restart the services (Ctrl+Shift+R)."
    return rules.instruct(store)


def judge(store: Store) -> str:
    """Whether there is an episode to end."""
    return "" if store.episodes.current is not None else "No episode is open; start one first (B)."


def discard(store: Store) -> str:
    """Whether there is an episode to discard, open or ended."""
    last = store.episodes.last
    if last is None:
        return "There is no episode to discard; start one first (B)."
    if last.outcome == Outcome.DISCARDED:
        return f"Episode {last.number} is discarded already; nothing of it was deleted."
    return ""


def grade(store: Store) -> str:
    """Whether there is an episode to give progress or a note to."""
    return "" if store.episodes.last is not None else "There is no episode yet; start one (B)."


def reset(store: Store) -> str:
    """Whether the scene can be prepared for the next attempt."""
    current = store.episodes.current
    if current is not None:
        return f"Episode {current.number} is still open; say first how it ended (Y, N or X)."
    return rules.move(store)
