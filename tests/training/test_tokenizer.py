from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.processing import wrap_prompt
from core.model.tokens import load_tokenizer
from core.protocol.action_codec import rows_text
from core.protocol.action_symbols import SYMBOLS
from core.protocol.prompts import (
    reasoning_answer,
    reasoning_prompt,
    steered_answer,
    steered_prompt,
)
from robot.sim.layout import COLOURS, SHAPES
from robot.sim.tasks import Task, TaskKind
from training import instructions
from training.instructions import (
    Thing,
    ambiguous_instruction,
    invented_word,
    named_instruction,
)
from training.pairs import KINDS
from training.tokenizer import (
    IMAGE_TOKENS,
    VOCABULARY_MULTIPLE,
    build_tokenizer,
    save_tokenizer,
    vocabulary_size,
)

TOKENIZER = build_tokenizer()


def ids_of(text: str) -> list[int]:
    return TOKENIZER(text, add_special_tokens=False).input_ids


def text_of(ids: list[int]) -> str:
    return TOKENIZER.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def chunk(seed: int) -> str:
    return rows_text(np.random.default_rng(seed).integers(0, 256, (8, 7)))


@pytest.mark.parametrize("before", ["", ", "])
@pytest.mark.parametrize(
    "texts", [SYMBOLS, [str(value) for value in range(256)]], ids=["symbols", "integers"]
)
def test_each_value_is_one_token_of_its_own(texts, before):
    ids = [ids_of(f"{before}{text}") for text in texts]
    assert all(len(one) == 1 for one in ids)
    assert len({one[0] for one in ids}) == 256


def test_each_depth_token_is_one_token_of_its_own():
    texts = ["<DEPTH_START>", "<DEPTH_END>", *(f"<DEPTH_{code}>" for code in range(128))]
    ids = [ids_of(text) for text in texts]
    assert all(len(one) == 1 for one in ids)
    assert len({one[0] for one in ids}) == 130


@given(st.text(max_size=60))
def test_any_text_comes_back(text):
    assert text_of(ids_of(text)) == text


@given(st.text(alphabet="0123456789,[] .<>x\n", max_size=60))
def test_numbers_and_brackets_come_back(text):
    assert text_of(ids_of(text)) == text


@given(st.lists(st.sampled_from([*SYMBOLS, ", ", "[", "]", "[[", "]]", "the", "red"]), max_size=20))
def test_symbols_in_any_order_come_back(parts):
    text = "".join(parts)
    assert text_of(ids_of(text)) == text


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("instruction", ["pick up the red cube", "räume auf 🤖!", "x\ty\n2"])
def test_prompts_and_answers_come_back(images, instruction):
    rng = np.random.default_rng(images)
    trace = rng.integers(0, 256, (5, 2))
    texts = [
        wrap_prompt(reasoning_prompt(instruction, images)),
        wrap_prompt(steered_prompt(instruction, images)),
        f" {reasoning_answer(rng.integers(0, 128, 100), [trace], chunk(1), images)}",
        f" {reasoning_answer(rng.integers(0, 128, 100), [trace, trace[:1]], chunk(2), images)}",
        f" {steered_answer(chunk(3))}",
    ]
    for text in texts:
        assert text_of(ids_of(text)) == text


def test_a_chunk_costs_one_token_for_each_value():
    # 56 values, and "[[", 7 times "], [", "]]" around them
    assert len(ids_of(chunk(0))) == 56 + 9


def test_training_instructions_are_whole_words_for_the_tokenizer(monkeypatch):
    monkeypatch.setattr(instructions, "INVENTED", 0.0)
    rng = np.random.default_rng(0)
    for _ in range(300):
        kind = KINDS[int(rng.integers(3))]
        for text in (draw(rng, kind), ambiguous_instruction(rng, kind)):
            pieces = TOKENIZER.convert_ids_to_tokens(ids_of(wrap_prompt(steered_prompt(text, 2))))
            words = [piece for piece in pieces if piece.strip()]
            assert all(len(word.strip()) > 1 or word.strip() == "a" for word in words)
            assert len(pieces) <= 3 + len(text.split())


def draw(rng, kind) -> str:
    things = [
        Thing(colour=int(rng.integers(len(COLOURS))), shape=int(rng.integers(len(SHAPES))))
        for _ in range(2)
    ]
    return named_instruction(rng, kind, things[0], things[1] if kind != "pick" else None)


def test_a_named_instruction_names_colour_and_shape():
    rng = np.random.default_rng(1)
    plate = Thing(colour=0, shape=SHAPES.index("plate"))
    for colour, name in enumerate(COLOURS):
        thing = Thing(colour=colour, shape=SHAPES.index("cylinder"))
        for kind in KINDS:
            reference = None if kind is TaskKind.PICK else plate
            texts = [named_instruction(rng, kind, thing, reference) for _ in range(20)]
            assert all(f" {name} " in text for text in texts)
            assert not any("cube" in text for text in texts)
            assert all(("plate" in text) <= (reference is not None) for text in texts)
            if reference is not None:
                assert all(text.index(f" {name} ") < text.rindex(" red ") for text in texts)


def test_the_words_of_the_tasks_are_among_those_of_training():
    rng = np.random.default_rng(2)
    thing = Thing(colour=1, shape=SHAPES.index("brick"))
    plate = Thing(colour=2, shape=SHAPES.index("plate"))
    named = {named_instruction(rng, TaskKind.PLACE, thing, plate) for _ in range(200)}
    task = Task(kind=TaskKind.PLACE, target="green brick", reference="blue plate")
    assert task.instruction in named
    for kind in KINDS:
        ambiguous = {ambiguous_instruction(rng, kind) for _ in range(200)}
        assert Task(kind=kind, target="x", reference="y").ambiguous in ambiguous


def test_some_words_are_invented_and_spelt():
    rng = np.random.default_rng(3)
    for _ in range(20):
        word = invented_word(rng)
        assert word.isalpha()
        assert text_of(ids_of(f" {word}")) == f" {word}"


def test_image_tokens_lie_beyond_what_can_be_generated():
    size = vocabulary_size(TOKENIZER)
    assert size % VOCABULARY_MULTIPLE == 0
    assert TOKENIZER.convert_tokens_to_ids(list(IMAGE_TOKENS)) == [
        size + index for index in range(len(IMAGE_TOKENS))
    ]


def test_the_saved_tokenizer_is_the_same(tmp_path):
    save_tokenizer(tmp_path)
    loaded = load_tokenizer(tmp_path / "tokenizer.json", {}, {})
    assert loaded.get_vocab() == TOKENIZER.get_vocab() == build_tokenizer().get_vocab()
    text = wrap_prompt(reasoning_prompt("pick up the red cube", 2)) + f" {steered_answer(chunk(4))}"
    assert loaded(text, add_special_tokens=False)["input_ids"] == ids_of(text)
