"""Comparisons of what goes into the network: pictures, image tokens, text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from transformers import PreTrainedTokenizerFast

from core.model.image_processing import MolmoActImageProcessor
from core.model.image_resize import resize_image
from core.model.parity.check import Check, differing, distance, read_json
from core.model.processing import MolmoActProcessor
from core.model.tiling import pool_indices, select_tiling

FULL_IMAGE_START = 152064
"""Id of ``<im_start>`` in the real vocabulary, which the cases were made with."""


def check_processor_case(
    folder: Path, case: str, tokenizer: PreTrainedTokenizerFast, *, full: bool
) -> Iterator[Check]:
    """Compare one case of the processor.

    Args:
        folder: The ``processor`` folder.
        case: Its name.
        tokenizer: Tokenizer to use.
        full: It is the real one; otherwise text is left out of the comparison.
    """
    meta = read_json(folder / "processor_meta.json")
    entry, arrays = meta["cases"][case], np.load(folder / f"{case}.npz")
    settings = MolmoActImageProcessor.from_dict(meta[f"image_processor_{entry['style']}"])
    processor = MolmoActProcessor(settings, tokenizer)
    texts, groups, nested = _arguments(folder, entry)
    batch = processor(
        texts, groups, wrap=bool(entry["kwargs"].get("apply_chat_template")), number=nested
    )

    def check(quantity: str, difference: float, limit: float = 0.0) -> Check:
        kind = {"family": folder.name, "case": case, "quantity": quantity}
        return Check(**kind, difference=difference, limit=limit)

    if full:
        yield check("input_ids", differing(batch["input_ids"], arrays["input_ids"]))
        yield check("attention_mask", differing(batch["attention_mask"], arrays["attention_mask"]))
    else:
        ids = batch["input_ids"].numpy()
        own = ids[ids >= processor.ids.image_start] - processor.ids.image_start
        wanted = arrays["input_ids"][arrays["input_ids"] >= FULL_IMAGE_START] - FULL_IMAGE_START
        yield check("image tokens", differing(own, wanted))
    if "images" not in batch:
        return
    indices = batch["pooled_patches_idx"]
    yield check("pooled_patches_idx", differing(indices, arrays["pooled_patches_idx"]))
    yield check("image_masks", distance(batch["image_masks"], arrays["image_masks"]), 1e-6)
    pixels = np.ascontiguousarray(batch["images"].numpy())
    row, crop, patch = arrays["patch_index"].T
    yield check("patches", distance(pixels[row, crop, patch], arrays["patch_values"]))
    yield check("all pixels (hash)", _hash_differs(pixels, entry["images_sha256_fp32"]))


def check_input_modes(folder: Path, tokenizer: PreTrainedTokenizerFast) -> Iterator[Check]:
    """Compare grey pictures, pictures with alpha and arrays."""
    meta = read_json(folder / "processor_meta.json")
    for group in (key for key in meta if key.startswith("input_mode_cases_")):
        style = group.rpartition("_")[2]
        settings = MolmoActImageProcessor.from_dict(meta[f"image_processor_{style}"])
        processor = MolmoActProcessor(settings, tokenizer)
        picture = Image.open(folder / f"{meta[group]['base']}.png").convert("RGB")
        for mode, wanted in meta[group]["cases"].items():
            image: Any = np.asarray(picture) if mode == "np_hwc" else picture.convert(mode)
            pixels = processor("x", [image])["images"].numpy()
            yield Check(
                family=folder.name,
                case=f"{style}_{mode}",
                quantity="all pixels (hash)",
                difference=_hash_differs(pixels, wanted["images_sha256_fp32"]),
            )


def check_geometry(folder: Path) -> Iterator[Check]:
    """Compare resizing, tiling and pooling on their own."""
    arrays = np.load(folder / "resize_cases.npz")
    worst: dict[str, float] = {}
    for key in (key for key in arrays.files if "_" in key and not key.endswith("_mask")):
        name, mode, size = key.removesuffix("_u8").split("_")
        height, width = map(int, size.split("x"))
        pixels, mask = resize_image(arrays[name], (height, width), mode)
        if key.endswith("_u8"):
            difference = distance(np.rint(pixels * 255), arrays[key])
        else:
            difference = distance(pixels, arrays[key]) + differing(mask, arrays[f"{key}_mask"])
        worst[mode] = max(worst.get(mode, 0.0), difference)
    for mode, difference in worst.items():
        yield Check(family=folder.name, case=mode, quantity="resized pixels", difference=difference)
    wrong = 0
    for case in read_json(folder / "tiling_cases.json")["cases"]:
        side, margin = case["base"], 8 * 14
        chosen = select_tiling(
            case["h"] - margin, case["w"] - margin, side - margin, case["max_crops"]
        )
        wrong += list(chosen) != case["tiling"]
    yield Check(family=folder.name, case="all sizes", quantity="tilings", difference=float(wrong))
    pooled = np.load(folder / "pooling_cases.npz")
    for key in pooled.files:
        rows, columns = map(int, key.removeprefix("pool_").split("x"))
        indices = pool_indices(np.arange(rows * columns).reshape(rows, columns), (2, 2))
        difference = differing(indices.reshape(-1, 4), pooled[key])
        yield Check(family=folder.name, case=key, quantity="indices", difference=difference)


def check_tokenizer(folder: Path, tokenizer: PreTrainedTokenizerFast) -> Iterator[Check]:
    """Compare the ids of texts with the real tokenizer."""
    cases = read_json(folder / "tokenizer_cases.json")["cases"]
    wrong = sum(
        tokenizer(case["text"], add_special_tokens=False)["input_ids"] != case["qwen25"]
        for case in cases
    )
    yield Check(family=folder.name, case="all texts", quantity="ids", difference=float(wrong))


def _arguments(folder: Path, entry: dict[str, Any]) -> tuple[list[str], Any, bool]:
    """Return texts, pictures per text, and whether the reference got them nested."""
    texts = entry["text"] if isinstance(entry["text"], list) else [entry["text"]]
    names = entry["images"]
    if names is None:
        return texts, None, False
    nested = isinstance(names[0], list)
    groups = [group if nested else [group] for group in names]
    pictures = [[Image.open(folder / f"{name}.png") for name in group] for group in groups]
    return texts, pictures, nested


def _hash_differs(pixels: np.ndarray, wanted: str) -> float:
    return float(hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest() != wanted)
