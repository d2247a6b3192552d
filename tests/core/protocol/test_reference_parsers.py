from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.protocol.reference_parsers import parse_action, parse_depth, parse_trace
from core.protocol.statistics import read_statistics
from core.types import StudioError

DATA = Path(__file__).parents[2] / "data/golden/protocol"
GOLDEN = json.loads((DATA / "parse_cases.json").read_text())
CODEC = json.loads((DATA / "action_codec.json").read_text())

IN_QWEN2 = frozenset({"1", "a", "é", "ü", "ñ", "ø", "å", "Ġthe"})
"""Strings of the cases that are in the Qwen2 vocabulary without being action symbols."""


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_parsers_agree_with_the_reference(case):
    assert parse_depth(case["text"]) == case["parse_depth"]["value"]
    assert parse_trace(case["text"]) == case["parse_trace"]["value"]
    known = GOLDEN["norm_stats_default"]
    norm_stats = known if case["norm_stats"] == "default" else case["norm_stats"]
    expected = case["parse_action"]
    if not expected["ok"]:
        with pytest.raises(StudioError):
            read_statistics(norm_stats, case["unnorm_key"])
        return
    stats = read_statistics(norm_stats, case["unnorm_key"])
    assert parse_action(case["text"], stats, IN_QWEN2) == expected["value"]


def test_unknown_symbols_become_extreme_values_as_in_the_reference():
    stats = read_statistics({"k": {"action": {"q01": [-1.0, -1.0], "q99": [1.0, 1.0]}}})
    for case in CODEC["unknown_tokens"]:
        assert parse_action(case["text"], stats, IN_QWEN2) == case["result"]
