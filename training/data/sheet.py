"""A contact sheet of an action-reasoning data set: look at the labels before training on them."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.depth import colourise, metric_map, relative_map
from core.overlay import draw_trace
from core.ply import write_whole
from training.data.dataset import Dataset, open_dataset
from training.data.types import CODES, DEPTH_ERROR, EpisodeInfo, trace_points

CELLS = 24
COLUMNS = 4
WIDTH = 240
TEXT = 34
PNG, HTML = "contact_sheet.png", "contact_sheet.html"

Picture = NDArray[np.uint8]


def write_sheet(folder: Path, codec: str = "") -> None:
    """Write ``contact_sheet.png`` and ``contact_sheet.html`` into a data set's folder.

    Every cell shows the annotated picture with the trace of its row, the depth map that its codes
    decode to, and what the row says.

    Args:
        folder: The data set.
        codec: Checkpoint folder of its depth codec; without it no depth is shown.

    Raises:
        StudioError: If the data set cannot be read, or the files cannot be written.
    """
    dataset = open_dataset(folder)
    cells = [_cell(dataset, episode, row, codec) for episode, row in _chosen(dataset)]
    height = max(cell.shape[0] for cell in cells)
    width = max(cell.shape[1] for cell in cells)
    lines = -(-len(cells) // COLUMNS)
    sheet = np.full((lines * (height + 8) + 8, COLUMNS * (width + 8) + 8, 3), 245, np.uint8)
    for index, cell in enumerate(cells):
        y, x = 8 + index // COLUMNS * (height + 8), 8 + index % COLUMNS * (width + 8)
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
    write_whole(folder / PNG, _png(sheet))
    write_whole(folder / HTML, _page(dataset).encode())


def _chosen(dataset: Dataset) -> list[tuple[EpisodeInfo, int]]:
    """Pick rows spread over all episodes, and over the course of each."""
    count = min(CELLS, sum(episode.length for episode in dataset.episodes))
    episodes = np.linspace(0, len(dataset.episodes) - 1, count).round().astype(int)
    result: list[tuple[EpisodeInfo, int]] = []
    seen: dict[int, int] = {}
    for index in episodes.tolist():
        episode = dataset.episodes[index]
        share = (seen.get(index, 0) + 0.5) / int((episodes == index).sum())
        seen[index] = seen.get(index, 0) + 1
        result.append((episode, min(int(share * episode.length), episode.length - 1)))
    return result


def _cell(dataset: Dataset, episode: EpisodeInfo, row: int, codec: str) -> Picture:
    camera = dataset.about["cameras"][0]
    picture = dataset.picture(episode, camera, row)
    scale = WIDTH / picture.shape[1]
    size = (WIDTH, max(round(picture.shape[0] * scale), 1))
    picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    rows = dataset.rows(episode)
    for column in dataset.about["trace"]["columns"].values():
        points = trace_points(rows[column][row], rows[f"{column}_length"][row])
        if len(points) > 1:
            picture = draw_trace(picture, points)
        elif len(points) == 1:
            picture = picture.copy()
            place = points[0] * (np.array(size) - 1) / 255.0
            cv2.circle(picture, place.round().astype(int).tolist(), 4, (0, 255, 255), 2)
    words = [f"episode {episode.number}, row {row}", _words(rows, row)]
    parts = [picture]
    if CODES in rows and codec:
        parts.append(_depth_picture(dataset, rows[CODES][row], codec, size))
    body = np.concatenate(parts, axis=0)
    strip = np.full((TEXT, WIDTH, 3), 255, np.uint8)
    for line, text in enumerate(words):
        place = (3, 13 + 15 * line)
        cv2.putText(
            strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, (20, 20, 20), 1, cv2.LINE_AA
        )
    return np.concatenate([strip, body], axis=0)


def _words(rows: dict[str, NDArray[Any]], row: int) -> str:
    action = np.asarray(rows["action"][row], dtype=np.float64)
    moved = ", ".join(f"{1000 * value:+.0f}" for value in action[:3])
    error = f"  depth {100 * float(rows[DEPTH_ERROR][row]):.1f}%" if DEPTH_ERROR in rows else ""
    return f"[{moved}] mm  grip {action[6]:.1f}{error}"


def _depth_picture(
    dataset: Dataset, codes: NDArray[np.int64], codec: str, size: tuple[int, int]
) -> Picture:
    import torch

    from training.data.depth import load_codec

    known = load_codec(codec)
    with torch.inference_mode():
        values = known.model.decode(torch.from_numpy(np.array(codes))[None])[0, 0].numpy()
    reach = dataset.about["depth"].get("range")
    depth = metric_map(values, reach["near"], reach["far"]) if reach else relative_map(values)
    return np.asarray(cv2.resize(colourise(depth), size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _page(dataset: Dataset) -> str:
    about = dataset.about
    counts = {
        "Episodes": f"{about['episodes']} of {about['source']['episodes']}",
        "Rows": f"{about['rows']} of {about['source']['frames']}",
        "Rate": f"{about['rate']:g} Hz",
        "Cameras": ", ".join(about["cameras"]),
        "Depth": _depth_words(about),
        "Traces": f"{about['trace']['source']}, {about.get('trace_suspect', 0)} rows across a jump",
    }
    body = [f"<h1>{html.escape(str(about['source']['name']))}</h1>", _list(counts)]
    body += ["<h2>Left out</h2>", _list(about["skipped"] | about["left_out"]) or "<p>Nothing.</p>"]
    for name, entry in about["norm_stats"].items():
        body += [f"<h2>Actions: {html.escape(name)}</h2>", _statistics(entry["action"])]
    body += [
        "<h2>Labels</h2>",
        "<p>Above: the annotated picture with the trace from its row to the end. Below: the depth "
        "map that the codes decode to, near is bright.</p>",
        f'<img src="{PNG}" alt="Pictures with their traces and depth maps">',
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Labels</title><style>'
        "body{font:15px/1.5 sans-serif;margin:2em;max-width:1100px}img{max-width:100%}"
        "td,th{padding:.1em .8em;text-align:right}th:first-child,td:first-child{text-align:left}"
        f"</style>{''.join(body)}</html>\n"
    )


def _depth_words(about: Mapping[str, Any]) -> str:
    source = about["depth"]["source"]
    error = about.get("depth_error")
    return source if error is None else f"{source}, mean error {100 * error:.2f} % of the range"


def _list(entries: dict[str, Any]) -> str:
    cells = [
        f"<tr><td>{html.escape(str(key))}</td><td>{html.escape(str(value))}</td></tr>"
        for key, value in entries.items()
    ]
    return f"<table>{''.join(cells)}</table>" if cells else ""


def _statistics(action: dict[str, Any]) -> str:
    kinds = [kind for kind in ("mean", "std", "min", "q01", "q99", "max") if kind in action]
    head = "".join(f"<th>{kind}</th>" for kind in kinds)
    lines = ""
    for index in range(len(action["q01"])):
        cells = "".join(f"<td>{action[kind][index]:.4f}</td>" for kind in kinds)
        lines += f"<tr><td>{index}</td>{cells}</tr>"
    return f"<table><tr><th>value</th>{head}</tr>{lines}</table>"


def _png(picture: Picture) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
