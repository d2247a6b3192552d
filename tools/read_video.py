"""Opens a video with ffprobe, or with PyAV where there is none, and prints what it saw, as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

FIELDS = "codec_name,profile,width,height,pix_fmt,avg_frame_rate,nb_read_frames"


def main(path: Path) -> dict:
    """Decode every picture of a video."""
    return with_ffprobe(path) if shutil.which("ffprobe") else with_pyav(path)


def with_ffprobe(path: Path) -> dict:
    """Ask FFmpeg's own program."""
    words = ["ffprobe", "-v", "error", "-count_frames", "-of", "json", "-show_streams"]
    words += ["-show_format", str(path)]
    answer = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    seen = json.loads(answer.stdout)
    version = subprocess.run(["ffprobe", "-version"], capture_output=True, text=True, check=True)
    stream = seen["streams"][0]
    return {
        "reader": " ".join(version.stdout.split()[:3]),
        **{name: stream[name] for name in FIELDS.split(",")},
        "seconds": float(seen["format"]["duration"]),
        "tags": {**seen["format"].get("tags", {}), **stream.get("tags", {})},
        "errors": answer.stderr.strip(),
    }


def with_pyav(path: Path) -> dict:
    """Decode with the library that wrote it."""
    import av

    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        count = sum(1 for _ in file.decode(video=0))
        return {
            "reader": f"PyAV {av.__version__}",
            "codec_name": stream.codec_context.name,
            "width": stream.width,
            "height": stream.height,
            "pix_fmt": stream.codec_context.pix_fmt,
            "avg_frame_rate": str(stream.average_rate),
            "nb_read_frames": count,
            "seconds": file.duration / 1e6,
            "tags": {**file.metadata, **stream.metadata},
        }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
