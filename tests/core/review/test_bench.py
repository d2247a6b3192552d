from __future__ import annotations

import json

from main import main


def test_the_bench_measures_a_session_of_its_own(tmp_path):
    target = tmp_path / "review.json"
    words = ["bench", "review", "--megabytes", "2", "--seeks", "5", "--json", str(target)]
    assert main(words) == 0
    report = json.loads(target.read_text())
    assert [row["what"] for row in report["rows"]] == ["make", "index", "cold", "warm"]
    assert {goal["metric"] for goal in report["goals"]} >= {"open, cold", "seek p95, warm"}
    assert report["rows"][0]["megabytes"] >= 2
