from __future__ import annotations

import re

import numpy as np

from core.decoding.answer_text import WORDS, answer_text
from core.decoding.spelling import Spelling


def test_tokens_begin_where_the_text_before_them_ends(tokenizer):
    spelling = Spelling(tokenizer)
    rng = np.random.default_rng(4)
    answer = answer_text(chunk=2, dims=7, images=2, steered=False, points=3)
    for _ in range(3):
        text, _starts = answer.write([int(rng.integers(len(WORDS[p]))) for p in answer.gaps])
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        whole = spelling.text(ids)
        starts = spelling.starts(ids)
        before = [len(spelling.text(ids[:k]).rstrip("\ufffd")) for k in range(len(ids))]
        assert starts == np.maximum.accumulate(before).tolist()
        codes = [at for at in starts if re.match(r"<DEPTH_\d", whole[at:])]
        assert len(codes) == 100


def test_an_unfinished_character_counts_when_it_is_complete(tokenizer):
    spelling = Spelling(tokenizer)
    ids = tokenizer(" “Ā” and é", add_special_tokens=False)["input_ids"]
    for count in range(len(ids) + 1):
        starts = spelling.starts(ids[:count])
        assert starts == spelling.starts(ids)[:count]
    assert spelling.starts([]) == []
