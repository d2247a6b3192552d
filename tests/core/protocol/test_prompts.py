from __future__ import annotations

import numpy as np
import pytest

from core.protocol import prompts
from core.types import StudioError

CODES = np.arange(100)
DEPTH = "<DEPTH_START>" + "".join(f"<DEPTH_{k}>" for k in range(100)) + "<DEPTH_END>"
TRACE = np.array([[128.4, 40], [0, 255]])

REASON_ONE = (
    "The task is pick up the coke can. What is the action that the robot should take. To figure "
    "out the action that the robot should take to pick up the coke can, let's think through it "
    "step by step. First, what is the depth map for this image? Second, what is the trajectory of "
    "the end effector? Based on the depth map of the image and the trajectory of the end effector, "
    "what is the action that the robot should take?"
)
REASON_TWO = (
    "The task is pick up the coke can. What is the action that the robot should take. To figure "
    "out the action that the robot should take to pick up the coke can, let's think through it "
    "step by step. First, what is the depth map for the first image? Second, what is the "
    "trajectory of the end effector in the first image? Based on the depth map of the first image "
    "and the trajectory of the end effector in the first image, along with other images from "
    "different camera views as additional information, what is the action that the robot should "
    "take?"
)
STEER_ONE = (
    "The task is pick up the coke can. Notice that the trajectory of the end effector is annotated "
    "on the image. Based on the trajectory annotated on the image, what is the action that the "
    "robot should take?"
)
STEER_TWO = (
    "The task is pick up the coke can. Notice that the trajectory of the end effector is annotated "
    "on the first image. Based on the trajectory annotated on the image, along with other images "
    "from different camera views as additional information, what is the action that the robot "
    "should take?"
)


@pytest.mark.parametrize(
    ("prompt", "n_images", "expected"),
    [
        (prompts.reasoning_prompt, 1, REASON_ONE),
        (prompts.reasoning_prompt, 2, REASON_TWO),
        (prompts.reasoning_prompt, 3, REASON_TWO),
        (prompts.steered_prompt, 1, STEER_ONE),
        (prompts.steered_prompt, 2, STEER_TWO),
    ],
)
def test_prompts_are_the_published_ones(prompt, n_images, expected):
    assert prompt("pick up the coke can", n_images) == expected


def test_the_instruction_is_inserted_as_it_is():
    assert prompts.steered_prompt(" Put {it} DOWN. ", 1).startswith("The task is  Put {it} DOWN. .")


@pytest.mark.parametrize("prompt", [prompts.reasoning_prompt, prompts.steered_prompt])
def test_no_image_is_refused(prompt):
    with pytest.raises(StudioError, match="at least one image"):
        prompt("wave", 0)


def test_answer_for_one_image():
    assert prompts.reasoning_answer(CODES, [TRACE], "[A]", 1) == (
        f"The depth map of the image is {DEPTH}. The trajectory of the end effector is "
        "[[128, 40], [0, 255]]. Based on these information, the action that the robot should take "
        "is [A]."
    )


def test_answer_for_two_images():
    assert prompts.reasoning_answer(CODES, [TRACE], "[A]", 2) == (
        f"The depth map of the first image is {DEPTH}. The trajectory of the end effector in the "
        "first image is [[128, 40], [0, 255]]. Based on these information, along with other images "
        "from different camera views as additional information, the action that the robot should "
        "take is [A]."
    )


def test_answer_for_two_arms_names_left_then_right():
    text = prompts.reasoning_answer(CODES, [[[1, 2]], [[3, 4]]], "[A]", 1)
    assert "the left end effector is [[1, 2]]. The trajectory of the right" in text


def test_steered_answer():
    assert prompts.steered_answer("[A]") == (
        "Based on the image and the annotated trajectory of the end effector, the action that the "
        "robot should take is [A]."
    )


@pytest.mark.parametrize(
    "codes", [range(99), range(28, 129), [-1] * 100, [0.5] * 100, [[1] * 100], [128] * 100]
)
def test_depth_that_does_not_fit_is_refused(codes):
    with pytest.raises(StudioError, match="depth codes"):
        prompts.depth_text(codes)


@pytest.mark.parametrize(
    "points", [[], [[1, 2, 3]], [1, 2], [[0, 0]] * 6, [[-1, 0]], [[0, 256]], [[float("nan"), 0]]]
)
def test_trace_that_does_not_fit_is_refused(points):
    with pytest.raises(StudioError, match="trace"):
        prompts.trace_text(points)


@pytest.mark.parametrize("traces", [[], [TRACE] * 3])
def test_number_of_arms_is_checked(traces):
    with pytest.raises(StudioError, match="one trace per arm"):
        prompts.reasoning_answer(CODES, traces, "[A]", 1)
