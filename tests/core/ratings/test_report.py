"""The report stands alone, escapes what it is given and says what the numbers say."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ratings import bench, command
from core.ratings.lmarena import write_votes
from core.ratings.material import Material
from core.ratings.rate import rate
from core.ratings.recipe import Recipe
from core.ratings.report.document import report
from core.ratings.report.figures import ForestRow, forest, heat_map, shortened
from core.ratings.report.page import Markup, element, table
from core.ratings.report.words import chance, headline, number, percent, signed
from core.ratings.result import Interval
from core.study.votes import VoteKind
from core.types import StudioError
from tests.core.ratings.samples import simulated, swapped, vote

SMALL = Recipe(resamples=50)
EVIL = '<img src=x onerror="alert(1)">&\'"'


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page, and checks that tags are closed."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


def rendered(votes, recipe=SMALL, **more):
    material = Material(title="A study", votes=votes, recipe=recipe, **more)
    return report(rate(votes, recipe, material.excluded), material, "now")


def rich():
    """Votes with everything a report can show."""
    votes = [
        replace(
            v,
            scene="xy"[n % 2],
            progress_left=40.0,
            progress_right=100.0,
            item=f"shared {n % 40}",
        )
        for n, v in enumerate(simulated())
    ]
    return [*votes, *(replace(swapped(v), kind=VoteKind.REPEAT) for v in votes[:9])]


def test_everything_that_was_asked_for_is_there():
    votes = rich()
    reader = Reader(rendered(votes, hypotheses=("policy 0 wins",), alarms=("Look out.",)))
    for words in (
        "Leaderboard", "Ratings and their intervals", "Who beat whom", "Pairs", "p, Holm",
        "Progress and success", "Wilson interval", "Side and order", "Krippendorff", "Left out",
        "How few decide the top", "Planning the next study", "By scene", "Online Elo", "seed",
        "policy 0 wins", "Look out.", rate(votes, SMALL).data_hash, "prior_sd", "repeats, kept",
    ):  # fmt: skip
        assert words in reader.text, words
    assert reader.tags.count("svg") == 3


def test_the_page_needs_nothing_but_itself():
    page = rendered(rich())
    reader = Reader(page)
    assert not {"script", "link", "img", "iframe", "object", "embed"}.intersection(reader.tags)
    assert not [n for n, _ in reader.attributes if n in ("src", "href") or n.startswith("on")]
    assert not re.findall(r"https?:|url\(|@import|//", page.removeprefix("<!DOCTYPE html>"))
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in reader.attributes
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_names_from_files_stay_text():
    votes = [replace(v, left={"policy 0": EVIL}.get(v.left, v.left)) for v in rich()]
    votes = [replace(v, right={"policy 0": EVIL}.get(v.right, v.right)) for v in votes]
    votes = [replace(v, scene=EVIL if v.scene == "x" else v.scene) for v in votes]
    page = rendered(votes, hypotheses=(EVIL,), alarms=(EVIL,), facts=((EVIL, EVIL),))
    reader = Reader(page)
    assert "img" not in reader.tags
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.text.count(EVIL) > 8
    material = Material(title=EVIL, votes=votes, recipe=SMALL)
    assert "img" not in Reader(report(rate(votes, SMALL), material)).tags


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
def test_any_text_comes_back_from_a_cell_as_it_was(text):
    assert Reader(table(("a",), [[text]])).text == f"a{text}"
    assert ("title", text) in Reader(element("p", title=text)).attributes


def test_the_headline_is_no_surer_than_the_numbers():
    sure = rate(simulated(votes=3000, participants=30), SMALL)
    assert headline(sure).startswith("policy 0 leads, ")
    votes = [vote("amber", "birch", o, f"p{n}") for n in range(12) for o in ("a", "b")]
    assert headline(rate(votes, SMALL)).startswith("No single leader: the intervals of amber and")
    alone = [vote("amber", "birch", "a", f"p{n}") for n in range(12)]
    assert "do not settle" in headline(rate(alone, SMALL))
    assert "see cautions" in Reader(rendered(alone)).text


def test_numbers_in_words():
    assert number(-3.2) == "−3"
    assert number(-0.2) == "0"
    assert [signed(x) for x in (4.0, -4.0, 0.0)] == ["+4", "−4", "0"]
    assert [chance(x) for x in (None, 0.0001, 0.05)] == ["–", "< 0.001", "0.050"]
    assert percent(None) == "–"
    assert percent(0.125, 1) == "12.5 %"


def test_the_forest_plot_puts_numbers_where_they_belong():
    rows = [
        ForestRow(name="a" * 60, value=1100, own=Interval(low=1050, high=1150)),
        ForestRow(name="b", value=900, own=Interval(low=float("-inf"), high=950), open=True),
    ]
    root = ElementTree.fromstring(forest(rows, "points", 1000.0, "x"))
    dots = {c.get("class"): float(c.get("cx", 0)) for c in root.iter("circle")}
    bars = [(float(e.get("x1", 0)), float(e.get("x2", 0))) for e in root.iter("line")
            if e.get("class") == "own"]  # fmt: skip
    assert bars[0][0] < dots["dot"] < bars[0][1]
    assert dots["dot"] == pytest.approx(sum(bars[0]) / 2, abs=0.1)
    assert bars[1][0] <= dots["open"] < bars[1][1] < bars[0][0]
    zero = next(e for e in root.iter("line") if e.get("class") == "zero")
    assert dots["open"] < float(zero.get("x1", 0)) < dots["dot"]
    texts = [e.text for e in root.iter("text")]
    assert shortened("a" * 60) in texts
    assert all(0 <= float(e.get("x1", 0)) <= 1040 for e in root.iter("line"))


def test_a_heat_map_says_its_numbers_and_leaves_the_rest_empty():
    values = np.array([[np.nan, 0.75, np.nan], [0.25, np.nan, 0.5], [np.nan, 0.5, np.nan]])
    root = ElementTree.fromstring(heat_map(("a", "b", "c"), values, shares=True, label="x"))
    told = [e.text for e in root.iter("text")]
    assert [t for t in told if t and "%" in t] == ["75%", "25%", "50%", "50%"]
    kinds = [e.get("class") for e in root.iter("rect")]
    assert kinds == ["none", "above", "none", "below", "none", "above", "none", "above", "none"]


def test_markup_is_not_escaped_twice():
    assert element("p", element("b", "<")) == Markup("<p><b>&lt;</b></p>")


def parsed(module, *words):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_one_command_makes_report_numbers_and_votes(tmp_path, capsys):
    source, recipe = tmp_path / "votes.csv", tmp_path / "recipe.yaml"
    source.write_text(write_votes(rich()))
    recipe.write_text("resamples: 50\nanchor: policy 1\n")
    out, numbers, votes = (tmp_path / "new" / name for name in ("r.html", "r.json", "v.csv"))
    words = ("--out", out, "--json", numbers, "--csv", votes, "--recipe", recipe)
    assert command.run_ratings(parsed(command, source, *words)) == 0
    assert "Leaderboard" in Reader(out.read_text()).text
    assert json.loads(numbers.read_text())["recipe"]["anchor"] == "policy 1"
    assert votes.read_text() == source.read_text()
    printed = capsys.readouterr().out
    assert "policy 0 leads" in printed
    assert re.search(r"^ +\d +\d+ +\d+ to \d+  policy 0$", printed, re.MULTILINE)


def test_a_recipe_or_a_report_out_of_reach_ends_in_a_sentence(tmp_path):
    source = tmp_path / "votes.csv"
    source.write_text(write_votes(simulated(votes=30)))
    with pytest.raises(StudioError, match=r"recipe .* cannot be read"):
        command.run_ratings(parsed(command, source, "--recipe", tmp_path / "none.yaml"))
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(StudioError, match=r"recipe .* cannot be read"):
        command.run_ratings(parsed(command, source, "--recipe", broken))
    with pytest.raises(StudioError, match="cannot be written"):
        command.run_ratings(parsed(command, source, "--out", source / "x.html"))


def test_the_bench_reports_every_goal(tmp_path, monkeypatch):
    pytest.importorskip("choix")
    monkeypatch.setattr(bench, "VOTES", 300)
    monkeypatch.setattr(bench, "RESAMPLES", 30)
    monkeypatch.setattr(bench, "WORLDS", bench.WORLDS[:1])
    monkeypatch.setattr(bench, "LIBRARY_STUDIES", 2)
    path = tmp_path / "bench.json"
    assert (
        bench.run_bench_ratings(parsed(bench, "--studies", 3, "--repeats", 1, "--json", path)) == 0
    )
    goals = {goal["metric"]: goal for goal in json.loads(path.read_text())["goals"]}
    assert len(goals) == 2 + 3 + 4 + 1
    for name, goal in goals.items():
        if not name.startswith("coverage"):
            assert goal["holds"], name
    with pytest.raises(StudioError, match="--studies"):
        bench.run_bench_ratings(parsed(bench, "--studies", 0))
