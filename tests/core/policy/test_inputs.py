"""Pictures that several prompts of one batch show are encoded once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.policy.base import PolicyRequest
from core.policy.inputs import InputMaker
from core.policy.local import LocalPolicy


@pytest.fixture
def maker(tiny) -> InputMaker:
    return InputMaker(tiny, LocalPolicy(tiny).capabilities)


def test_only_the_same_pictures_are_shared(maker, observation, drawn):
    clean, other = maker.images(observation, None), maker.images(observation, drawn)
    asked = [
        maker.inputs("one", clean),
        maker.inputs("two words", clean),
        maker.inputs("one", other),
    ]
    shared = maker.with_shared_pictures(asked)
    assert shared[0]["image_features"] is shared[1]["image_features"]
    assert shared[2] is asked[2]
    assert shared[1]["input_ids"] is asked[1]["input_ids"]


def test_answers_are_the_same_as_alone(tiny, observation, drawn, monkeypatch):
    policy = LocalPolicy(tiny)
    questions = [
        PolicyRequest(observation=observation, session="a"),
        PolicyRequest(observation=observation, trace=drawn, session="b"),
        PolicyRequest(observation=replace(observation, instruction="take it"), session="c"),
    ]
    alone = [policy.infer_many([question])[0] for question in questions]
    encoded, encode = [], tiny.model.encode_images
    monkeypatch.setattr(
        tiny.model, "encode_images", lambda *a: encoded.append(1) or encode(*a), raising=False
    )
    together = policy.infer_many(questions)
    assert len(encoded) == 2
    for one, other in zip(alone, together, strict=True):
        assert one.text == other.text
        assert np.array_equal(one.chunk.actions, other.chunk.actions)
