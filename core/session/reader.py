"""Reads a session file back: typed events, or a summary; unfinished files too."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from mcap.records import Channel, Footer, Message, Metadata, Schema
from mcap_protobuf.decoder import DecoderFactory
from numpy.typing import NDArray

from core.session.events import Event, FrameSeen
from core.session.pictures import decode_picture
from core.session.plain import event_from_plain
from core.session.records import read_records
from core.session.writer import CAMERA_TOPIC, EVENT_TOPIC, PICTURE_KEY, SEQUENCE_KEY
from core.types import Frame, StudioError

if TYPE_CHECKING:
    from core.session.video import VideoDecoder

_PICTURES_KEPT = 32
"""Pictures precede the event that needs them; so many may wait."""

_IMAGE, _RAW_IMAGE = "foxglove.CompressedImage", "foxglove.RawImage"
_VIDEO = "foxglove.CompressedVideo"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """What is in a session file.

    Attributes:
        path: The file.
        complete: Whether it was finished; otherwise its end is missing.
        started_ns: Time of the first message [ns since 1970]; 0 in an empty file.
        seconds: Time from the first message to the last.
        events: Number of events by kind, live pictures left out.
        frames: Number of live pictures by camera.
        metadata: Facts by name of the record.
    """

    path: Path
    complete: bool
    started_ns: int = 0
    seconds: float = 0.0
    events: dict[str, int] = field(default_factory=dict[str, int])
    frames: dict[str, int] = field(default_factory=dict[str, int])
    metadata: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


def read_session(path: Path, *, frames: bool = True) -> Iterator[Event]:
    """Yield the events of a session in the order they were noted.

    Args:
        path: A finished or unfinished session file; of a damaged one, everything up to the damage.
        frames: Whether to decode the live pictures; without, they are skipped.

    Raises:
        StudioError: If the file cannot be opened, is no session file, or holds an event that this
            version cannot read.
    """
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    pictures, films = _Pictures(), _Films()
    for record in read_records(path):
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            channels[record.id] = record
        elif isinstance(record, Message):
            channel = channels[record.channel_id]
            schema = schemas[channel.schema_id]
            if channel.topic.startswith(EVENT_TOPIC):
                yield _event(channel.topic.removeprefix(EVENT_TOPIC), record, pictures)
            elif schema.name == _IMAGE and channel.topic.startswith(CAMERA_TOPIC):
                if frames:
                    image = pictures.decode(schema, record)
                    yield _frame(record, image.frame_id, decode_picture(image.data))
            elif schema.name == _VIDEO:
                if frames and (seen := films.decode(pictures.decode(schema, record))) is not None:
                    yield _frame(record, *seen)
            elif schema.name in (_IMAGE, _RAW_IMAGE):
                pictures.remember(channel.topic, schema, record)


def summarise(path: Path) -> SessionSummary:
    """Count what is in a session file without decoding it.

    Raises:
        StudioError: If the file cannot be opened or is no session file.
    """
    channels: dict[int, Channel] = {}
    events: Counter[str] = Counter()
    frames: Counter[str] = Counter()
    metadata: dict[str, dict[str, str]] = {}
    times: list[int] = []
    complete = False
    for record in read_records(path):
        if isinstance(record, Channel):
            channels[record.id] = record
        elif isinstance(record, Metadata):
            metadata[record.name] = record.metadata
        elif isinstance(record, Footer):
            complete = True
        elif isinstance(record, Message):
            times = [min([*times, record.log_time]), max([*times, record.log_time])]
            topic = channels[record.channel_id].topic
            if topic.startswith(EVENT_TOPIC):
                events[topic.removeprefix(EVENT_TOPIC)] += 1
            elif topic.startswith(CAMERA_TOPIC) and not topic.endswith("/calibration"):
                frames[topic.removeprefix(CAMERA_TOPIC)] += 1
    return SessionSummary(
        path=path,
        complete=complete,
        started_ns=times[0] if times else 0,
        seconds=(times[-1] - times[0]) / 1e9 if times else 0.0,
        events=dict(events),
        frames=dict(frames),
        metadata=metadata,
    )


class _Pictures:
    """Pictures whose event has not come yet, and the decoder of their messages."""

    def __init__(self) -> None:
        self._factory = DecoderFactory()
        self._waiting: OrderedDict[tuple[str, int], tuple[Schema, Message]] = OrderedDict()

    def remember(self, topic: str, schema: Schema, message: Message) -> None:
        """Keep a picture until :meth:`load` asks for it, or others push it out."""
        self._waiting[topic, message.sequence] = (schema, message)
        if len(self._waiting) > _PICTURES_KEPT:
            self._waiting.popitem(last=False)

    def load(self, plain: Any) -> NDArray[Any]:
        """Return the array that a value in an event stands for."""
        if not isinstance(plain, dict):
            return _numbers(plain)
        place = cast("dict[str, Any]", plain)
        key = (place[PICTURE_KEY], place[SEQUENCE_KEY])
        if key not in self._waiting:
            raise ValueError(f"its picture {key[1]} of {key[0]} is missing")
        schema, message = self._waiting[key]
        decoded = self.decode(schema, message)
        if schema.name == _IMAGE:
            return decode_picture(decoded.data)
        values = np.frombuffer(decoded.data, dtype="<f4")
        return values.reshape(decoded.height, decoded.width)

    def decode(self, schema: Schema, message: Message) -> Any:
        """Decode a protobuf message."""
        decoder = self._factory.decoder_for("protobuf", schema)
        if decoder is None:
            raise StudioError(f"the log has a picture in an unknown encoding ({schema.encoding})")
        return decoder(message.data)


class _Films:
    """The decoders of cameras whose pictures are kept as video."""

    def __init__(self) -> None:
        self._decoders: dict[str, VideoDecoder] = {}

    def decode(self, message: Any) -> tuple[str, NDArray[np.uint8]] | None:
        """Return camera and picture; None before the first keyframe."""
        from core.session.video import VideoDecoder  # a large library, for few sessions

        if message.frame_id not in self._decoders:
            self._decoders[message.frame_id] = VideoDecoder()
        image = self._decoders[message.frame_id].decode(message.data)
        return None if image is None else (message.frame_id, image)


def _event(kind: str, message: Message, pictures: _Pictures) -> Event:
    try:
        plain = json.loads(message.data)
    except ValueError as error:
        raise StudioError(f"an event '{kind}' in the log is damaged: {error}") from error
    return event_from_plain(kind, plain, pictures.load)


def _frame(message: Message, camera: str, image: NDArray[np.uint8]) -> FrameSeen:
    frame = Frame(camera=camera, image=image, t_ns=message.publish_time, seq=message.sequence)
    return FrameSeen(frame=frame, wall_ns=message.log_time)


def _numbers(plain: Any) -> NDArray[Any]:
    """Read nested lists; NaN and infinity are written as words, which JSON has."""
    array = np.asarray(plain)
    if array.dtype.kind in "US":
        array = np.asarray(plain, dtype=object).astype(np.float64)
    return array
