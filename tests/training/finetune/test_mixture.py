from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.finetune.small_data import write_small_set
from training.finetune.mixture import Mixture, MixtureError
from training.finetune.preset import Group
from training.finetune.questions import Kind
from training.finetune.reading import PresetError
from training.finetune.rows import TrainingSet, open_set


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> list[TrainingSet]:
    folder = tmp_path_factory.mktemp("mixture")
    sizes = {"large": 16, "small": 4, "blind": 4}
    return [
        open_set(
            write_small_set(folder / name, episodes=4, rows=rows, codes=name != "blind"),
            images=1,
            held_out=0.25,
        )
        for name, rows in sizes.items()
    ]


def group(name="robot", rate=1.0, sets=("*",), **kinds: float) -> Group:
    return Group(name=name, rate=rate, sets=sets, kinds=kinds or {"steered": 1.0})


def draws(mixture: Mixture, count: int) -> Counter[tuple[str, str]]:
    found = (mixture.draw(index // 8, index % 8) for index in range(count))
    return Counter((draw.source.name, draw.kind.value) for draw in found)


def test_rates_are_kept(sets):
    groups = [
        group("a", 0.6, ("large", "small"), reasoning=1.0, steered=3.0),
        group("b", 0.2, ("blind",), trace=1.0),
        group("c", 0.2, ("missing",)),
    ]
    mixture = Mixture(groups, sets, seed=0)
    assert math.isclose(sum(mixture.rates.values()), 1.0)
    # 0.2 of the rates have no data; 0.6 and 0.2 become 0.75 and 0.25; roots are 2 to 1
    assert math.isclose(mixture.rates["large", Kind.STEERED], 0.75 * 2 / 3 * 0.75)
    assert math.isclose(mixture.rates["small", Kind.REASONING], 0.75 / 3 * 0.25)
    assert math.isclose(mixture.rates["blind", Kind.TRACE], 0.25)
    found = draws(mixture, 4000)
    for (name, kind), rate in mixture.rates.items():
        spread = 4 * math.sqrt(rate * (1 - rate) / 4000)
        assert abs(found[name, kind.value] / 4000 - rate) < spread


@settings(max_examples=30, deadline=None)
@given(
    rates=st.lists(st.floats(0.01, 10.0), min_size=2, max_size=2),
    kinds=st.dictionaries(st.sampled_from(["steered", "trace"]), st.floats(0.01, 5.0), min_size=1),
    seed=st.integers(0, 2**31),
)
def test_whatever_the_rates_the_shares_follow_the_square_root_rule(sets, rates, kinds, seed):
    groups = [
        Group(name="a", rate=rates[0], sets=("large", "small"), kinds=kinds),
        Group(name="b", rate=rates[1], sets=("blind",), kinds=kinds),
    ]
    mixture = Mixture(groups, sets, seed=seed)
    total = dict.fromkeys(("large", "small", "blind"), 0.0)
    for (name, _), share in mixture.rates.items():
        total[name] += share
    assert math.isclose(total["large"] / total["small"], math.sqrt(64 / 16), rel_tol=1e-6)
    expected = rates[1] / sum(rates)
    assert math.isclose(total["blind"], expected, rel_tol=1e-6)
    for kind, rate in kinds.items():
        share = mixture.rates["blind", Kind(kind)] / total["blind"]
        assert math.isclose(share, rate / sum(kinds.values()), rel_tol=1e-6)


def test_a_draw_depends_on_seed_step_and_number_alone(sets):
    one, other = (Mixture([group()], sets, seed=5) for _ in range(2))
    later = other.draw(9, 3)
    [one.draw(step, index) for step in range(3) for index in range(4)]
    again = one.draw(9, 3)
    assert (later.source.name, later.index) == (again.source.name, again.index)
    assert later.rng.random() == again.rng.random()
    different = {Mixture([group()], sets, seed=seed).draw(9, 3).index for seed in range(8)}
    assert len(different) > 1


def test_held_out_rows_are_never_trained_on(sets):
    trained, held_out = (
        {
            (draw.source.name, draw.index)
            for draw in (mixture.draw(0, index) for index in range(400))
        }
        for mixture in (
            Mixture([group()], sets, seed=0),
            Mixture([group()], sets, seed=0, held_out=True),
        )
    )
    assert trained
    assert held_out
    assert not trained & held_out


def test_a_draw_only_names_rows_that_can_answer(sets):
    mixture = Mixture([group()], sets, seed=1)
    for index in range(200):
        draw = mixture.draw(0, index)
        assert draw.source.trace_length[draw.index] >= 2


def test_interventions_are_drawn_as_often_as_asked(tmp_path):
    steered = np.arange(18) % 6 == 2
    folder = write_small_set(tmp_path / "steered", change={"intervention": steered})
    source = open_set(folder, images=1, held_out=0.0)
    often = Group(name="a", rate=1.0, kinds={"trace": 1.0}, interventions=5)
    mixture = Mixture([often], [source], seed=0)
    found = np.mean([bool(steered[mixture.draw(0, k).index]) for k in range(2000)])
    assert abs(found - 15 / (15 + 15)) < 0.05
    with pytest.raises(PresetError, match="expected 1 to 1000"):
        Group(name="a", rate=1.0, interventions=0)


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ([group(reasoning=1.0)], "no row with depth codes"),
        ([group(points=1.0)], "choose among reasoning, steered"),
        ([group(steered=0.0)], "asks for nothing"),
        ([group(rate=-1.0)], "expected a share"),
        ([group(rate=float("nan"))], "expected a share"),
        ([group(sets=("large",))], "names the data set"),
        ([group(), group()], "same name"),
        ([group("a", 0.0, ("large", "small", "blind")), group("b", 1.0, ("x",))], "no data"),
    ],
)
def test_rates_that_do_not_fit_are_told(sets, groups, sentence):
    with pytest.raises(MixtureError) as error:
        Mixture(groups, sets, seed=0)
    assert sentence in str(error.value)


def test_held_out_episodes_do_not_depend_on_the_seed(sets):
    chosen = sets[0].held_out.reshape(4, 16)
    assert (chosen.all(axis=1) | ~chosen.any(axis=1)).all()
    assert np.count_nonzero(chosen.all(axis=1)) == 1
