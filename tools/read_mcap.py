"""Opens a session file with the plain ``mcap`` reader and prints what it saw, as JSON.

Runs in the environment of requirements-mcap.txt, which has nothing of the studio's.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory


def main(path: Path) -> dict:
    """Decode every message of a file."""
    topics: Counter[str] = Counter()
    schemas: dict[str, str] = {}
    size = 0
    with path.open("rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        for schema, channel, message in reader.iter_messages():
            topics[channel.topic] += 1
            schemas[channel.topic] = schema.name
            if channel.message_encoding == "json":
                json.loads(message.data)
        for _, _, _, image in reader.iter_decoded_messages(topics=["/camera/front"]):
            size += len(image.data)
    return {
        "reader": f"mcap {version('mcap')}, protobuf {version('protobuf')}",
        "messages": sum(topics.values()),
        "messages_in_summary": summary.statistics.message_count,
        "topics": {topic: [schemas[topic], count] for topic, count in sorted(topics.items())},
        "front_bytes": size,
        "metadata": sorted(record.name for record in _metadata(path)),
    }


def _metadata(path: Path) -> list:
    with path.open("rb") as stream:
        return list(make_reader(stream).iter_metadata())


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
