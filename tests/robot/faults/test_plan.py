"""What ``--faults`` may say, and what is said when it is not understood."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import StudioError
from robot.faults.kinds import FACTS, FaultKind
from robot.faults.plan import LATEST, LONGEST, SHORTEST, FaultPlan, Injection, parse_plan

CAMERAS = ("front", "wrist")

times = st.floats(0.0, LATEST).map(lambda value: round(value, 3))
durations = st.floats(SHORTEST, LONGEST).map(lambda value: round(value, 3))


@st.composite
def injections(draw):
    kind = draw(st.sampled_from(FaultKind))
    camera = draw(st.sampled_from(["", *CAMERAS])) if kind.is_camera else ""
    return Injection(kind=kind, at=draw(times), seconds=draw(durations), camera=camera)


def read_or_refused(text):
    said = ""
    try:
        plan = parse_plan(text)
    except StudioError as error:
        said = str(error)
    assert "--faults" in said or parse_plan(str(plan)) == plan


def test_every_fault_is_described():
    assert set(FACTS) == set(FaultKind)
    assert all(facts.what and facts.mend.endswith(".") for facts in FACTS.values())
    assert all(SHORTEST <= 0.3 * facts.seconds < LONGEST for facts in FACTS.values())


def test_every_fault_is_in_the_operators_table():
    page = (Path(__file__).parents[3] / "docs" / "real-arm.md").read_text("utf-8")
    for kind, facts in FACTS.items():
        assert f"| `{kind}` | {facts.what} | {facts.mend[:-1]} |" in page


def test_a_script_is_read_in_the_order_of_its_times():
    plan = parse_plan("camera-freeze/wrist@10:2s, reflex@5")
    assert plan.script == (
        Injection(kind=FaultKind.REFLEX, at=5.0, seconds=FACTS[FaultKind.REFLEX].seconds),
        Injection(kind=FaultKind.CAMERA_FREEZE, at=10.0, seconds=2.0, camera="wrist"),
    )


@given(st.lists(injections(), min_size=1, max_size=6))
def test_a_script_survives_being_written_and_read(items):
    plan = FaultPlan(script=tuple(sorted(items, key=lambda item: item.at)))
    assert parse_plan(str(plan)) == plan
    assert len(list(plan.injections(CAMERAS))) == len(items)


@given(st.integers(0, 2**32 - 1), st.floats(1.0, 3600.0).map(lambda value: round(value, 3)))
def test_a_random_plan_survives_being_written_and_read(seed, mean):
    plan = FaultPlan(seed=seed, mean=mean)
    assert parse_plan(str(plan)) == plan


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    read_or_refused(text)


@given(
    st.sampled_from([*FaultKind, "random", "reflux", ""]),
    st.sampled_from(["@", ":", "/", "", "@@"]),
    st.sampled_from(["5", "-1", "1e3", "nan", "inf", "٣", "5s", "999999", " 5"]),
    st.sampled_from(["", ":2s", ":0", ":1000", ":x", ":", ":2s:2s", ",", ",reflex@1"]),
)
def test_near_misses_are_read_or_refused_with_a_sentence(name, sign, number, rest):
    read_or_refused(f"{name}{sign}{number}{rest}")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "expected NAME@SECONDS"),
        ("reflex", "expected NAME@SECONDS"),
        ("reflex@5,,join@6", "expected NAME@SECONDS"),
        ("reflux@5", "no fault 'reflux'. There are: reflex, user-stop"),
        ("reflex@-1", "'-1' in 'reflex@-1'; expected seconds from 0 to 86400"),
        ("camera-drop@5:0", "'0' in 'camera-drop@5:0'; expected seconds from 0.05 to 600"),
        ("camera-drop@5:1h", "'1h' in"),
        ("reflex/front@5", "leave '/front' out"),
        ("random", "expected random:SEED"),
        ("random:1:2:3", "expected random:SEED"),
        ("random:x", "the seed 'x'"),
        ("random:99999999999", "the seed '99999999999'"),
        ("random:1:0", "expected seconds from 1 to 3600"),
    ],
)
def test_what_is_wrong_is_named(text, part):
    with pytest.raises(StudioError) as caught:
        parse_plan(text)
    assert part in str(caught.value)


def test_a_script_must_fit_the_cameras():
    assert [i.camera for i in parse_plan("camera-drop@1").injections(CAMERAS)] == ["front"]
    with pytest.raises(StudioError, match=r"'side'.*there are: front, wrist"):
        parse_plan("camera-drop/side@1").injections(CAMERAS)
    with pytest.raises(StudioError, match="this rig has none"):
        parse_plan("camera-drop@1").injections(())
    with pytest.raises(StudioError, match="no second camera"):
        parse_plan("camera-swap@1").injections(("front",))


def test_chance_is_the_same_for_the_same_seed_and_meets_everything():
    drawn = list(islice(parse_plan("random:3:10").injections(CAMERAS), 2000))
    assert drawn == list(islice(parse_plan("random:3:10").injections(CAMERAS), 2000))
    assert drawn != list(islice(parse_plan("random:4:10").injections(CAMERAS), 2000))
    assert {item.kind for item in drawn} == set(FaultKind)
    assert {item.camera for item in drawn} == {"", *CAMERAS}
    assert all(a.at < b.at for a, b in pairwise(drawn))
    assert drawn[-1].at / len(drawn) == pytest.approx(10.0, rel=0.1)
    assert all(0.0 < item.seconds <= FACTS[item.kind].seconds for item in drawn)


def test_chance_leaves_out_what_there_is_no_camera_for():
    alone = list(islice(parse_plan("random:3").injections(("front",)), 500))
    assert {item.kind for item in alone} == set(FaultKind) - {FaultKind.CAMERA_SWAP}
    blind = list(islice(parse_plan("random:3").injections(()), 500))
    assert not any(item.kind.is_camera for item in blind)
