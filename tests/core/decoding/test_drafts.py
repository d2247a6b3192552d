from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.answer import Answer
from core.decoding.answer_text import Part
from core.decoding.automaton import AnswerGrammar, Builder
from core.decoding.course import FreeCourse, GrammarCourse, walk
from core.decoding.drafts import CPU, GPU, Costs, DraftMemory, best_window
from core.decoding.heads import Heads
from core.decoding.requests import DecodeRequest

END = 0
INPUTS = {"input_ids": torch.zeros((1, 3), dtype=torch.int64)}


def toy_grammar(cells: int, longest: int) -> AnswerGrammar:
    """Cells of four values, fixed words, one to ``longest`` numbers, then cells of two tokens."""
    builder = Builder(END)
    state = builder.join(Part.TEXT, [((9, 8), builder.last)])
    for _ in range(cells):
        state = builder.join(Part.ACTION, [((20, 21), state), ((20, 22), state), ((23,), state)])
    close = state = builder.join(Part.TEXT, [((7,), state)])
    for place in range(longest):
        ways = [((value,), state) for value in (30, 31, 32)]
        state = builder.join(Part.TRACE, [*ways, ((6,), close)] if place else ways)
    state = builder.join(Part.TEXT, [((5, 4), state)])
    for _ in range(cells):
        state = builder.join(Part.DEPTH, [((value,), state) for value in (10, 11, 12, 13)])
    return builder.finish(builder.join(Part.TEXT, [((2, 3), state)]))


def choose(seed: int, ids: list[int], grammar: AnswerGrammar, state: int, stubborn: int) -> int:
    """Choose by all ids so far, or for a stubborn network mostly by their number."""
    options = grammar.allowed(state).tolist()
    seen = tuple(ids) if len(ids) % stubborn == 0 else len(ids)
    return options[hash((seed, seen)) % len(options)]


def plain(seed: int, grammar: AnswerGrammar, stubborn: int) -> list[int]:
    ids: list[int] = []
    state = grammar.start
    while not grammar.is_end(state):
        ids.append(choose(seed, ids, grammar, state, stubborn))
        state = grammar.advance(state, ids[-1])
    return ids[:-1]


def guessed(
    seed: int, grammar: AnswerGrammar, stubborn: int, memory: DraftMemory, costs: Costs
) -> tuple[list[int], int]:
    """Decode with guesses, every pass answered by :func:`choose`."""
    course = GrammarCourse(grammar, Heads(torch.zeros(1, 1), restricted=False))
    request = DecodeRequest(inputs=INPUTS, max_new_tokens=500, grammar=grammar, memory=memory)
    answer = Answer(request, course, grammar.end_ids, costs)
    length = answer.length
    while not answer.done:
        draft = answer.draft()
        assert len(draft.places) - len(draft.guesses) in (0, 1)
        assert len(draft.tokens) - draft.at[0] <= costs.longest + 8
        found = []
        for at, place in enumerate(draft.places):
            ids = [*answer.ids, *draft.tokens[draft.at[0] + 1 : draft.at[at] + 1]]
            found.append(choose(seed, ids, grammar, place, stubborn))
        before = len(answer.ids)
        answer.take(draft, found)
        assert len(answer.ids) > before or answer.done
        # the cache holds the prompt and all ids but those that are still to be read
        assert length <= answer.length <= length + len(answer.ids)
    return answer.ids, answer.result().passes


@given(
    seed=st.integers(0, 10**6),
    previous=st.integers(0, 10**6),
    cells=st.integers(1, 6),
    longest=st.integers(1, 4),
    stubborn=st.integers(1, 9),
    costs=st.sampled_from([CPU, GPU, Costs(longest=3, token=0.0)]),
)
def test_guesses_never_change_an_answer(seed, previous, cells, longest, stubborn, costs):
    grammar = toy_grammar(cells, longest)
    wanted = plain(seed, grammar, stubborn)
    memory = DraftMemory(ids=plain(previous, grammar, stubborn))
    ids, passes = guessed(seed, grammar, stubborn, memory, costs)
    assert ids == wanted
    assert memory.ids == wanted
    decisions = len(walk(GrammarCourse(grammar, Heads(torch.zeros(1, 1))), [*wanted, END]))
    assert passes <= max(decisions, 1) + 1
    again, fewer = guessed(seed, grammar, stubborn, memory, costs)
    assert again == wanted
    assert fewer <= passes


@given(ids=st.lists(st.integers(-3, 40), max_size=40), cells=st.integers(1, 5))
def test_any_previous_ids_are_walked_as_far_as_they_fit(ids, cells):
    grammar = toy_grammar(cells, 3)
    course = GrammarCourse(grammar, Heads(torch.zeros(1, 1)))
    found = walk(course, ids)
    places = [place for place, _ in found]
    assert len(set(places)) == len(places)
    assert all(course.fits(place, token) for place, token in found)
    assert walk(FreeCourse(frozenset({END}), 40), [3, 4, 99, 5]) == [(0, 3), (1, 4)]


@given(cells=st.integers(1, 5), first=st.integers(0, 999), second=st.integers(0, 999))
def test_a_trace_of_another_length_moves_no_other_guess(cells, first, second):
    grammar = toy_grammar(cells, 4)
    course = GrammarCourse(grammar, Heads(torch.zeros(1, 1)))
    places = []
    for seed in (first, second):
        walked = walk(course, plain(seed, grammar, 1))
        own = [place for place, _ in walked if course.part(place) == Part.DEPTH]
        assert len(own) == cells
        places.append(own)
    assert places[0] == places[1]


def test_windows_follow_the_share_of_guesses_that_hold():
    assert best_window(0.1, CPU) == 0
    windows = [best_window(share / 100, CPU) for share in range(20, 101)]
    assert windows == sorted(windows)
    assert windows[-1] == CPU.longest - 1
    assert best_window(0.99, GPU) > best_window(0.99, CPU)
