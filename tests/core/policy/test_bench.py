from __future__ import annotations

import sys

from core.policy.bench import (
    EchoPolicy,
    measure_comparison,
    measure_crowd,
    measure_episode,
    measure_overhead,
)
from core.report import Report


def test_every_session_is_counted_and_the_echo_answers():
    report = Report("bench", seed=0)
    said: list[str] = []
    measure_overhead(report, 3)
    measure_crowd(report, EchoPolicy(), 2, 2, said.append)
    assert [row["answered"] for row in report.rows] == [3, 2, 2, 4]
    assert all(row["p95_ms"] >= row["p50_ms"] for row in report.rows)
    assert report.goals[1]["holds"]
    assert len(said) == 2


def test_a_missing_openpi_client_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpi_client.websocket_client_policy", None)
    report = Report("bench")
    measure_episode(report, EchoPolicy(), 2)
    assert "pip install --no-deps" in report.rows[0]["measurement"]
    assert not report.goals[0]["holds"]


def test_a_comparison_is_timed_both_ways_and_the_first_round_is_left_out():
    report = Report("bench")
    measure_comparison(report, EchoPolicy(), 3)
    assert [row["measurement"] for row in report.rows] == [
        "comparison of 5, together",
        "comparison of 5, in turn",
    ]
    assert [row["answered"] for row in report.rows] == [2, 2]
    assert report.goals[0]["value"] > 0
