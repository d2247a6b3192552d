"""From a draw to an encoded sample, and the batches of a step, prepared ahead by threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.overlay import draw_trace, prepare_frame
from training.data.depth import Codec, encode, to_values
from training.finetune.augment import Crop, drawn_by_hand, jitter_colours, random_crop
from training.finetune.encode import Batch, Encoded, SampleEncoder, collate
from training.finetune.mixture import Draw, Mixture
from training.finetune.preset import Augment
from training.finetune.questions import NEEDS_DEPTH, Facts, Kind, questions

Picture = NDArray[np.uint8]


class SampleMaker:
    """Reads, varies, draws on and encodes what a draw names; a pure function of the draw."""

    def __init__(
        self,
        encoder: SampleEncoder,
        *,
        images: int,
        chunk: int,
        size: tuple[int, int] | None,
        augment: Augment | None,
        codec: Codec | None = None,
        keep: int = 0,
    ) -> None:
        """Prepare.

        Args:
            encoder: Encodes prompts and answers.
            images: Pictures per prompt.
            chunk: Action rows per answer.
            size: Width and height that frames are reduced to [px]; None leaves them.
            augment: How pictures are varied, if they are.
            codec: The model's depth codec, to encode cropped depth maps anew.
            keep: Memory for pictures that were read once [bytes]. Small data sets are seen many
                times; of large ones what fits is kept.
        """
        self._kept: dict[tuple[str, int], list[Picture]] = {}
        self._room = keep
        self._encoder, self._augment, self._codec = encoder, augment, codec
        self._images, self._chunk, self._size = images, chunk, size

    def make(self, draw: Draw) -> Encoded:
        """Make a sample.

        Raises:
            StudioError: Its pictures cannot be read, or it is too long.
        """
        facts = draw.source.facts(draw.index, draw.kind, self._chunk)
        pictures = self._pictures(draw)
        if self._augment is not None:
            pictures, facts = self._vary(draw, pictures, facts, self._augment)
        if draw.kind is Kind.STEERED:
            pictures[0] = draw_trace(pictures[0], facts.trace)
        asked = questions(draw.kind, facts, self._images)
        return self._encoder.encode(pictures, asked, draw.kind.value)

    def _pictures(self, draw: Draw) -> list[Picture]:
        """Return a row's pictures in the model's size; the list may be changed, they may not."""
        key = (draw.source.name, draw.index)
        found = self._kept.get(key)
        if found is None:
            read = draw.source.pictures(draw.index, self._images)
            found = [prepare_frame(picture, self._size) for picture in read]
            size = sum(picture.nbytes for picture in found)
            if size <= self._room:  # threads may overdraw it by a few pictures
                self._room -= size
                self._kept[key] = found
        return list(found)

    def _vary(
        self, draw: Draw, pictures: list[Picture], facts: Facts, settings: Augment
    ) -> tuple[list[Picture], Facts]:
        """Vary pictures, and with the first of them what refers to it."""
        rng = draw.rng
        if draw.kind is Kind.STEERED and settings.hands:
            facts = replace(facts, trace=drawn_by_hand(rng, facts.trace))
        varied: list[Picture] = []
        for number, picture in enumerate(pictures):
            size = (picture.shape[1], picture.shape[0])
            crop: Crop | None = random_crop(rng, size, settings)
            if settings.crop_least == 1.0:
                crop = None
            if crop is not None and number == 0:
                crop, facts = self._crop_facts(draw, facts, crop, size)
            picture = picture if crop is None else crop.picture(picture)
            varied.append(jitter_colours(rng, picture, settings))
        return varied, facts

    def _crop_facts(
        self, draw: Draw, facts: Facts, crop: Crop, size: tuple[int, int]
    ) -> tuple[Crop | None, Facts]:
        """Crop what refers to the annotated picture; no crop when its depth cannot follow."""
        codes = facts.depth_codes
        if draw.kind in NEEDS_DEPTH:
            metres = draw.source.depth_map(draw.index, self._codec)
            if metres is None or self._codec is None:
                return None, facts
            part = crop.part_of_map(to_values(metres, self._codec), size)
            codes = encode([part], self._codec, released=draw.source.released_depth)[0][0]
        return crop, replace(facts, trace=crop.trace(facts.trace, size), depth_codes=codes)


class Loader:
    """Makes one process's share of every step's batch, some steps ahead, in threads.

    The n-th sample of a step goes to the same place for any number of processes, so that the
    global batch does not depend on it.
    """

    def __init__(
        self,
        mixture: Mixture,
        maker: SampleMaker,
        *,
        batch: int,
        micro_batch: int,
        pad: int,
        workers: int,
        process: int = 0,
        processes: int = 1,
    ) -> None:
        """Prepare.

        Args:
            mixture: Draws samples.
            maker: Makes them.
            batch: Samples per step over all processes; a multiple of ``processes``.
            micro_batch: Samples per forward pass.
            pad: Padding token.
            workers: Threads.
            process: Number of this process.
            processes: Number of processes.
        """
        self._mixture, self._maker, self._pad = mixture, maker, pad
        self._own = range(process, batch, processes)
        self._micro, self._workers = micro_batch, max(workers, 1)

    def steps(self, first: int, last: int) -> Iterator[list[Batch]]:
        """Yield the micro-batches of the steps ``first`` to ``last - 1``."""
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)  # the workers are the threads
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="sample")
        waiting: list[list[Future[Encoded]]] = []
        try:
            for step in range(first, min(first + 2, last)):
                waiting.append(self._ask(pool, step))
            for step in range(first, last):
                samples = [future.result() for future in waiting.pop(0)]
                if step + 2 < last:
                    waiting.append(self._ask(pool, step + 2))
                yield [
                    collate(samples[at : at + self._micro], self._pad)
                    for at in range(0, len(samples), self._micro)
                ]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            cv2.setNumThreads(threads)

    def _ask(self, pool: ThreadPoolExecutor, step: int) -> list[Future[Encoded]]:
        draws = [self._mixture.draw(step, index) for index in self._own]
        return [pool.submit(self._maker.make, draw) for draw in draws]
