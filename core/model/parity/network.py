"""Comparisons of the whole network: tiny models, and one with the real vocabulary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.model.configuration import MolmoActConfig
from core.model.image_resize import normalize_image
from core.model.loading import LoadedModel, load_checkpoint, load_processor
from core.model.modeling import MolmoActForActionReasoning
from core.model.parity.check import Check, differing, distance, read_json
from core.model.parity.weights import fill, language_rule

LOGITS, FEATURES, HIDDEN = 2e-3, 5e-4, 1e-3
"""Largest differences allowed in float32 (tolerances measured for the golden outputs)."""


def model_cases(folder: Path) -> list[str]:
    """Return the cases of a ``model_*`` folder with a weight file."""
    return list(read_json(folder / "meta.json")["cases"])


def check_model_case(loaded: LoadedModel, folder: Path, case: str) -> Iterator[Check]:
    """Compare one case of a tiny model: processor, features, hidden states, logits, greedy ids."""
    meta = read_json(folder / "meta.json")["cases"][case]
    inputs = np.load(folder / f"inputs_{case}.npz")
    wanted = np.load(folder / f"logits_{case}.npz")
    texts = meta["text"] if isinstance(meta["text"], list) else [meta["text"]]
    pictures = [[_picture(folder, name) for name in row] for row in meta["crops"]]
    nested = "[[" in meta["image_nesting"]
    batch = loaded.processor(texts, pictures, wrap=False, number=nested)

    def check(quantity: str, difference: float, limit: float = 0.0) -> Check:
        kind = {"family": folder.name, "case": case, "quantity": quantity}
        return Check(**kind, difference=difference, limit=limit)

    for name in ("input_ids", "attention_mask", "pooled_patches_idx"):
        yield check(name, differing(batch[name], inputs[name]))
    yield check("image_masks", distance(batch["image_masks"], inputs["image_masks"]), 1e-6)
    stored = _stored_crops(folder, meta["crops"], loaded.processor.images.normalize_mode)
    if stored is None:
        pixels = np.ascontiguousarray(batch["images"].numpy())
        same = hashlib.sha256(pixels.tobytes()).hexdigest() == meta["images_sha256_fp32"]
        yield check("pixels (hash)", 0.0 if same else 1.0)
    else:
        # CLIP crops were stored in half precision, and the rounded ones were fed to the model
        limit = 2e-3 if _is_half(folder) else 0.0
        yield check("pixels", distance(batch["images"], stored), limit)
        batch["images"] = torch.from_numpy(stored)

    model, real = loaded.model, inputs["attention_mask"] > 0
    with torch.inference_mode():
        features = model.encode_images(batch["images"], batch["pooled_patches_idx"])
        yield check("features", distance(features, wanted["image_features"]), FEATURES)
        result = model(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            image_features=features,
            output_hidden_states=True,
        )
        logits = result.logits.numpy()
        kept = real[:, wanted["positions"]]
        at = logits[:, wanted["positions"]][kept]
        yield check("logits", distance(at, wanted["logits"][kept]), LOGITS)
        best = logits.argmax(-1)[real]
        yield check("argmax", differing(best, wanted["argmax"][real]))
        total = torch.logsumexp(result.logits, -1).numpy()[real]
        yield check("logsumexp", distance(total, wanted["logsumexp"][real]), LOGITS)
        last = torch.stack([layer[:, -1] for layer in result.hidden_states], dim=1)
        yield check("hidden states", distance(last, wanted["hidden_last"]), HIDDEN)
        greedy = np.load(folder / f"generate_{case}.npz")["new_tokens"]
        new = _greedy(model, batch, greedy.shape[1])
        yield check("greedy ids", differing(new, greedy))


def check_full_vocabulary(folder: Path, pictures: Path) -> Iterator[Check]:
    """Compare the network with the real vocabulary, whose weights come from a formula.

    Args:
        folder: The ``model_*_fullvocab`` folder.
        pictures: The ``model_*`` folder with the picture and the picture settings.
    """
    meta = read_json(folder / "meta.json")
    wanted = np.load(folder / "logits.npz")
    model = MolmoActForActionReasoning(MolmoActConfig.from_dict(read_json(folder / "config.json")))
    model.eval()
    fill(model, language_rule, meta["constant_c"])
    name = meta["images"].partition("[")[2].partition("]")[0]
    small = load_processor(pictures, MolmoActConfig.from_dict(read_json(pictures / "config.json")))
    crops = small.images(_picture(pictures, name)).crops
    batch = {
        "input_ids": torch.from_numpy(wanted["input_ids"].astype(np.int64)),
        "images": torch.from_numpy(crops)[None],
        "pooled_patches_idx": torch.from_numpy(wanted["pooled_patches_idx"].astype(np.int64)),
    }

    def check(quantity: str, difference: float, limit: float = 0.0) -> Check:
        kind = {"family": folder.name, "case": name, "quantity": quantity}
        return Check(**kind, difference=difference, limit=limit)

    first = meta["state_dict"]
    state = model.state_dict()
    yield check("tensor names", float(len(first.keys() ^ state.keys())))
    numbers = [state[key].flatten()[:3].tolist() for key in sorted(first)]
    yield check("weights", distance(numbers, [first[key]["first3"] for key in sorted(first)]), 1e-7)
    with torch.inference_mode():
        features = model.encode_images(batch["images"], batch["pooled_patches_idx"])
        yield check("features", distance(features, wanted["image_features"]), FEATURES)
        logits = model(input_ids=batch["input_ids"], image_features=features).logits[0]
        some = logits[wanted["positions"]][:, wanted["columns"]]
        yield check("logits", distance(some, wanted["logits"]), LOGITS)
        yield check("argmax", differing(logits.argmax(-1), wanted["argmax"]))
        yield check("logsumexp", distance(logits.logsumexp(-1), wanted["logsumexp"]), LOGITS)
        new = _greedy(model, batch, wanted["new_tokens"].shape[1])
        yield check("greedy ids", differing(new, wanted["new_tokens"]))


def load_golden_model(folder: Path) -> LoadedModel:
    """Load the tiny model of a golden folder in float32."""
    return load_checkpoint(folder, torch.float32)


def _greedy(model: MolmoActForActionReasoning, batch: dict[str, Tensor], steps: int) -> Tensor:
    """Return the ``steps`` most likely tokens after the prompts, decoded with a cache."""
    sequences = model.generate(  # pyright: ignore
        **batch,
        max_new_tokens=steps,
        do_sample=False,
        pad_token_id=0,
    )
    assert isinstance(sequences, Tensor)
    return sequences[:, batch["input_ids"].shape[1] :]


def _picture(folder: Path, name: str) -> Image.Image:
    files = sorted((folder / "images").glob(f"{name}_*.png"))
    plain = [file for file in files if "resized" not in file.name]
    return Image.open(plain[0])


def _is_half(folder: Path) -> bool:
    return any(name.endswith("_f16") for name in np.load(folder / "inputs_crops.npz").files)


def _stored_crops(folder: Path, rows: list[list[str]], mode: str) -> NDArray[np.float32] | None:
    """Rebuild the crops that the reference was fed, (B, crops, patches, pixels), if stored."""
    path = folder / "inputs_crops.npz"
    if not path.is_file():
        return None
    arrays = np.load(path)

    def crops(name: str) -> NDArray[np.float32]:
        if f"{name}_f16" in arrays:
            return arrays[f"{name}_f16"].astype(np.float32)
        levels = arrays[f"{name}_u8"]
        pixels = levels.reshape(-1, 3).astype(np.float32) / np.float32(255)
        return normalize_image(pixels, mode).reshape(levels.shape)

    joined = [np.concatenate([crops(name) for name in row]) for row in rows]
    most = max(map(len, joined))
    padded = np.full((len(joined), most, *joined[0].shape[1:]), -1, np.float32)
    for row, array in enumerate(joined):
        padded[row, : len(array)] = array
    return padded
