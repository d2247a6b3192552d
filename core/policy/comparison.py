"""Several questions about one observation: a plan of the model's own, drawn traces, other words.

Our own servers are asked all of them in one message (:mod:`core.policy.session`); any other policy
is asked one after the other. Whoever asks sees no difference but the time that it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.policy.base import Cancelled, Policy
from core.policy.messages import Message, reading, trace_from_message, trace_to_message
from core.types import Observation, Reasoning, StudioError, Trace

MAX_COMPARED = 5
"""Most questions of one comparison: more plans than that nobody tells apart."""

MAX_LABEL = 80
"""Longest name of a question [characters]."""

Result = Reasoning | StudioError
"""What a question comes to: an answer, or why there is none."""

ItemStage = Callable[[int, Reasoning], None]
"""Gets the index of a question and as much of its answer as is complete."""

ItemResult = Callable[[int, Result], None]
"""Gets the index of a question and what it came to, once for each question."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """One question of a comparison.

    Attributes:
        label: A name for it, for messages to people.
        trace: The drawn trace to follow; None lets the model plan.
        instruction: Said in place of the observation's instruction; None leaves that.
        request_id: Copied into the answer.
    """

    label: str = ""
    trace: Trace | None = None
    instruction: str | None = None
    request_id: int = 0

    def about(self, observation: Observation) -> Observation:
        """Return the observation with the question's own words."""
        if self.instruction is None:
            return observation
        return replace(observation, instruction=self.instruction)


def check_count(questions: int) -> None:
    """Refuse a comparison of nothing, or of more than anybody compares.

    Raises:
        StudioError: If there are no questions, or more than ``MAX_COMPARED``.
    """
    if not 1 <= questions <= MAX_COMPARED:
        raise StudioError(
            f"A comparison has 1 to {MAX_COMPARED} questions; this one has {questions}."
        )


def questions_to_message(questions: Sequence[Question]) -> list[Message]:
    """Return questions as plain values; request ids stay with the one who asks."""
    return [
        {
            "label": question.label,
            "trace": None if question.trace is None else trace_to_message(question.trace),
            "instruction": question.instruction,
        }
        for question in questions
    ]


def questions_from_message(items: object) -> list[Question | StudioError]:
    """Rebuild questions; a damaged one is an error in its place, so the others can be answered.

    Raises:
        StudioError: If this is no list, or one of an impossible length.
    """
    if not isinstance(items, list):
        raise StudioError("The comparison in this message is damaged: send a list of questions.")
    check_count(len(items))
    return [_question(item) for item in items]


def ask_in_turn(
    policy: Policy,
    observation: Observation,
    questions: Sequence[Question],
    *,
    on_stage: ItemStage | None = None,
    on_result: ItemResult | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Result]:
    """Ask a policy that knows no comparisons, one question after the other.

    Args:
        policy: Who answers.
        observation: What the questions are about.
        questions: At most ``MAX_COMPARED``.
        on_stage: Told how far each answer is, where the policy tells.
        on_result: Told what each question came to.
        cancelled: Polled meanwhile; true ends all questions.

    Returns:
        An answer for each question or, in its place, what went wrong with it.

    Raises:
        Cancelled: If ``cancelled`` returned true.
        StudioError: If the number of questions is impossible.
    """
    check_count(len(questions))
    results: list[Result] = []
    for index, question in enumerate(questions):
        if cancelled is not None and cancelled():
            raise Cancelled
        try:
            result: Result = policy.infer(
                question.about(observation),
                question.trace,
                request_id=question.request_id,
                on_stage=_for_item(on_stage, index),
                cancelled=cancelled,
            )
        except Cancelled:
            raise
        except StudioError as error:
            result = error
        results.append(result)
        if on_result is not None:
            on_result(index, result)
    return results


def _for_item(on_stage: ItemStage | None, index: int) -> Callable[[Reasoning], None] | None:
    return None if on_stage is None else lambda stage: on_stage(index, stage)


def _question(item: object) -> Question | StudioError:
    try:
        with reading("question"):
            if not isinstance(item, dict):
                raise StudioError("A question is a map with 'label', 'trace' and 'instruction'.")
            if unknown := set(item) - {"label", "trace", "instruction"}:
                raise StudioError(f"A question has no key {str(min(unknown, key=str))[:40]!r}.")
            label, words, trace = item.get("label", ""), item.get("instruction"), item.get("trace")
            if not isinstance(label, str) or len(label) > MAX_LABEL:
                raise StudioError(f"The label of a question is text of {MAX_LABEL} characters.")
            if words is not None and not isinstance(words, str):
                raise StudioError("The instruction of a question is text.")
            return Question(
                label=label,
                trace=None if trace is None else trace_from_message(trace),
                instruction=words,
            )
    except StudioError as error:
        return error
