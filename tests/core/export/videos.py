"""Pictures for videos, and what a video holds."""

from __future__ import annotations

import av
import numpy as np


def moving_square(at, size=(64, 48), colour=(200, 40, 40)):
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    x = int(at) % (width - 10)
    image[height // 2 - 5 : height // 2 + 5, x : x + 10] = colour
    return image


def rollout(count, fps=10, size=(64, 48), start=0.0, **more):
    return [(start + k / fps, moving_square(2 * k, size, **more)) for k in range(count)]


def look_into(path):
    """What a player sees: pictures, size, rate, codec, tags and how long it takes."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
        codec = stream.codec_context
        return {
            "pictures": pictures,
            "size": (codec.width, codec.height),
            "rate": stream.average_rate,
            "codec": (codec.name, codec.profile, codec.pix_fmt),
            "tags": {**file.metadata, **stream.metadata},
            "seconds": file.duration / 1e6,
            "streams": len(file.streams),
            "extra": bytes(codec.extradata or b""),
        }
