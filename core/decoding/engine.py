"""Fast greedy decoding with the ids of plain greedy decoding.

A forward pass reads everything that is certain and a few guesses behind it. The network's own
choices at those places are compared with the guesses: those that agree are kept together with the
first that differs, and the cache is rolled back behind them. Every kept id is therefore the
network's likeliest allowed one behind exactly the ids before it, which is the definition of
:func:`core.decoding.greedy.decode_greedily`; guesses change how many passes that takes, not what
comes out.

Equal up to rounding, to be exact: a matrix product of several tokens, of a batch or of fewer rows
of the head adds up in another order than that of one token. Logits then differ in float32 by some
1e-5, and where the two likeliest ids are closer than that either may be chosen. Exact ties go to
the lower id in both. ``main.py bench decoder`` reports the closest call it met.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.decoding.answer import Answer
from core.decoding.course import Course, FreeCourse, GrammarCourse
from core.decoding.drafts import CPU, GPU, Draft
from core.decoding.grammar import AnswerGrammar
from core.decoding.heads import Heads
from core.decoding.network import Network
from core.decoding.requests import Decoded, DecodeRequest
from core.model.modeling import MolmoActForActionReasoning


class DecodingEngine:
    """Decodes answers of one model, alone or several at once; not for several threads."""

    def __init__(
        self,
        model: MolmoActForActionReasoning,
        *,
        end_ids: frozenset[int],
        graphs: bool = True,
        restricted: bool = True,
    ) -> None:
        """Prepare a model.

        Args:
            model: In evaluation mode.
            end_ids: Ids that end an answer.
            graphs: On a GPU, replay recorded passes for single answers.
            restricted: Read only those rows of the output head that the grammar can choose.
        """
        self._network = Network(model, graphs=graphs)
        self._heads = Heads(model.lm_head.weight, restricted=restricted)
        self._end_ids = end_ids
        self._costs = GPU if self._network.device.type == "cuda" else CPU
        self._free = FreeCourse(end_ids, len(model.lm_head.weight))
        self._courses: dict[int, tuple[AnswerGrammar, Course]] = {}

    def decode(self, request: DecodeRequest) -> Decoded:
        """Decode one answer.

        Raises:
            Cancelled: If it was cancelled. Also whatever its callback raised.
        """
        done = self.decode_batch([request])[0]
        if done.error is not None:
            raise done.error
        return done

    @torch.inference_mode()
    def decode_batch(self, requests: Sequence[DecodeRequest]) -> list[Decoded]:
        """Decode answers together; each comes out as it would alone.

        Args:
            requests: Any mixture of prompts, grammars and prefixes.

        Raises:
            ValueError: If a prefix is not the beginning of an answer.
        """
        if not requests:
            return []
        answers = [
            Answer(request, self._course(request.grammar), self._end_ids, self._costs)
            for request in requests
        ]
        room = max(a.length + a.request.max_new_tokens for a in answers) + 1 + self._costs.longest
        self._network.cache.reserve(len(answers), room)
        running = self._read_prompts(answers)
        while running:
            for answer in running:
                answer.check()
            running = self._keep(running)
            if not running:
                break
            drafts = [answer.draft() for answer in running]
            hidden = self._network.read([draft.tokens for draft in drafts])
            self._decide(running, drafts, hidden)
            running = self._keep(running)
        return [answer.result() for answer in answers]

    def _read_prompts(self, answers: list[Answer]) -> list[Answer]:
        """Read each prompt once; a prompt of its own together with the first guesses."""
        running: list[Answer] = []
        cache = self._network.cache
        owners: dict[int, int] = {}
        shared = {id(a.request.inputs) for a in answers}
        alone = len(shared) == len(answers)
        for answer in answers:
            answer.report()
            answer.check()
            if answer.done:
                continue
            row, inputs = len(running), answer.request.inputs
            if alone:
                draft = answer.draft()
                hidden = self._network.read_prompt(inputs, draft.tokens, row)
                self._decide([answer], [draft], hidden[None])
                if answer.done:
                    continue
            elif (owner := owners.setdefault(id(inputs), row)) != row:
                cache.lengths[owner] = answer.length
                cache.copy_row(owner, row)
            else:
                self._network.read_prompt(inputs, (), row)
            cache.lengths[row] = answer.length
            running.append(answer)
        return running

    def _decide(self, answers: list[Answer], drafts: list[Draft], hidden: Tensor) -> None:
        """Let the heads choose at all places of the drafts, from hidden (rows, T, hidden)."""
        length = hidden.shape[1]
        at = [row * length + i for row, draft in enumerate(drafts) for i in draft.at]
        flat, together = hidden.flatten(0, 1), at[-1] - at[0] + 1 == len(at)
        choices = [
            answer.course.choice(place)
            for answer, draft in zip(answers, drafts, strict=True)
            for place in draft.places
        ]
        found, shares = self._heads.choose(
            flat[at[0] : at[-1] + 1] if together else flat[at],
            choices,
            weighed=any(answer.request.decisions is not None for answer in answers),
        )
        first = 0
        for answer, draft in zip(answers, drafts, strict=True):
            behind = first + len(draft.places)
            answer.take(draft, found[first:behind], shares[first:behind])
            first = behind

    def _keep(self, running: list[Answer]) -> list[Answer]:
        """Return the answers that go on, in the first rows of the cache, rolled back."""
        cache = self._network.cache
        for row, answer in enumerate(running):
            cache.lengths[row] = answer.length
        while running and running[-1].done:
            running.pop()
        for row, answer in enumerate(running):
            if answer.done:
                cache.copy_row(len(running) - 1, row)
                running[row] = running.pop()
                while running[-1].done:
                    running.pop()
        return running

    def _course(self, grammar: AnswerGrammar | None) -> Course:
        if grammar is None:
            return self._free
        known = self._courses.get(id(grammar))
        if known is None:
            known = self._courses[id(grammar)] = (grammar, GrammarCourse(grammar, self._heads))
        return known[1]
