from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.types import StudioError
from tests.training.data import sets
from training.data.conventions import Form, NoOps
from training.data.conventions_file import parse_conventions, read_conventions
from training.data.dataset import open_dataset
from training.data.lab_names import NAMES
from training.data.skeleton import skeleton


def parse(**changes):
    return parse_conventions(sets.declared(**changes), Path("/data"))


def action(**changes):
    return sets.declared()["action"] | changes


def test_what_is_declared_is_what_is_meant():
    conventions = parse(tool=[0, 0, 0.1])
    arm = conventions.arms[0]
    assert (arm.name, arm.form, arm.tool_frame, arm.tool) == (
        "right",
        Form.DELTA,
        False,
        (0, 0, 0.1),
    )
    assert arm.action.position.values == (0, 1, 2)
    assert conventions.cameras[0].calibration.width == sets.SIZE[0]
    assert conventions.no_ops == NoOps()
    assert parse(no_ops="keep").no_ops is None
    assert parse(no_ops={"translation": 0.01}).no_ops.translation == 0.01


def test_two_arms_have_traces_of_their_own():
    single = {
        key: value for key, value in sets.declared().items() if key not in ("action", "state")
    }
    arms = [{"name": name, "action": action()} for name in ("left", "right")]
    conventions = parse_conventions(single | {"arms": arms}, Path())
    assert conventions.trace_columns() == {"left": "trace_left", "right": "trace_right"}
    with pytest.raises(StudioError, match="name the arms"):
        parse_conventions(single | {"arms": [arms[0], arms[0]]}, Path())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": "fast"}, "`rate` is 'fast'"),
        ({"rate": 0}, "0 Hz"),
        ({"cameras": []}, "list of at least one"),
        ({"colour": "red"}, "unknown key `colour`"),
        ({"action": action(form="delto")}, "'delto'; expected one of delta, absolute"),
        ({"action": action(form="?")}, "does not say `form`"),
        ({"action": action(form="absolute", frame="tool")}, "poses in the base frame"),
        ({"action": {"form": "delta", "frame": "base"}}, "does not say `rotation`"),
        ({"action": action(rotation={"column": "action", "form": "rpy"})}, "'rpy' is no form"),
        ({"action": action(gripper={"column": "action", "closed": 1, "open": 1})}, "same value"),
        ({"state": None}, "does not say `state`"),
        ({"state": [1]}, "expected keys and values"),
        ({"tool": "left"}, "three values"),
        ({"tool": [1, 2]}, "three values"),
        ({"depth": {"column": "depth", "unit": "inch"}}, "expected one of m, mm"),
    ],
)
def test_mistakes_are_said_in_words(changes, words):
    with pytest.raises(StudioError, match=words):
        parse(**changes)


def test_the_frame_of_changes_is_never_assumed():
    without = {key: value for key, value in action().items() if key != "frame"}
    with pytest.raises(StudioError, match="does not say `frame`"):
        parse(action=without)


def test_the_tools_frame_needs_the_tools_rotation():
    state = {"position": sets.declared()["state"]["position"]}
    with pytest.raises(StudioError, match="rotation of the `state`"):
        parse(action=action(frame="tool"), state=state)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), lambda inner:
       st.lists(inner, max_size=3) | st.dictionaries(
           st.sampled_from(["rate", "cameras", "action", "state", "position", "column", "form"]),
           inner, max_size=4), max_leaves=12))  # fmt: skip
def test_nothing_but_a_sentence_comes_of_nonsense(content):
    with pytest.raises(StudioError):
        parse_conventions(content, Path())


def test_a_file_is_read_safely(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("rate: !!python/object/apply:os.getcwd []")
    with pytest.raises(StudioError, match="cannot be read"):
        read_conventions(path)
    path.write_text(yaml.safe_dump(sets.declared()))
    assert read_conventions(path).rate == sets.FPS


def test_the_draft_names_all_columns_and_decides_nothing(tmp_path):
    dataset = open_dataset(sets.write_set(tmp_path / "toy", videos=True, episodes=1, length=3))
    text = skeleton(dataset)
    for column in (sets.FRONT, sets.WRIST, "observation.state", "depth"):
        assert column in text
    with pytest.raises(StudioError, match="does not say"):
        parse_conventions(yaml.safe_load(text), Path())


@pytest.mark.parametrize("names", ["ours", "other"])
def test_the_labs_own_conventions_are_complete(names):
    assert parse_conventions({"rate": 5.0, **NAMES[names]}, Path()).arms[0].state is not None


def test_the_example_of_the_manual_is_complete():
    text = (Path(__file__).resolve().parents[3] / "docs/data-sets.md").read_text()
    example = text.split("```yaml")[1].split("```")[0]
    conventions = parse_conventions(yaml.safe_load(example), Path())
    assert conventions.arms[0].form is Form.ABSOLUTE
    turn = conventions.cameras[0].calibration.pose[:3, :3]
    assert np.allclose(turn @ turn.T, np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)
