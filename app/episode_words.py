"""Episodes in words: pure functions for the status bar and the panel."""

from __future__ import annotations

from core.episode import Episode, Episodes, Outcome

SIGNS = {
    Outcome.SUCCESS: "✓",
    Outcome.FAILURE: "✗",
    Outcome.DISCARDED: "⊘",
    Outcome.INTERRUPTED: "…",
}
"""A second cue besides the colour."""

ROLES = {Outcome.SUCCESS: "ok", Outcome.FAILURE: "fault"}
"""Looks of outcomes in the style sheet; the others are captions."""


def time_text(seconds: float) -> str:
    """Write a duration as "0:42" or "1:03:12"."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def status_text(episodes: Episodes, now_ns: int) -> str:
    """Write the open episode as "episode 3 · 0:42 · steered"; nothing when none is open."""
    current = episodes.current
    if current is None:
        return ""
    return f"episode {current.number} · {' · '.join(_facts(current, now_ns))}"


def title_text(episodes: Episodes, now_ns: int) -> str:
    """Write the open episode, or the last one with its outcome, as a heading."""
    last = episodes.last
    if last is None:
        return "No episode yet"
    words = [f"Episode {last.number}", *_facts(last, now_ns)]
    if last.outcome is not None:
        words.insert(1, f"{SIGNS[last.outcome]} {last.outcome}")
    return " · ".join(words)


def line_text(episode: Episode, now_ns: int) -> str:
    """Write an episode as a line of the list."""
    outcome = episode.outcome
    sign = "●" if outcome is None else SIGNS[outcome]
    words = [f"{episode.number}  {sign} {'open' if outcome is None else outcome}"]
    if episode.progress is not None:
        words.append(f"{episode.progress} %")
    return " · ".join([*words, *_facts(episode, now_ns)])


def lab_text(lifted: tuple[str, ...], instruction: str) -> str:
    """Write what the lab sees in the air, and whether the instruction names it."""
    if not lifted:
        return ""
    said = instruction.lower()
    named = [name for name in lifted if name.lower() in said]
    words = f"The lab says: {' and '.join(lifted)} lifted"
    return words if named else f"{words} (not named in the instruction)"


def _facts(episode: Episode, now_ns: int) -> list[str]:
    facts = [time_text(episode.seconds(now_ns))]
    if episode.steered:
        facts.append("steered")
    return facts
