"""Events out of an archive: light ones, whose pictures are left in the file, and whole ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from mcap.records import Message
from mcap_protobuf.decoder import DecoderFactory
from numpy.typing import NDArray

from core.review.archive import Archive
from core.session.events import Event
from core.session.pictures import decode_picture
from core.session.plain import event_from_plain
from core.session.writer import EVENT_TOPIC, PICTURE_KEY, SEQUENCE_KEY
from core.types import StudioError

IMAGE, RAW_IMAGE = "foxglove.CompressedImage", "foxglove.RawImage"

_NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
_NO_MAP = np.zeros((1, 1), np.float32)
for _array in (_NO_PICTURE, _NO_MAP):
    _array.setflags(write=False)


class EventReader:
    """Rebuilds events of an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._factory = DecoderFactory()

    def light(self, topic: str, message: Message) -> Event:
        """Rebuild an event with a single grey pixel in place of every picture.

        Raises:
            StudioError: If this version cannot read it.
        """

        def load(plain: Any) -> NDArray[Any]:
            if isinstance(plain, dict):
                place = cast("dict[str, Any]", plain)
                schema = self._archive.schemas.get(place[PICTURE_KEY])
                return _NO_MAP if schema is not None and schema.name == RAW_IMAGE else _NO_PICTURE
            return numbers(plain)

        return self._event(topic, message, load)

    def whole(self, topic: str, message: Message) -> Event:
        """Rebuild an event with its pictures, which are exact.

        Raises:
            StudioError: If this version cannot read it, or a picture is missing or damaged.
        """

        def load(plain: Any) -> NDArray[Any]:
            if not isinstance(plain, dict):
                return numbers(plain)
            place = cast("dict[str, Any]", plain)
            picture_topic, sequence = place[PICTURE_KEY], place[SEQUENCE_KEY]
            found = self._archive.exactly(picture_topic, message.log_time, sequence)
            if found is None:
                raise ValueError(f"its picture {sequence} of {picture_topic} is missing")
            return self.picture(picture_topic, found)

        return self._event(topic, message, load)

    def picture(self, topic: str, message: Message) -> NDArray[Any]:
        """Decode a picture, (H, W, 3) uint8 RGB, or a map, (H, W) float32.

        Raises:
            StudioError: If it is damaged or in an encoding that is not known.
        """
        decoded = self.decode(topic, message)
        if self._archive.schemas[topic].name == IMAGE:
            return decode_picture(decoded.data)
        values = np.frombuffer(decoded.data, dtype="<f4")
        try:
            return values.reshape(decoded.height, decoded.width)
        except ValueError as error:
            raise StudioError(f"a map in {self._archive.path} is damaged: {error}") from error

    def decode(self, topic: str, message: Message) -> Any:
        """Decode a protobuf message of a topic.

        Raises:
            StudioError: If it is damaged or in an encoding that is not known.
        """
        schema = self._archive.schemas.get(topic)
        decoder = None if schema is None else self._factory.decoder_for("protobuf", schema)
        if decoder is None:
            raise StudioError(f"{self._archive.path} has pictures in an unknown encoding: {topic}")
        try:
            return decoder(message.data)
        except Exception as error:  # protobuf's own kinds of damage have no common parent
            raise StudioError(f"{self._archive.path}: a message of {topic} is damaged") from error

    def _event(self, topic: str, message: Message, load: Callable[[Any], NDArray[Any]]) -> Event:
        kind = topic.removeprefix(EVENT_TOPIC)
        try:
            plain = json.loads(message.data)
        except ValueError as error:
            raise StudioError(f"an event '{kind}' in the log is damaged: {error}") from error
        return event_from_plain(kind, plain, load)


def numbers(plain: Any) -> NDArray[Any]:
    """Read nested lists; NaN and infinity are written as words, which JSON has."""
    array = np.asarray(plain)
    if array.dtype.kind in "US":
        array = np.asarray(plain, dtype=object).astype(np.float64)
    return array
