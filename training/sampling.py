"""Batches: which frames are drawn, which questions are asked about them, how they are packed.

Every row shares one layout: two pictures, then one or more branches of a prompt with its answer. A
steered row has a drawn trace on its first picture and one branch. A reasoning row asks several
questions about the same clean pictures; its branches see the pictures and themselves, not each
other, so the pictures are paid for once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.overlay import draw_trace
from core.protocol.action_codec import bins_of
from core.protocol.prompts import reasoning_prompt, steered_prompt
from core.protocol.statistics import NormStats
from training.augment import drawn_trace, jitter_slots
from training.encoding import IMAGES, Answer, AnswerEncoder
from training.instructions import (
    ambiguous_instruction,
    named_instruction,
    named_object,
    pointing_question,
    trace_question,
)
from training.labels import Labels, Shard

STEERED, REASONING, TRACE, POINTING = range(4)
"""Kinds of branches."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Branch:
    """A prompt and its answer.

    Attributes:
        kind: :data:`STEERED` to :data:`POINTING`.
        prompt: (P,) ids.
        answer: Encoded answer.
        spot: (2,) where the answer's object is in the first picture, 0..255.
        plan: (5,) the gripper's place in the first picture and the bins of the first translation,
            0..255.
        colour: Index of the object's colour.
    """

    kind: int
    prompt: NDArray[np.int64]
    answer: Answer
    spot: NDArray[np.float32]
    plan: NDArray[np.int64]
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One training row: its pictures (indices into the batch's) and its branches."""

    front: int
    wrist: int
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Pictures and rows of one step.

    Attributes:
        front: (F, H, W, 3) uint8, clean ones and those with a drawn trace.
        wrist: (V, H, W, 3) uint8.
        front_frame: (F,) frame of each front picture.
        wrist_frame: (V,) frame of each wrist picture.
        goal: (F, 2) end of the drawn trace, NaN for a clean picture.
        rows: Steered and reasoning rows.
    """

    front: NDArray[np.uint8]
    wrist: NDArray[np.uint8]
    front_frame: NDArray[np.int64]
    wrist_frame: NDArray[np.int64]
    goal: NDArray[np.float32]
    rows: tuple[Row, ...]


class Sampler:
    """Draws batches from labelled demonstrations."""

    def __init__(
        self,
        *,
        shards: list[Shard],
        labels: Labels,
        codes: dict[int, NDArray[np.int64]],
        encoder: AnswerEncoder,
        statistics: NormStats,
        seed: int,
    ) -> None:
        """Prepare look-ups.

        Args:
            shards: Demonstrations.
            labels: Their labels.
            codes: Depth codes (100,) of the frames that have a depth map.
            encoder: Encoder of prompts and answers.
            statistics: Ranges of the actions.
            seed: Seed of everything that is drawn.
        """
        self.labels, self.codes, self.encoder = labels, codes, encoder
        self._seed = seed
        self.rng = np.random.default_rng(seed)
        self._shards = shards
        self._starts = np.cumsum([0, *(len(shard.front) for shard in shards)])
        self._colour = np.concatenate([shard.states["colour"] for shard in shards])
        self._shape = np.concatenate([shard.states["shape"] for shard in shards])
        self._bins = bins_of(labels.actions, statistics)
        frames = int(self._starts[-1])
        self._first = np.searchsorted(labels.frame, np.arange(frames + 1))
        self._weights = self._frame_weights(frames)
        usable = [frame for frame in codes if self._first[frame] < self._first[frame + 1]]
        self._depth_frames = np.array(sorted(usable), dtype=np.int64)

    def _frame_weights(self, frames: int) -> NDArray[np.float64]:
        """Draw more often where it is hard (near objects, failed grasps) or rare (high up)."""
        labels = self.labels
        weight = 1.0 + 1.5 * (labels.distance < 0.05) + 1.5 * (labels.distance < 0.015)
        closing = (labels.actions[:, :2, 6] < 0.5).any(1) & ~labels.held
        weight = weight + 2.0 * closing + 5.0 * labels.empty
        weight[labels.held] = 1.0
        best = np.zeros(frames)
        np.maximum.at(best, labels.frame, weight)
        # an episode is soon low over the table, yet every task begins high above it
        height = np.concatenate([shard.states["tool"][:, 2] for shard in self._shards])
        best *= np.select([height > 0.17, height > 0.12], [4.0, 1.5], 1.0)
        return best / best.sum()

    def reseed(self, step: int) -> None:
        """Start a fresh stream of draws, another one for each step that training resumes from."""
        self.rng = np.random.default_rng([self._seed, step])

    def draw(self, *, frames: int, steered: int, reasoning: int) -> Batch:
        """Draw one batch.

        Args:
            frames: Number of frames.
            steered: Steered rows of each frame.
            reasoning: How many of the frames get a reasoning row.
        """
        chosen = self.rng.choice(len(self._weights), size=frames, p=self._weights)
        chosen[:reasoning] = self._with_depth(chosen[:reasoning])
        fronts: list[NDArray[np.uint8]] = []
        owners: list[int] = []
        goals: list[NDArray[np.float32]] = []
        rows: list[Row] = []
        nowhere = np.full(2, np.nan, dtype=np.float32)
        for index, frame in enumerate(chosen.tolist()):
            pairs = np.arange(int(self._first[frame]), int(self._first[frame + 1]))
            clean = self.picture("front", frame)
            if index < reasoning:
                rows.append(
                    Row(front=len(fronts), wrist=index, branches=self._questions(frame, pairs))
                )
                fronts.append(clean)
                owners.append(frame)
                goals.append(nowhere)
            for pair in self._targets(pairs, steered):
                points, goal = drawn_trace(self.rng, self.labels, pair)
                rows.append(
                    Row(front=len(fronts), wrist=index, branches=(self._steered(frame, pair),))
                )
                fronts.append(draw_trace(clean, points))
                owners.append(frame)
                goals.append(goal.astype(np.float32))
        return Batch(
            front=np.stack(fronts),
            wrist=np.stack([self.picture("wrist", frame) for frame in chosen.tolist()]),
            front_frame=np.array(owners),
            wrist_frame=chosen,
            goal=np.stack(goals),
            rows=tuple(rows),
        )

    def picture(self, camera: str, frame: int) -> NDArray[np.uint8]:
        """Return a frame's (H, W, 3) uint8 picture."""
        shard = int(np.searchsorted(self._starts, frame, side="right")) - 1
        return getattr(self._shards[shard], camera)[frame - self._starts[shard]]

    def _with_depth(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Move frames to the nearest earlier one that has depth codes, when any has."""
        if not len(self._depth_frames):
            return chosen
        known = self._depth_frames
        return known[np.clip(np.searchsorted(known, chosen, side="right") - 1, 0, None)]

    def _targets(self, pairs: NDArray[np.int64], count: int) -> list[int]:
        """Draw pairs of a frame; the nearest object is drawn twice as often as the others.

        A frame with fewer targets gives one of them again, with another drawing: a batch always
        has the same shape.
        """
        near = self.labels.distance[pairs]
        weights = np.where(near == near.min(), 2.0, 1.0)
        again = count > len(pairs)
        return self.rng.choice(pairs, count, replace=again, p=weights / weights.sum()).tolist()

    def _steered(self, frame: int, pair: int) -> Branch:
        """A steered branch; one in four names its object, as many name another one."""
        kind = self.rng.random()
        target = int(self.labels.target[pair])
        if kind < 0.5:
            text = ambiguous_instruction(self.rng)
        else:
            present = np.nonzero(self._colour[frame] >= 0)[0]
            text = self._named(frame, target if kind < 0.75 else int(self.rng.choice(present)))
        return Branch(
            kind=STEERED,
            prompt=self.encoder.prompt(steered_prompt(text, IMAGES)),
            answer=self.encoder.steered(self._bins[pair]),
            spot=self.labels.goal[pair],
            plan=self._plan(pair),
            colour=self._colour_of(pair),
        )

    def _questions(self, frame: int, pairs: NDArray[np.int64]) -> tuple[Branch, ...]:
        """All questions about one clean frame: one full answer, traces and places."""
        order = self.rng.permutation(pairs)
        branches: list[Branch] = []
        full = 1 if frame in self.codes else 0
        if full:
            ambiguous = self.rng.random() < 0.25
            nearest = pairs[int(np.argmin(self.labels.distance[pairs]))]
            pair = int(nearest if ambiguous else order[0])
            branches.append(self._reasoning(frame, pair, ambiguous))
        for pair in order.tolist()[: 3 - full]:
            text = trace_question(self._named(frame, int(self.labels.target[pair])))
            answer = self.encoder.trace(self._trace(pair))
            branches.append(self._branch(TRACE, text, answer, pair))
        for pair in order.tolist():
            target = int(self.labels.target[pair])
            colour, shape = int(self._colour[frame, target]), int(self._shape[frame, target])
            text = pointing_question(named_object(self.rng, colour, shape))
            answer = self.encoder.trace(np.rint(self.labels.goal[pair : pair + 1]).astype(int))
            branches.append(self._branch(POINTING, text, answer, pair))
        return tuple(branches)

    def _reasoning(self, frame: int, pair: int, ambiguous: bool) -> Branch:
        target = int(self.labels.target[pair])
        text = ambiguous_instruction(self.rng) if ambiguous else self._named(frame, target)
        answer = self.encoder.reasoning(self.codes[frame], self._trace(pair), self._bins[pair])
        return self._branch(REASONING, reasoning_prompt(text, IMAGES), answer, pair)

    def _branch(self, kind: int, text: str, answer: Answer, pair: int) -> Branch:
        prompt = self.encoder.prompt(text)
        return Branch(
            kind=kind,
            prompt=prompt,
            answer=answer,
            spot=self.labels.goal[pair],
            plan=self._plan(pair),
            colour=self._colour_of(pair),
        )

    def _colour_of(self, pair: int) -> int:
        return int(self._colour[self.labels.frame[pair], self.labels.target[pair]])

    def _plan(self, pair: int) -> NDArray[np.int64]:
        tool = np.rint(self.labels.tool[pair]).astype(np.int64)
        return np.concatenate([tool, self._bins[pair, 0, :3]])

    def _named(self, frame: int, target: int) -> str:
        return named_instruction(
            self.rng, int(self._colour[frame, target]), int(self._shape[frame, target])
        )

    def _trace(self, pair: int) -> NDArray[np.int64]:
        length = int(self.labels.trace_length[pair])
        return np.rint(self.labels.trace[pair, :length]).astype(int)

    def corrupt(self, answer: Answer) -> NDArray[np.int64]:
        """Return the answer's ids as the model reads them while it is trained."""
        return jitter_slots(self.rng, answer, self.encoder)
