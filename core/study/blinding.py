"""What must not reach a participant: names that tell which policy is which."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from core.study.plan import StudyPlan

IDENTITY_WORDS = ("molmoact", "openvla", "spatialvla", "pi0", "gemini", "checkpoint", "baseline")
"""Words that give a policy away wherever they stand in a text that participants read."""

EPOCH = 1_600_000_000
"""The one time that all video files of a study bear [s since 1970]."""


def neutral_name() -> str:
    """Return a name for a file that says nothing and does not count up."""
    return secrets.token_hex(8)


def hide_times(paths: Iterable[Path]) -> None:
    """Give files the same time, whoever was made first."""
    for path in paths:
        os.utime(path, (EPOCH, EPOCH))


def leaks(plan: StudyPlan) -> list[str]:
    """Return a sentence for each text for participants that names a policy.

    Aliases are looked for as whole words; the addresses and folders behind them as parts.
    """
    texts = {
        "title": plan.title,
        "consent text": plan.consent.text,
        "question": plan.question,
        "question before the pair is drawn": plan.ask_words,
        **{f"instruction of scene '{s.name}'": s.instruction for s in plan.scenes},
    }
    words = {policy.alias.lower() for policy in plan.policies} | set(IDENTITY_WORDS)
    return [
        f"The {where} has the word '{word}', which may tell a participant which policy is which."
        for where, text in texts.items()
        for word in sorted(words)
        if re.search(rf"\b{re.escape(word)}\b", text.lower())
    ]
