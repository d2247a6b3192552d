"""Cut a byte-pair tokenizer down to what answers need: ``shrink.py BIG.json SMALL.json``.

A merge can only happen in a piece of text that contains its result, so leaving out the merges
whose result stands in no piece of an answer changes no answer's encoding. Ids stay as they are;
added tokens move into the vocabulary, since the library would number them anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer

from core.decoding.answer_text import WORDS, answer_text


def main(big: Path, small: Path) -> None:
    tokenizer = Tokenizer.from_file(str(big))
    pieces: set[str] = set()
    for chunk, images, points in ((8, 1, 5), (8, 2, 5), (1, 1, 1), (8, 2, 0), (1, 1, 0)):
        answer = answer_text(chunk=chunk, dims=7, images=images, steered=not points, points=points)
        for value in range(256):
            text, _ = answer.write([value % len(WORDS[part]) for part in answer.gaps])
            text = tokenizer.normalizer.normalize_str(text)
            pieces |= {piece for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)}
    inside = {
        piece[i:j] for piece in pieces for i in range(len(piece)) for j in range(i, len(piece) + 1)
    }
    data = json.loads(big.read_text())
    merges = [
        pair if isinstance(pair, list) else pair.split(" ") for pair in data["model"]["merges"]
    ]
    merges = [pair for pair in merges if "".join(pair) in inside]
    kept = {"".join(pair) for pair in merges}
    vocabulary = {
        token: number
        for token, number in data["model"]["vocab"].items()
        if len(token) == 1 or token in kept
    }
    added = [
        entry
        for entry in data["added_tokens"]
        if entry["content"].startswith("<DEPTH_") or entry["content"] == "<|endoftext|>"
    ]
    vocabulary |= {entry["content"]: entry["id"] for entry in added}
    data["added_tokens"] = added
    data["model"] |= {"vocab": vocabulary, "merges": merges}
    small.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
