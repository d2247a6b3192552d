from __future__ import annotations

import argparse
import json
import xml.etree.ElementTree as ET

import pytest

from core.report import Report
from core.types import StudioError
from robot.sim.harness import fig3, ood, options, runner, shaky
from robot.sim.harness.cases import Axis, Condition, Goal, Scene, Wrong
from robot.sim.harness.markdown import of_difference, of_mean, of_share, table
from robot.sim.harness.plot import Bar, Group, chart
from robot.sim.harness.statistics import mean, paired, share
from robot.sim.sketch import Hand
from robot.sim.tasks import TaskKind
from tests.robot.sim.harness.results import outcome

SVG = "{http://www.w3.org/2000/svg}"


def arguments(module, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(list(words))


def carry_out(monkeypatch, judged):
    """Let trials come out as ``judged`` says, without a lab."""

    def trials(cases, _means):
        for case in cases:
            result = judged(case)
            changes = result if isinstance(result, dict) else {}
            yield outcome(case, done=changes.pop("done", False) if changes else result, **changes)

    monkeypatch.setattr(runner, "_direct", trials)


def goals_of(path):
    return {goal["metric"]: goal for goal in json.loads(path.read_text())["goals"]}


def by_condition(case):
    if case.condition is Condition.TRACE:
        return True
    return case.condition is Condition.INSTRUCTION and case.seed % 10 > 0


def test_fig3_tries_every_condition_on_the_same_tables():
    cases = fig3.plan(arguments(fig3, "--episodes", "4"))
    assert len(cases) == 3 * 4 * 4
    assert {case.goal for case in cases} == {Goal.OTHER}
    assert {case.hand for case in cases} == {Hand.STEADY}
    assert [case.seed for case in cases] == sorted(case.seed for case in cases)
    for kind in TaskKind:
        seeds = {
            condition: [c.seed for c in cases if (c.kind, c.condition) == (kind, condition)]
            for condition in fig3.CONDITIONS
        }
        assert len({tuple(own) for own in seeds.values()}) == 1
        assert min(seeds[Condition.OPEN]) >= 1_000_000


def test_fig3_writes_json_plot_and_report(monkeypatch, tmp_path, capsys):
    carry_out(monkeypatch, by_condition)
    out = tmp_path / "fig3"
    words = ("--episodes", "20", "--direct", "--out", str(out), "--json", str(tmp_path / "f.json"))
    assert fig3.run_eval_fig3(arguments(fig3, *words)) == 0
    goals = goals_of(tmp_path / "f.json")
    assert goals["pick: trace done"] == {
        "metric": "pick: trace done", "value": 1.0, "unit": "share", "goal": ">= 0.95",
        "holds": True,
    }  # fmt: skip
    assert goals["pick: instruction done"]["value"] == pytest.approx(0.9, abs=0.06)
    assert goals["place: trace done"]["goal"] == ">= 0.85"
    assert goals["place: instruction done"]["goal"] == ">= 0.7"
    assert goals["beside: trace low end minus open high end"]["holds"]
    assert goals["beside: trace minus open, paired"]["value"] == 1.0
    assert goals["fci violations"]["holds"]
    rows = json.loads((tmp_path / "f.json").read_text())["rows"]
    assert [row["condition"] for row in rows[:4]] == [str(one) for one in fig3.CONDITIONS]
    assert sum("trial" in row for row in rows) == 240
    text = (out / "fig3.md").read_text()
    assert "20/20" in text
    assert "7/15" in text
    assert "+100.0" in text
    assert "What may not:" in text
    names = [node.text for node in ET.fromstring((out / "fig3.svg").read_text()).iter(f"{SVG}text")]
    for wanted in ("drawn trace", "open instruction", "Pick up", "open instruction, π0-FAST"):
        assert wanted in names
    assert "trace done" in capsys.readouterr().out


def test_fig3_goes_on_where_it_was(monkeypatch, tmp_path, capsys):
    asked = []

    def judged(case):
        asked.append(case.key)
        if len(asked) == 7:
            raise StudioError("the power went")
        return True

    carry_out(monkeypatch, judged)
    words = ("--episodes", "3", "--direct", "--task", "pick", "--out", str(tmp_path))
    with pytest.raises(StudioError, match="power"):
        fig3.run_eval_fig3(arguments(fig3, *words))
    assert fig3.run_eval_fig3(arguments(fig3, *words)) == 0
    assert len(asked) == 12 + 1
    assert "6 of 12 trials" in capsys.readouterr().out
    assert (tmp_path / "fig3.json").exists()


def test_fig3_says_when_drawing_is_no_better(monkeypatch, tmp_path):
    carry_out(monkeypatch, lambda case: {"done": case.seed % 2 == 0, "fci_violations": 1})
    words = ("--episodes", "10", "--direct", "--task", "pick", "--out", str(tmp_path))
    fig3.run_eval_fig3(arguments(fig3, *words))
    goals = goals_of(tmp_path / "fig3.json")
    assert not goals["pick: trace done"]["holds"]
    assert not goals["pick: trace low end minus open high end"]["holds"]
    assert (goals["fci violations"]["value"], goals["fci violations"]["holds"]) == (40, False)
    assert "**no**" in (tmp_path / "fig3.md").read_text()


def test_shaky_tries_every_hand_and_every_wrong_line():
    cases = shaky.plan(arguments(shaky, "--episodes", "2", "--task", "pick"))
    drawn = [case for case in cases if case.condition is Condition.TRACE]
    wrong = [case for case in cases if case.condition is Condition.WRONG]
    assert {case.hand for case in drawn} == set(Hand)
    assert {case.wrong for case in wrong} == set(Wrong)
    assert (len(drawn), len(wrong)) == (2 * len(Hand), 2 * len(Wrong))


def bad_hands(case):
    if case.condition is Condition.WRONG:
        wild = "left the workspace" if case.wrong is Wrong.OUTSIDE and case.seed % 7 == 0 else ""
        return {"done": False, "target": "", "wild": wild, "ended": "no actions"}
    return {"done": case.hand is not Hand.SHAKY or case.seed % 4 > 0}


def test_shaky_counts_the_cost_and_what_is_wild(monkeypatch, tmp_path):
    carry_out(monkeypatch, bad_hands)
    words = ("--episodes", "20", "--direct", "--task", "pick", "--out", str(tmp_path))
    assert shaky.run_eval_shaky(arguments(shaky, *words)) == 0
    goals = goals_of(tmp_path / "shaky.json")
    assert goals["pick: cost of a shaky hand"]["value"] == pytest.approx(0.25)
    assert not goals["pick: cost of a shaky hand"]["holds"]
    assert goals["pick: cost of a wobbly hand"]["holds"]
    assert goals["wrong traces answered wildly"]["value"] in (2, 3)
    assert not goals["wrong traces answered wildly"]["holds"]
    text = (tmp_path / "shaky.md").read_text()
    assert "left the workspace" in text
    rows = json.loads((tmp_path / "shaky.json").read_text())["rows"]
    lines = [row for row in rows if "wrong line" in row]
    assert [row["wrong line"] for row in lines] == [str(wrong) for wrong in Wrong]
    assert lines[0] | {"refused": 20, "wild": 0} == lines[0]


def test_ood_tries_what_the_lab_can():
    through = arguments(ood, "--task", "pick")
    assert ood.axes_of(through) == ["none", "language", "spatial", "distractors", "novel"]
    direct = arguments(ood, "--task", "pick", "--direct")
    assert ood.axes_of(direct)[-3:] == ["light", "texture", "camera"]
    simple = arguments(ood, "--task", "pick", "--direct", "--scene", "simple")
    assert "novel" not in ood.axes_of(simple)
    some = arguments(ood, "--axes", "light", "language", "light")
    assert ood.axes_of(some) == ["none", "light", "language"]
    cases = ood.plan(arguments(ood, "--task", "beside", "--episodes", "2"))
    assert len(cases) == 2 * (2 + 1 + 2 + 2 + 2)
    assert {case.axis for case in cases if case.condition is Condition.OPEN} == {Axis.NONE}


def test_ood_tells_the_cost_of_each_axis(monkeypatch, tmp_path):
    carry_out(monkeypatch, lambda case: case.axis is Axis.NONE or case.seed % 2 == 0)
    words = ("--episodes", "8", "--direct", "--task", "pick", "--out", str(tmp_path))
    assert ood.run_eval_ood(arguments(ood, *words)) == 0
    rows = json.loads((tmp_path / "ood.json").read_text())["rows"]
    costs = {(row["axis"], row["condition"]): row["cost"] for row in rows if "cost" in row}
    assert costs["none", "trace"] == costs["language", "instruction"] == 0.0
    assert costs["light", "trace"] == pytest.approx(0.5)
    assert "usual tables" in (tmp_path / "ood.md").read_text()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--episodes", "0"), "at least one trial"),
        (("--seed", "-1"), "from 0 on"),
        (("--processes", "2"), "is for --direct"),
        (("--processes", "0", "--direct"), "at least one is needed"),
        (("--scene", "simple"), "add --task pick"),
    ],
)
def test_options_that_make_no_sense_are_refused(words, part):
    with pytest.raises(StudioError, match=part):
        options.check_common(arguments(fig3, *words))
    assert Scene.SIMPLE == "simple"


def test_a_chart_is_an_svg_that_tells_every_number_in_words():
    text = chart("A & B", [
        Group(name="<first>", bars=(Bar(name="one", share=share([True] * 3), look="trace"),)),
        Group(name="none", bars=()),
    ])  # fmt: skip
    root = ET.fromstring(text)
    words = [node.text for node in root.iter(f"{SVG}text")]
    assert "<first>" in words
    assert "none" not in words
    assert any(text and text.startswith("1.00 [0.44, 1.00] of 3") for text in words)
    assert len(list(root.iter(f"{SVG}circle"))) == 1


def test_a_chart_without_trials_has_no_marks():
    bar = Bar(name="nothing", share=share([]), progress=mean([]))
    root = ET.fromstring(chart("x", [Group(name="g", bars=(bar,))]))
    assert not list(root.iter(f"{SVG}circle"))
    assert len(list(root.iter(f"{SVG}rect"))) == 1


def test_numbers_are_said_with_what_is_not_known():
    assert of_share(share([True, False])) == "0.50 [0.09, 0.91]"
    assert of_share(share([])) == "none"
    assert of_mean(mean([1.0])) == "1.000"
    assert of_mean(mean([0.0, 1.0])) == "0.500 ± 0.500"
    assert of_difference(paired({}, {})) == "no table in common"
    assert of_difference(paired({1: True}, {1: False})).startswith("+100.0 points over 1 tables")
    assert table(("a|b",), [("c|d",)]).splitlines()[-1] == "| c\\|d |"


def test_the_summary_counts_what_else_happened():
    report = Report("x", 0)
    case = fig3.plan(arguments(fig3, "--episodes", "1", "--task", "pick"))[0]
    trial = outcome(case, done=False, picked="blue cube", toppled="green cube")
    found = fig3.judge(report, [trial])
    assert (found[TaskKind.PICK, "ambiguous"].other, report.rows[0]["toppled"]) == (1, 1)
    assert report.rows[0]["std error"] is None
