"""Findings as an aligned table; colours only where a person looks at a terminal."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from typing import TextIO

from core.doctor.finding import Finding, Status, count

WORDS = {Status.OK: "ok", Status.WARNING: "warning", Status.PROBLEM: "PROBLEM"}
_COLOURS = {Status.OK: "32", Status.WARNING: "33", Status.PROBLEM: "1;31"}
MIN_WIDTH = 60


def findings_table(findings: Sequence[Finding], *, width: int = 100, colours: bool = False) -> str:
    """Return findings as lines: status, subject, what was found, and under it what to do.

    Args:
        findings: What was found.
        width: Columns of the terminal.
        colours: Whether to colour the status, with ANSI codes.
    """
    status_width = max(map(len, WORDS.values()))
    subject_width = max((len(finding.subject) for finding in findings), default=0)
    indent = " " * (status_width + subject_width + 4)
    room = max(width, MIN_WIDTH) - len(indent)
    lines: list[str] = []
    for finding in findings:
        word = WORDS[finding.status].ljust(status_width)
        if colours:
            word = f"\x1b[{_COLOURS[finding.status]}m{word}\x1b[0m"
        texts = _wrapped(finding.found, room)
        if finding.advice:
            texts += _wrapped(f"→ {finding.advice}", room, hanging="  ")
        lines.append(f"{word}  {finding.subject.ljust(subject_width)}  {texts[0]}")
        lines += [indent + text for text in texts[1:]]
    return "\n".join(lines)


def summary(findings: Sequence[Finding]) -> str:
    """Return the last line of the report."""
    problems, warnings = count(findings, Status.PROBLEM), count(findings, Status.WARNING)
    if not problems and not warnings:
        return "Everything is in order."
    parts = [
        f"{number} {word}{'' if number == 1 else 's'}"
        for number, word in ((problems, "problem"), (warnings, "warning"))
        if number
    ]
    rest = "" if problems else "; the studio can be used"
    return f"{' and '.join(parts)}{rest}."


def wants_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose person has not asked for plain text (NO_COLOR)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _wrapped(text: str, room: int, hanging: str = "") -> list[str]:
    lines = textwrap.wrap(
        text,
        room,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [""]
