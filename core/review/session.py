"""One session to look at: what was there at any time, read from the file when it is asked for."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mcap.records import Message
from numpy.typing import NDArray

from core.camera import CameraModel
from core.episode import Episode, Episodes
from core.review.archive import Archive
from core.review.light import IMAGE, EventReader
from core.review.marks import Mark, marks_of
from core.review.moment import Moment, Timeline
from core.session.episode_events import EpisodeEnded, EpisodeStarted
from core.session.episodes import episodes_of
from core.session.event import Event
from core.session.events import Observed, Reasoned, SessionStarted, StateSampled, Steered
from core.session.pictures import decode_picture
from core.session.repair import open_session
from core.session.writer import CAMERA_TOPIC, EVENT_TOPIC
from core.types import Frame, RobotState, StudioError

STATES = f"{EVENT_TOPIC}{StateSampled.__name__}"
VIDEO = "foxglove.CompressedVideo"
FILM_NS = 1_500_000_000
"""A film has a keyframe at least once within this time."""

KEPT = 48
"""Decoded pictures and answers that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where an episode lies in a session.

    Attributes:
        episode: The episode.
        start_ns: When it began [ns since 1970].
        end_ns: When it ended, or the end of the session.
    """

    episode: Episode
    start_ns: int
    end_ns: int


class ReviewSession:
    """An open session; every method may be called from any thread.

    Attributes:
        path: The file.
        start_ns: First time in it [ns since 1970].
        end_ns: Last time in it.
        metadata: Facts by name of the record.
        events: All events but states and live pictures, in the order they were noted; with a
            single grey pixel in place of each picture, see :meth:`whole`.
        marks: What a person wants to find again.
        spans: The episodes.
        cameras: Names of the cameras with live pictures, the annotated one first.
        unread: Sentences about damage, and about events that this version cannot read.
    """

    def __init__(self, path: Path, told: Callable[[float], None] | None = None) -> None:
        """Open a session; an unfinished one is repaired first.

        Args:
            path: A session file (``.mcap`` or ``.mcap.part``).
            told: Told how far the opening is, 0 to 1; may raise to give up.

        Raises:
            StudioError: If it cannot be opened, is still being written, or is no session file.
        """
        self._tell = told or (lambda _: None)
        self._tell(0.0)
        self._archive = Archive(open_session(path))
        try:
            self._read()
        except BaseException:
            self._archive.close()
            raise

    def _read(self) -> None:
        archive = self._archive
        self.path, self.metadata = archive.path, archive.metadata
        self.start_ns, self.end_ns = archive.start_ns, archive.end_ns
        self._reader = EventReader(archive)
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        unread: list[str] = []
        topics = [t for t in archive.topics if t.startswith(EVENT_TOPIC) and t != STATES]
        total = max(sum(archive.counts[topic] for topic in topics), 1)
        read: list[tuple[Event, tuple[str, int, int]]] = []
        for number, (topic, message) in enumerate(archive.messages(topics, damaged=unread)):
            if number % 64 == 0:
                self._tell(min(number / total, 1.0))
            try:
                event = self._reader.light(topic, message)
            except StudioError as error:
                unread.append(str(error))
                continue
            read.append((event, (topic, message.log_time, message.sequence)))
        read.sort(key=lambda pair: pair[0].wall_ns)
        self.events = tuple(event for event, _ in read)
        self._places = [place for _, place in read]
        self.unread = tuple(unread)
        self.marks: tuple[Mark, ...] = marks_of(self.events)
        self.started = next((e for e in self.events if isinstance(e, SessionStarted)), None)
        self.episodes = self._fold()
        self.spans = self._spans()
        self.cameras = self._cameras()
        self._timeline = Timeline(self.events)
        self._tell(1.0)

    @property
    def seconds(self) -> float:
        """Its length [s]."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def models(self) -> dict[str, CameraModel | None]:
        """Calibrations by camera; None where a camera was not calibrated."""
        return dict(self.started.cameras) if self.started is not None else {}

    def frame_at(self, camera: str, wall_ns: int) -> Frame | None:
        """Return the live picture that a camera showed at a time; None before its first.

        Raises:
            StudioError: If it is damaged.
        """
        topic = f"{CAMERA_TOPIC}{camera}"
        message = self._archive.last_before(topic, wall_ns)
        if message is None:
            return None
        key = (topic, message.log_time, message.sequence)
        return self._remember(key, lambda: self._frame(topic, camera, message))

    def frame_time(self, camera: str, wall_ns: int, *, forward: bool) -> int | None:
        """Return when the next or the previous live picture of a camera was noted.

        Args:
            camera: Its name.
            wall_ns: From when [ns since 1970].
            forward: Whether to look for the next one.
        """
        topic = f"{CAMERA_TOPIC}{camera}"
        if forward:
            found = self._archive.first_after(topic, wall_ns)
            return None if found is None else found.log_time
        shown = self._archive.last_before(topic, wall_ns)
        found = None if shown is None else self._archive.last_before(topic, shown.log_time - 1)
        return None if found is None else found.log_time

    def state_at(self, wall_ns: int) -> RobotState | None:
        """Return what the arm measured last before a time."""
        message = self._archive.last_before(STATES, wall_ns)
        if message is None:
            return None
        event = self._remember(
            (STATES, message.log_time, message.sequence),
            lambda: self._reader.light(STATES, message),
        )
        return event.state

    def states(self, start_ns: int, end_ns: int) -> list[tuple[int, RobotState]]:
        """Return the times [ns since 1970] and states of the arm within a span."""
        found: list[tuple[int, RobotState]] = []
        for topic, message in self._archive.messages([STATES], start_ns, end_ns):
            event = self._reader.light(topic, message)
            assert isinstance(event, StateSampled)
            found.append((message.log_time, event.state))
        return found

    def whole(self, index: int) -> Event:
        """Return one of :attr:`events` with its pictures, which are exact.

        Raises:
            StudioError: If a picture is missing or damaged.
        """
        return self._remember(("event", index), lambda: self._whole(index))

    def moment(self, wall_ns: int) -> Moment:
        """Say what held at a time: the question, the answer, the trace and the run."""
        return self._timeline.at(wall_ns)

    def observed(self, request_id: int, before: int | None = None) -> Observed | None:
        """Return the whole question that a request belongs to; None when it is not in the file.

        Args:
            request_id: Number of the request.
            before: Index of an event; the question stands before it. Numbers begin anew when a
                recorder had to be started again.
        """
        index = self._timeline.question(request_id, before)
        event = None if index is None else self.whole(index)
        return event if isinstance(event, Observed) else None

    def answer(self, index: int) -> Reasoned | None:
        """Return the whole answer at an index; None when that event is no answer."""
        event = self.whole(index)
        return event if isinstance(event, Reasoned) else None

    def steering(self, index: int) -> Steered | None:
        """Return the whole steering request at an index; None when that event is none."""
        event = self.whole(index)
        return event if isinstance(event, Steered) else None

    def span_at(self, wall_ns: int) -> Span | None:
        """Return the episode that a time lies in."""
        starts = [span.start_ns for span in self.spans]
        place = bisect_right(starts, wall_ns) - 1
        if place < 0 or wall_ns > self.spans[place].end_ns:
            return None
        return self.spans[place]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._kept.clear()
        self._archive.close()

    def _remember(self, key: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()  # without the lock: two threads may decode at once
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def _frame(self, topic: str, camera: str, message: Message) -> Frame:
        if self._archive.schemas[topic].name == VIDEO:
            image = self._video_picture(topic, message)
        else:
            image = decode_picture(self._reader.decode(topic, message).data)
        return Frame(camera=camera, image=image, t_ns=message.publish_time, seq=message.sequence)

    def _video_picture(self, topic: str, message: Message) -> NDArray[np.uint8]:
        """Decode a picture of a film from the keyframe before it on."""
        from core.session.video import last_picture  # a large library, for few sessions

        end = message.log_time
        stream = [
            self._reader.decode(topic, one).data
            for _, one in self._archive.messages([topic], end - FILM_NS, end)
        ]
        image = last_picture(stream)
        if image is None:
            raise StudioError(f"{self.path}: the film of {topic} has no keyframe before this")
        return image

    def _whole(self, index: int) -> Event:
        topic, wall_ns, sequence = self._places[index]
        message = self._archive.exactly(topic, wall_ns, sequence)
        if message is None:
            raise StudioError(f"{self.path}: event {index} is gone; was the file replaced?")
        return self._reader.whole(topic, message)

    def _fold(self) -> Episodes:
        try:
            return episodes_of(self.events)
        except StudioError:  # an event is missing, as the unread ones say
            return Episodes()

    def _spans(self) -> tuple[Span, ...]:
        starts = {e.number: e.wall_ns for e in self.events if isinstance(e, EpisodeStarted)}
        ends: dict[int, int] = {}
        for event in self.events:
            if isinstance(event, EpisodeEnded) and not event.revised:
                ends.setdefault(event.number, event.wall_ns)
        return tuple(
            Span(
                episode=episode,
                start_ns=starts[episode.number],
                end_ns=ends.get(episode.number, self.end_ns),
            )
            for episode in self.episodes.episodes
        )

    def _cameras(self) -> tuple[str, ...]:
        names = [
            topic.removeprefix(CAMERA_TOPIC)
            for topic, schema in self._archive.schemas.items()
            if topic.startswith(CAMERA_TOPIC)
            and topic.count("/") == 2
            and schema.name in (IMAGE, VIDEO)
        ]
        asked = next((e for e in self.events if isinstance(e, Observed)), None)
        first = list(self.models)
        if asked is not None:
            first = [frame.camera for frame in asked.observation.frames]
        order = {name: place for place, name in enumerate(first)}
        return tuple(sorted(names, key=lambda name: (order.get(name, len(order)), name)))
