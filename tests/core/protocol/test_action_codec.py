from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.protocol import action_codec as codec
from core.protocol.action_symbols import BIN_OF_SYMBOL, SYMBOLS
from core.protocol.statistics import read_statistics
from core.types import StudioError

DATA = Path(__file__).parents[2] / "data/golden/protocol"
GOLDEN = json.loads((DATA / "action_codec.json").read_text())
DATASET = json.loads((DATA / "trace_cases.json").read_text())["dataset_statistics"]

STATS = read_statistics(
    {
        "k": {
            "action": {
                "q01": [-0.22, -0.15, -0.23, -0.35, -0.42, -0.44, 0.0],
                "q99": [0.18, 0.15, 0.22, 0.59, 0.35, 0.45, 1.0],
                "mask": [True] * 6 + [False],
            }
        }
    }
)
SPAN = np.where(STATS.scaled, STATS.q99 - STATS.q01, 2.0)


def stats_of(case, mask=None):
    action = {"q01": case["q01"], "q99": case["q99"]}
    if mask is not None or case["mask"] is not None:
        action["mask"] = case["mask"] if mask is None else mask
    return read_statistics({"k": {"action": action}})


def test_symbols_are_the_references():
    assert [entry["token"] for entry in GOLDEN["bins"]] == list(SYMBOLS)
    assert len(BIN_OF_SYMBOL) == 256


def test_symbols_can_stand_in_a_list_unquoted():
    for symbol in SYMBOLS:
        assert symbol.strip() == symbol
        assert not symbol.isascii()
        assert not set(symbol) & set(",[]'\" .")


@pytest.mark.parametrize("probe", GOLDEN["encode_probes_float64"], ids=lambda p: str(p["value"]))
def test_single_values_encode_as_the_reference(probe):
    assert codec.encode_value(probe["value"]) == probe["token"]


def test_single_precision_edges_encode_as_the_reference():
    for probe in GOLDEN["encode_probes_float32"]:
        symbol = codec.encode_value(np.float32(probe["value_f32"]))
        assert BIN_OF_SYMBOL[symbol] == probe["bin"] - 1


@pytest.mark.parametrize("case", GOLDEN["normalization"], ids=lambda case: case["name"])
def test_actions_encode_as_the_reference(case):
    # the reference always scales exactly the first six dimensions and inverts the seventh
    dims = len(case["q01"])
    stats = stats_of(case, mask=[index < 6 for index in range(dims)])
    for example in case["examples"]:
        action = np.array(example["action"], dtype=np.float32)
        action[6] = 1 - action[6]
        np.testing.assert_array_equal(
            codec.normalise(action, stats), np.float32(example["normalized"])
        )
        assert (codec.bins_of(action, stats) + 1).tolist() == example["bins"]
        assert codec.encode_chunk(action[None], stats) == example["tokenized"]


@pytest.mark.parametrize("case", GOLDEN["normalization"], ids=lambda case: case["name"])
def test_actions_decode_as_the_reference(case):
    stats = stats_of(case)
    for example in case["examples"]:
        row = example["tokenized"][1:-1].split(", ")
        np.testing.assert_array_equal(
            codec.decode_rows([row], stats), example["parse_action_of_it"]
        )


def test_a_whole_data_set_encodes_as_the_reference():
    episodes = DATASET["process_episode_actions"]
    stats = read_statistics({"set": episodes["stats"]})
    for steps in episodes["episodes"].values():
        for step in steps:
            expected = episodes["processed"][str(step["idx"])]
            if expected is None:
                continue
            # the reference swaps the gripper's convention before it encodes
            action = np.array([step["action"]])
            action[:, -1] = 1.0 - action[:, -1]
            np.testing.assert_array_equal(
                codec.normalise(action, stats)[0], np.float32(expected["normalized_action"])
            )
            assert codec.encode_chunk(action, stats) == expected["tokenized_action"]


@pytest.mark.parametrize("case", GOLDEN["chunking"], ids=lambda case: str(case["n_steps"]))
def test_chunks_are_written_as_the_reference(case):
    rows = [[BIN_OF_SYMBOL[symbol] for symbol in row] for row in case["tokens"]]
    for start, expected in enumerate(case["chunks"]):
        window = (rows[start : start + 8] + [rows[-1]] * 8)[:8]
        assert codec.rows_text(window) == expected


def test_one_row_is_written_without_outer_brackets():
    text = codec.rows_text([[0, 255]])
    assert text == f"[{SYMBOLS[0]}, {SYMBOLS[255]}]"


def test_the_last_two_bins_decode_alike():
    high = codec.decode_bins([[254] * 7, [255] * 7], STATS)
    np.testing.assert_array_equal(high[0], high[1])
    assert high[0, 6] == pytest.approx(0.99608, abs=1e-5)


def test_zero_decodes_to_zero_where_the_range_is_symmetric():
    assert codec.decode_bins([127] * 7, STATS)[6] == 0.0


@given(hnp.arrays(np.int64, (3, 7), elements=st.integers(0, 255)))
def test_bins_survive_decoding_and_encoding(bins):
    again = codec.bins_of(codec.decode_bins(bins, STATS), STATS)
    np.testing.assert_array_equal(again, np.minimum(bins, 254))


@given(hnp.arrays(np.float64, (4, 7), elements=st.floats(0, 1)))
def test_actions_survive_within_half_a_bin(share):
    low = np.where(STATS.scaled, STATS.q01, -1.0)
    actions = low + share * SPAN
    decoded = codec.decode_bins(codec.bins_of(actions, STATS), STATS)
    assert (np.abs(decoded - actions) <= SPAN / 255 / 2 * 1.01 + 1e-6).all()


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=1, max_dims=3).map(lambda shape: (*shape, 7)),
        elements=st.floats(-1e6, 1e6),
    )
)
def test_any_shape_gives_bins_and_no_decoded_action_leaves_the_range(actions):
    bins = codec.bins_of(actions, STATS)
    assert bins.shape == actions.shape
    assert bins.min() >= 0
    assert bins.max() <= 255
    decoded = codec.decode_bins(bins, STATS)
    assert (decoded >= np.where(STATS.scaled, STATS.q01, -1.0)).all()
    assert (decoded <= np.where(STATS.scaled, STATS.q99, 1.0)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    with pytest.raises(StudioError, match="not finite"):
        codec.encode_chunk([[0, 0, 0, 0, 0, bad, 0]], STATS)
    with pytest.raises(StudioError, match="not finite"):
        codec.encode_value(bad)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no actions"),
        ([[SYMBOLS[3]] * 6], "has 6 values; expected 7"),
        ([[SYMBOLS[3]] * 7, [SYMBOLS[3]] * 6 + ["é"]], "row 2 is none of the 256"),
        ([[""] * 7], "none of the 256"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, message):
    with pytest.raises(StudioError, match=message):
        codec.decode_rows(rows, STATS)


@pytest.mark.parametrize(
    "call",
    [
        lambda: codec.bins_of(np.zeros((2, 6)), STATS),
        lambda: codec.bins_of(0.0, STATS),
        lambda: codec.decode_bins([256] * 7, STATS),
        lambda: codec.decode_bins([-1] * 7, STATS),
        lambda: codec.decode_bins([0] * 6, STATS),
        lambda: codec.rows_text([[256]]),
        lambda: codec.rows_text([1, 2]),
        lambda: codec.rows_text(np.zeros((0, 7), int)),
    ],
)
def test_wrong_shapes_and_bins_are_refused(call):
    with pytest.raises(StudioError):
        call()
