from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import StudioError
from robot.sim.harness import runner
from robot.sim.harness.cases import Axis, Case, Condition
from robot.sim.harness.runner import Means, run_cases
from robot.sim.harness.store import TrialStore, model_name, parse_trial
from robot.sim.tasks import TaskKind
from tests.robot.sim.harness.results import outcome

CASES = [Case(kind=TaskKind.PICK, seed=seed, condition=Condition.TRACE) for seed in range(5)]
ABOUT = {"model": "m", "driver": "direct"}


def fill(path, cases, about=ABOUT):
    store = TrialStore(path, about)
    for case in cases:
        store.add(outcome(case, done=bool(case.seed % 2)))
    store.close()


def reopened(path):
    with closing(TrialStore(path, ABOUT)) as store:
        return store.trials


def test_trials_come_back(tmp_path):
    path = tmp_path / "deep" / "trials.jsonl"
    fill(path, CASES[:2])
    fill(path, CASES[2:4])
    trials = reopened(path)
    assert list(trials) == [case.key for case in CASES[:4]]
    assert trials[CASES[1].key] == outcome(CASES[1], done=True)


def test_half_a_line_is_dropped_and_written_anew(tmp_path):
    path = tmp_path / "trials.jsonl"
    fill(path, CASES[:3])
    path.write_bytes(path.read_bytes()[:-30])
    store = TrialStore(path, ABOUT)
    assert len(store.trials) == 2
    store.add(outcome(CASES[2], done=False))
    store.close()
    assert len(reopened(path)) == 3
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_file_that_was_never_written_is_begun(tmp_path):
    path = tmp_path / "trials.jsonl"
    path.write_bytes(b'{"format": 1')
    fill(path, CASES[:1])
    assert len(reopened(path)) == 1


def test_results_of_another_model_are_not_mixed_in(tmp_path):
    path = tmp_path / "trials.jsonl"
    fill(path, CASES[:1])
    with pytest.raises(StudioError, match="trials of another model") as caught:
        TrialStore(path, ABOUT | {"model": "other"})
    assert "--out" in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[1]", '{"seed": 1}', '{"seed": "1", "condition": "x"}', '"x"'],
)
def test_a_line_that_is_no_trial_is_named(tmp_path, line):
    path = tmp_path / "trials.jsonl"
    fill(path, CASES[:1])
    with path.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(StudioError, match="line 3"):
        TrialStore(path, ABOUT)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.booleans(), max_size=5))
def test_parsing_refuses_or_understands(row):
    base = asdict(outcome(CASES[0], done=True))
    for loaded in (row, base | row):
        try:
            trial = parse_trial(loaded)
        except ValueError:
            continue
        assert trial.seed == loaded["seed"]


def test_a_disk_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot be written"):
        TrialStore(tmp_path / "file" / "trials.jsonl", ABOUT)


def test_a_model_is_known_by_its_weights(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"1")
    first = model_name(str(tmp_path))
    assert first.startswith(tmp_path.name)
    (tmp_path / "model.safetensors").write_bytes(b"2")
    assert model_name(str(tmp_path)) != first
    assert model_name("allenai/MolmoAct-7B-D-0812") == "allenai/MolmoAct-7B-D-0812"


def test_only_what_is_not_done_is_carried_out(tmp_path, monkeypatch):
    asked = []

    def trial(job):
        asked.append(job[1].seed)
        return outcome(job[1], done=True)

    monkeypatch.setattr(runner, "_direct_trial", trial)
    path = tmp_path / "trials.jsonl"
    fill(path, CASES[1:3])
    store = TrialStore(path, ABOUT)
    made = list(run_cases(CASES, Means(model="m", direct=True), store))
    assert [one.seed for one in made] == asked == [0, 3, 4]
    store.close()
    assert len(reopened(path)) == 5


class Table:
    """Falls silent in its first trials."""

    opened = 0
    faults = 0

    def __init__(self):
        Table.opened += 1

    def close(self):
        pass


def through_the_driver(monkeypatch, faults):
    Table.opened, Table.faults = 0, faults
    monkeypatch.setattr(runner, "_driver_lab", Table)
    monkeypatch.setattr("core.policy.local.load_policy", lambda *_, **__: None)

    def trial(_lab, _policy, case, _videos):
        if Table.faults:
            Table.faults -= 1
            raise StudioError("the arm is silent")
        return outcome(case, done=True)

    monkeypatch.setattr(runner, "carry_out", trial)
    return list(run_cases(CASES, Means(model="m", direct=False), None))


def test_a_lab_that_falls_silent_is_started_anew(monkeypatch):
    assert len(through_the_driver(monkeypatch, 1)) == 5
    assert Table.opened == 2


def test_a_lab_that_stays_silent_ends_the_run(monkeypatch):
    with pytest.raises(StudioError, match="silent"):
        through_the_driver(monkeypatch, 2)


def test_pictures_are_not_changed_behind_the_real_driver():
    case = replace(CASES[0], axis=Axis.LIGHT)
    with pytest.raises(StudioError, match="add --direct"):
        list(run_cases([case], Means(model="m", direct=False), None))
