"""Rollouts in the lab become videos with neutral names; the worker speaks lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.study.making import Job, Studio, make_rollout, prepare, scene_picture
from app.study.simulated import person, take_part
from app.study.worker import answer, job_from, job_to
from core.study import people
from core.study.base import StudyBase
from core.study.clips import RATE_HZ, read_clip
from core.study.harvest import count, votes
from core.study.plan import Guide, PolicySource, Scene
from core.study.rollouts import missing, wanted
from core.types import StudioError
from tests.app.study.conftest import SCENES
from tests.core.study.samples import text

SCENE = Scene(name="table", layout=1_000_001, target="blue cylinder", instruction="lift it")


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    held = Studio()
    yield held
    held.close()


@pytest.mark.parametrize(("use", "progress"), [("expert", 100.0), ("still", 0.0)])
def test_the_sides_of_a_check_are_as_good_as_they_should_be(studio, tmp_path, use, progress):
    source = PolicySource(alias="amber", use=use)
    made = make_rollout(studio, Job(source=source, scene=SCENE, seconds=4.0), tmp_path)
    assert made.progress == progress
    pictures, rate = read_clip(tmp_path / f"{made.name}.mp4")
    assert (len(pictures), rate) == (4 * RATE_HZ, RATE_HZ)
    assert "amber" not in made.name


def test_the_embedded_model_follows_the_experts_line(studio, tmp_path):
    source = PolicySource(alias="birch", use="embedded", guide=Guide.TRACE)
    made = make_rollout(studio, Job(source=source, scene=SCENE, seconds=5.0), tmp_path)
    assert made.progress is not None
    assert made.progress >= 50.0
    assert made.instruction == "lift it"


def test_a_job_travels_as_json_and_a_fault_is_an_answer(studio, tmp_path):
    job = Job(
        source=PolicySource(alias="a", use="still"),
        scene=SCENE,
        instruction="up",
        trace=((1.0, 2.0), (3.0, 4.5)),
        seconds=1.0,
    )
    line = json.dumps(job_to(job))
    assert job_from(json.loads(line)) == job
    assert answer(studio, line, tmp_path)["alias"] == "a"
    lost = Job(source=PolicySource(alias="b", use="ws://127.0.0.1:9"), scene=SCENE)
    assert answer(studio, json.dumps(job_to(lost)), tmp_path)["fault"]
    unknown = Job(source=job.source, scene=Scene(name="x", layout=1, target="pink cone"))
    with pytest.raises(StudioError, match="pink cone"):
        make_rollout(studio, unknown, tmp_path)


def test_a_study_is_prepared_once_and_programs_can_take_part(tmp_path: Path):
    policies = [{"alias": "amber", "use": "expert"}, {"alias": "birch", "use": "still"}]
    pace = {"comparisons": 6, "practice": 1, "attention": 1, "repeats": 0.2, "shared": 0.2}
    with StudyBase(tmp_path / "s.study") as base:
        base.lock(text(policies=policies, scenes=SCENES, seconds=3.0, pace=pace))
        plan = base.plan()
        told: list[tuple[int, int]] = []
        assert (
            prepare(base, plan, tmp_path, lambda *now: told.append(now)) == len(wanted(plan)) == 4
        )
        assert told[-1] == (4, 4)
        assert scene_picture(base.folder, "table").is_file()
        assert missing(base, plan) == []
        assert prepare(base, plan, tmp_path, lambda *_: None) == 0
        changed = replace(plan, policies=(replace(plan.policies[0], noise=0.1), plan.policies[1]))
        assert missing(base, changed) == [("amber", "table")], "another policy is another video"
        for number in range(3):
            who = people.enrol(base, simulated=True)
            people.consent(base, who.code, plan.consent)
            take_part(base, plan, who, person(1, number), 99)
        assert count(base, plan).finished == 3
        better = [v for v in votes(base) if v.outcome == ("a" if v.left == "amber" else "b")]
        assert len(better) > 0.6 * 3 * 5, "the arm that moves is found better than the one that not"
