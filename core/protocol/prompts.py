"""The sentences that a MolmoAct model was trained on, byte for byte.

Only the text itself: ``User: ... Assistant:`` around a prompt belongs to the processor, and so
does the single space between ``Assistant:`` and the answer.

Source: molmoact.md sections 1.1 and 1.3 (model card of MolmoAct-7B-D-0812).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from core.types import CODEBOOK_SIZE, DEPTH_CODES, MAX_TRACE_POINTS, TRACE_MAX, StudioError

DEPTH_START = "<DEPTH_START>"
DEPTH_END = "<DEPTH_END>"


def reasoning_prompt(instruction: str, n_images: int) -> str:
    """Ask for depth, trace and actions.

    Args:
        instruction: The task, inserted as it is.
        n_images: Number of images in the prompt; decides between "this image" and "the first
            image".

    Raises:
        StudioError: If the number of images is not positive.
    """
    opening = (
        f"The task is {instruction}. What is the action that the robot should take. "
        f"To figure out the action that the robot should take to {instruction}, "
        "let's think through it step by step. "
    )
    if _single(n_images):
        return opening + (
            "First, what is the depth map for this image? "
            "Second, what is the trajectory of the end effector? "
            "Based on the depth map of the image and the trajectory of the end effector, "
            "what is the action that the robot should take?"
        )
    return opening + (
        "First, what is the depth map for the first image? "
        "Second, what is the trajectory of the end effector in the first image? "
        "Based on the depth map of the first image and the trajectory of the end effector "
        "in the first image, along with other images from different camera views as additional "
        "information, what is the action that the robot should take?"
    )


def steered_prompt(instruction: str, n_images: int) -> str:
    """Ask for actions along the trace that is drawn on the first image.

    Args:
        instruction: The task, inserted as it is.
        n_images: Number of images in the prompt.

    Raises:
        StudioError: If the number of images is not positive.
    """
    if _single(n_images):
        return (
            f"The task is {instruction}. Notice that the trajectory of the end effector is "
            "annotated on the image. Based on the trajectory annotated on the image, "
            "what is the action that the robot should take?"
        )
    return (
        f"The task is {instruction}. Notice that the trajectory of the end effector is "
        "annotated on the first image. Based on the trajectory annotated on the image, "
        "along with other images from different camera views as additional information, "
        "what is the action that the robot should take?"
    )


def reasoning_answer(
    depth_codes: ArrayLike, traces: Sequence[ArrayLike], action_text: str, n_images: int
) -> str:
    """Write the full answer: depth, trace and actions.

    Args:
        depth_codes: (100,) integers in 0..127, row by row.
        traces: One (L, 2) array per arm in 0..255; two stand for the left and the right arm.
        action_text: What :func:`core.protocol.action_codec.encode_chunk` wrote.
        n_images: Number of images in the prompt.

    Raises:
        StudioError: If depth or traces do not fit, or there are not one or two traces.
    """
    single = _single(n_images)
    return (
        f"The depth map of the {'image' if single else 'first image'} is "
        f"{depth_text(depth_codes)}. {_trace_sentences(traces, single)} "
        f"Based on these information, {'' if single else _OTHER_VIEWS}"
        f"the action that the robot should take is {action_text}."
    )


def steered_answer(action_text: str) -> str:
    """Write the answer to a steered prompt: actions only."""
    return (
        "Based on the image and the annotated trajectory of the end effector, "
        f"the action that the robot should take is {action_text}."
    )


def depth_text(codes: ArrayLike) -> str:
    """Write depth codes as tokens between their tags.

    Args:
        codes: (100,) integers in 0..127.

    Raises:
        StudioError: If there are not 100 codes or one is out of range.
    """
    array = np.asarray(codes)
    if array.shape != (DEPTH_CODES,) or not np.issubdtype(array.dtype, np.integer):
        raise StudioError(
            f"depth codes are {array.dtype} of shape {array.shape}; "
            f"expected {DEPTH_CODES} whole numbers"
        )
    if array.min() < 0 or array.max() >= CODEBOOK_SIZE:
        raise StudioError(f"depth codes must lie in 0..{CODEBOOK_SIZE - 1}")
    return DEPTH_START + "".join(f"<DEPTH_{code}>" for code in array.tolist()) + DEPTH_END


def trace_text(points: ArrayLike) -> str:
    """Write a trace as a list of whole numbers, ``[[x, y], ...]``.

    Args:
        points: (L, 2) in 0..255, 1 <= L <= 5; rounded half to even.

    Raises:
        StudioError: If the shape or a coordinate does not fit.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not 1 <= len(array) <= MAX_TRACE_POINTS:
        raise StudioError(
            f"a trace has shape {array.shape}; expected 1 to {MAX_TRACE_POINTS} points (x, y)"
        )
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > TRACE_MAX:
        raise StudioError("trace points must lie in 0..255")
    return str(np.rint(array).astype(int).tolist())


_OTHER_VIEWS = "along with other images from different camera views as additional information, "


def _trace_sentences(traces: Sequence[ArrayLike], single: bool) -> str:
    place = "" if single else " in the first image"
    if len(traces) == 1:
        return f"The trajectory of the end effector{place} is {trace_text(traces[0])}."
    if len(traces) == 2:
        left, right = (trace_text(trace) for trace in traces)
        return (
            f"The trajectory of the left end effector{place} is {left}. "
            f"The trajectory of the right end effector{place} is {right}."
        )
    raise StudioError(f"an answer has one trace per arm, one or two, not {len(traces)}")


def _single(n_images: int) -> bool:
    if n_images < 1:
        raise StudioError(f"a prompt needs at least one image, not {n_images}")
    return n_images == 1
