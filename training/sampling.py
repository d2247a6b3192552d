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
    Thing,
    ambiguous_instruction,
    named_instruction,
    named_object,
    pointing_question,
    trace_question,
)
from training.labels import Labels, Shard, front_coordinates
from training.pairs import KINDS, PICK

STEERED, REASONING, TRACE, POINTING = range(4)
"""Kinds of branches."""

MOST_POINTING = 4
"""Things that are pointed at in one frame."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Branch:
    """A prompt and its answer.

    Attributes:
        kind: :data:`STEERED` to :data:`POINTING`.
        prompt: (P,) ids.
        answer: Encoded answer.
        spot: (2,) where the hand goes next (or what is pointed at) in the first picture, 0..255.
        plan: (5,) the gripper's place in the first picture and the bins of the first translation,
            0..255; -1 for the translation towards what is only pointed at.
        colour: Index of the colour of what is there.
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
        # where every thing is in the first picture, (N, 6, 2)
        self._points = np.concatenate(
            [front_coordinates(s.states["objects"], s.states["camera"]) for s in shards]
        ).astype(np.float32)
        self._bins = bins_of(labels.actions, statistics)
        frames = int(self._starts[-1])
        self._first = np.searchsorted(labels.frame, np.arange(frames + 1))
        self._weights = self._frame_weights(frames)
        usable = [frame for frame in codes if self._first[frame] < self._first[frame + 1]]
        self._depth_frames = np.array(sorted(usable), dtype=np.int64)

    def _frame_weights(self, frames: int) -> NDArray[np.float64]:
        """Draw more often where it is hard (near things and destinations, slips) or rare."""
        labels = self.labels
        weight = 1.0 + 1.5 * (labels.distance < 0.05) + 1.5 * (labels.distance < 0.015)
        soon_closed = (labels.actions[:, :2, 6] < 0.5).any(1)
        weight = weight + 2.0 * (soon_closed & ~labels.held) + 5.0 * labels.empty
        lifts = labels.held & (labels.kind == PICK)
        letting_go = labels.held & ~soon_closed | labels.placed
        weight = np.where(labels.held, 1.0 + 1.0 * (labels.distance < 0.05), weight)
        weight = weight + 2.0 * letting_go
        weight[lifts] = 1.0
        best = np.zeros(frames)
        np.maximum.at(best, labels.frame, weight)
        # an episode is soon low over the table, yet every task begins high above it
        height = np.concatenate([shard.states["tool"][:, 2] for shard in self._shards])
        free = np.concatenate([shard.states["held"] for shard in self._shards]) < 0
        best *= np.select([free & (height > 0.17), free & (height > 0.12)], [3.0, 1.5], 1.0)
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
        """Draw pairs of a frame: each kind of task as often, the nearest thing twice as often.

        A frame with fewer targets gives one of them again, with another drawing: a batch always
        has the same shape.
        """
        kinds, near = self.labels.kind[pairs], self.labels.distance[pairs]
        weights = np.where(near == near.min(), 2.0, 1.0)
        for kind in np.unique(kinds):
            weights[kinds == kind] /= weights[kinds == kind].sum()
        again = count > len(pairs)
        return self.rng.choice(pairs, count, replace=again, p=weights / weights.sum()).tolist()

    def _steered(self, frame: int, pair: int) -> Branch:
        """A steered branch; one in four names its things, as many name others of the same kind."""
        draw = self.rng.random()
        if draw < 0.5:
            text = ambiguous_instruction(self.rng, KINDS[self.labels.kind[pair]])
        else:
            other = pair if draw < 0.75 else self._other(frame, pair)
            text = self._named(other)
        return self._branch(
            STEERED,
            steered_prompt(text, IMAGES),
            self.encoder.steered(self._bins[pair]),
            pair,
        )

    def _other(self, frame: int, pair: int) -> int:
        """Draw any pair of the same frame and kind."""
        pairs = np.arange(int(self._first[frame]), int(self._first[frame + 1]))
        alike = pairs[self.labels.kind[pairs] == self.labels.kind[pair]]
        return int(self.rng.choice(alike))

    def _questions(self, frame: int, pairs: NDArray[np.int64]) -> tuple[Branch, ...]:
        """All questions about one clean frame: one full answer, traces and places."""
        chosen = self._targets(pairs, 3)
        branches: list[Branch] = []
        if frame in self.codes:
            branches.append(self._reasoning(frame, chosen.pop(), pairs))
        # the same task is not asked for twice
        for pair in list(dict.fromkeys(chosen))[:2]:
            answer = self.encoder.trace(self._trace(pair))
            branches.append(self._branch(TRACE, trace_question(self._named(pair)), answer, pair))
        things = np.nonzero(self._colour[frame] >= 0)[0]
        for index in self.rng.permutation(things)[:MOST_POINTING].tolist():
            branches.append(self._pointing(frame, index, pairs))
        return tuple(branches)

    def _reasoning(self, frame: int, pair: int, pairs: NDArray[np.int64]) -> Branch:
        """A full answer; one in four leaves the things open, and takes the nearest ones then.

        Of several places for the nearest thing the first is meant (:mod:`training.pairs`).
        """
        kind = self.labels.kind[pair]
        if self.rng.random() < 0.25:
            alike = pairs[self.labels.kind[pairs] == kind]
            pair = int(alike[int(np.argmin(self.labels.distance[alike]))])
            text = ambiguous_instruction(self.rng, KINDS[kind])
        else:
            text = self._named(pair)
        answer = self.encoder.reasoning(self.codes[frame], self._trace(pair), self._bins[pair])
        return self._branch(REASONING, reasoning_prompt(text, IMAGES), answer, pair)

    def _pointing(self, frame: int, index: int, pairs: NDArray[np.int64]) -> Branch:
        """A question for the place of a thing; with a plan where it could be picked up."""
        labels, point = self.labels, self._points[frame, index]
        text = pointing_question(named_object(self.rng, self._thing(frame, index)))
        alike = pairs[(labels.kind[pairs] == PICK) & (labels.target[pairs] == index)]
        plan = self._plan(int(alike[0] if len(alike) else pairs[0]))
        if not len(alike):
            plan[2:] = -1
        return Branch(
            kind=POINTING,
            prompt=self.encoder.prompt(text),
            answer=self.encoder.trace(np.rint(point[None]).astype(int)),
            spot=point,
            plan=plan,
            colour=int(self._colour[frame, index]),
        )

    def _branch(self, kind: int, text: str, answer: Answer, pair: int) -> Branch:
        frame = int(self.labels.frame[pair])
        return Branch(
            kind=kind,
            prompt=self.encoder.prompt(text),
            answer=answer,
            spot=self.labels.goal[pair],
            plan=self._plan(pair),
            colour=int(self._colour[frame, self.labels.focus[pair]]),
        )

    def _plan(self, pair: int) -> NDArray[np.int64]:
        tool = np.rint(self.labels.tool[pair]).astype(np.int64)
        return np.concatenate([tool, self._bins[pair, 0, :3]])

    def _thing(self, frame: int, index: int) -> Thing:
        return Thing(colour=int(self._colour[frame, index]), shape=int(self._shape[frame, index]))

    def _named(self, pair: int) -> str:
        """Say a pair's task with its names."""
        frame, labels = int(self.labels.frame[pair]), self.labels
        reference = int(labels.reference[pair])
        return named_instruction(
            self.rng,
            KINDS[labels.kind[pair]],
            self._thing(frame, int(labels.target[pair])),
            None if reference < 0 else self._thing(frame, reference),
        )

    def _trace(self, pair: int) -> NDArray[np.int64]:
        length = int(self.labels.trace_length[pair])
        return np.rint(self.labels.trace[pair, :length]).astype(int)

    def corrupt(self, answer: Answer) -> NDArray[np.int64]:
        """Return the answer's ids as the model reads them while it is trained."""
        return jitter_slots(self.rng, answer, self.encoder)
