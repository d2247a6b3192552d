from __future__ import annotations

import copy

import numpy as np
import pytest
import yaml

from core.types import StudioError
from robot.sim.harness.wording import LEAST_PHRASES, OPEN_LIST, open_list, parse_open_list
from robot.sim.layout import COLOURS, SHAPES
from robot.sim.task_layout import task_layout
from robot.sim.tasks import Task, TaskKind, possible_tasks
from training import instructions

LIST = open_list()
RAW = yaml.safe_load(OPEN_LIST.read_text())
PICK = Task(kind=TaskKind.PICK, target="red cube")
PLACE = Task(kind=TaskKind.PLACE, target="green cylinder", reference="blue plate")


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_of_task_has_phrases_of_several_people(kind):
    phrases = LIST.phrases[kind]
    assert len(phrases) >= LEAST_PHRASES
    assert len({phrase.text for phrase in phrases}) == len(phrases)
    assert len({phrase.participant for phrase in phrases}) >= 10
    assert 5 <= sum(phrase.other_colour for phrase in phrases) <= len(phrases) - 5


def test_phrases_are_taken_in_turn_and_name_the_things():
    said = [LIST.instruction(PLACE, number) for number in range(40)]
    assert said == [LIST.instruction(PLACE, number) for number in range(40)]
    assert len(set(said)) == 40
    for words in said:
        assert any(noun in words for noun in LIST.nouns["cylinder"])
        assert any(noun in words for noun in LIST.nouns["plate"])
        assert "{" not in words


def test_half_of_the_phrases_keep_the_colours():
    plain = sum("red" in LIST.instruction(PICK, number).split() for number in range(40))
    assert 15 <= plain <= 30


def test_no_wording_occurs_in_training():
    verbs = {*instructions.VERBS, *instructions.PUT_VERBS}
    nouns = {noun for words in instructions.SHAPE_WORDS.values() for noun in words}
    for words in LIST.nouns.values():
        assert not nouns & set(words)
    for phrases in LIST.phrases.values():
        for phrase in phrases:
            start = phrase.text.split("{")[0].strip()
            assert start not in verbs, phrase.text
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(3000):
        kind = list(TaskKind)[int(rng.integers(3))]
        things = [
            instructions.Thing(colour=int(rng.integers(len(COLOURS))), shape=int(rng.integers(4)))
            for _ in range(2)
        ]
        reference = None if kind is TaskKind.PICK else things[1]
        seen.add(instructions.named_instruction(rng, kind, things[0], reference))
    for seed in range(60):
        for task in possible_tasks(task_layout(1_000_000 + seed)):
            assert LIST.instruction(task, seed) not in seen


def broken(change):
    loaded = copy.deepcopy(RAW)
    change(loaded)
    return loaded


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda raw: raw.update(nouns=None), "the nouns in f must have a list"),
        (lambda raw: raw["nouns"].pop("brick"), "for 'brick'"),
        (lambda raw: raw["colours"].update(red="crimson"), "for 'red'"),
        (lambda raw: raw.update(pick=raw["pick"][:3]), "at least 15 phrases for 'pick'"),
        (lambda raw: raw["pick"].append("collect {thing}"), "has the phrase"),
        (lambda raw: raw["pick"].append({"text": "up"}), "must have {thing} 1 times"),
        (lambda raw: raw["pick"].append({"text": "{thing} {goal}"}), "must have {goal} 0 times"),
        (lambda raw: raw["place"].append({"text": "put {thing}"}), "must have {goal} 1 times"),
        (lambda raw: raw["pick"].append({"text": "{thing} {0.x}"}), "a gap other than"),
        (lambda raw: raw["pick"].append({"text": "{thing}", "color": "other"}), "has the phrase"),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_a_sentence(change, part):
    with pytest.raises(StudioError) as caught:
        parse_open_list(broken(change), "f")
    assert part in str(caught.value)


def test_a_file_that_is_no_list_is_refused(tmp_path):
    with pytest.raises(StudioError, match="must name nouns"):
        parse_open_list(["x"], "f")
    with pytest.raises(StudioError, match="cannot be read"):
        open_list(tmp_path / "missing.yaml")


def test_the_list_knows_every_shape_and_colour():
    assert set(LIST.nouns) == set(SHAPES)
    assert set(LIST.colours) == set(COLOURS)
