"""What a check found: how serious it is, in which words, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        subject: What was looked at, such as "disk".
        status: How serious it is.
        found: What was found, as a sentence.
        advice: What to do about it; empty when nothing needs to be done.
    """

    subject: str
    status: Status
    found: str
    advice: str = ""


def ok(subject: str, found: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(subject=subject, status=Status.OK, found=found)


def warning(subject: str, found: str, advice: str) -> Finding:
    """Return a finding that makes something slower, smaller or less sure."""
    return Finding(subject=subject, status=Status.WARNING, found=found, advice=advice)


def problem(subject: str, found: str, advice: str) -> Finding:
    """Return a finding that keeps a program from working."""
    return Finding(subject=subject, status=Status.PROBLEM, found=found, advice=advice)


def count(findings: Sequence[Finding], status: Status) -> int:
    """Return how many findings are of one status."""
    return sum(finding.status == status for finding in findings)
