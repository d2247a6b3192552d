"""A study file is understood as a whole or refused with a sentence that names the place."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.study.blinding import leaks
from core.study.plan import Guide, Kind, Playback
from core.study.study_file import digest_of, parse_study, read_study
from core.types import StudioError
from tests.core.study.samples import STUDY, plan, text


def test_a_study_is_read_whole():
    study = plan(playback="in turn", rating={"anchor": "amber", "ties": "half"})
    assert study.kind == Kind.RECORDED
    assert study.pairs == (("amber", "birch"), ("amber", "cedar"), ("birch", "cedar"))
    assert study.policy("cedar").guide == Guide.TRACE
    assert study.playback == Playback.IN_TURN
    assert study.recipe.anchor == "amber"
    assert study.pace.comparisons == 10


POLICIES: list[Any] = STUDY["policies"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"votes": None}, "has no 'votes'"),
        ({"votes": 0}, "'votes' is 0; expected a whole number from 1"),
        ({"votes": True}, "'votes' is True"),
        ({"kind": "alive"}, "expected one of live, recorded"),
        ({"playbck": "together"}, "did you mean 'playback'?"),
        ({"policies": POLICIES[:1]}, "names 1 policies"),
        ({"policies": [*POLICIES, POLICIES[0]]}, "the alias 'amber' 2 times"),
        ({"policies": [*POLICIES[:1], {"alias": "x y", "use": "embedded"}]}, "letters, digits"),
        ({"policies": [*POLICIES[:1], {"alias": "check-still", "use": "a"}]}, "is taken"),
        ({"policies": [*POLICIES[:1], {"alias": "v", "use": "files"}]}, "no video of 'v'"),
        ({"pairs": [["amber", "amber"]]}, "two different ones"),
        ({"pairs": [["amber", "birch"], ["birch", "amber"]]}, "2 times"),
        ({"pace": {"comparisons": 4, "attention": 3, "shared": 0.5}}, "no room"),
        ({"consent": {"text": "x"}}, "consent has no 'version'"),
        ({"rating": {"anchor": "zinc"}}, "must be one of"),
        ({"kind": "live"}, "nobody is asked"),
        ({"scenes": [{"name": "a"}]}, "has no 'instruction'"),
        ({"videos": [{"policy": "amber", "scene": "table-0", "video": "a.mp4"}]}, "'use: files'"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], words: str):
    with pytest.raises(StudioError, match=r"small\.yaml") as caught:
        plan(**changes)
    assert words in str(caught.value)


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list(STUDY)), inner, max_size=4)
    ),
)


@given(name=st.sampled_from(list(STUDY)), nonsense=NONSENSE)
def test_nothing_else_than_a_sentence_comes_of_nonsense(name: str, nonsense: Any):
    with suppress(StudioError):  # some nonsense is sense, such as a text as the title
        parse_study(text(**{name: nonsense}), "x.yaml")


@pytest.mark.parametrize("broken", ["", "[", "a: &a [*a]", "- 1", "!!python/object:os.system {}"])
def test_broken_yaml_is_a_sentence(broken: str):
    with pytest.raises(StudioError):
        parse_study(broken, "x.yaml")


def test_the_digest_sees_everything_but_line_ends(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_bytes(text().replace("\n", "\r\n").encode())
    _, read = read_study(file)
    assert digest_of(read) == digest_of(text())
    assert digest_of(text() + "# a remark\n") != digest_of(text())


def test_texts_for_participants_must_not_name_a_policy():
    assert leaks(plan()) == []
    found = leaks(plan(title="Is Amber better?", question="Is MolmoAct good?"))
    assert len(found) == 2
    assert "'amber'" in found[0]
    assert "'molmoact'" in found[1]
