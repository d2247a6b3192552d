from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.model.image_processing import MolmoActImageProcessor, to_rgb
from core.model.image_resize import ImageError, normalize_image, resize_image
from core.model.tiling import owner_grid, patchify, pool_indices, select_tiling

CLIP = MolmoActImageProcessor(
    resize_mode="default",
    normalize_mode="default",
    max_crops=12,
    base_image_input_size=(336, 336),
)
SMALL = MolmoActImageProcessor(
    crop_mode="resize",
    base_image_input_size=(160, 160),
    image_patch_size=20,
    image_pooling_h=1,
    image_pooling_w=1,
)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "crops", "tokens"),
    [
        (256, 256, 2, 424),
        (320, 240, 2, 424),
        (378, 378, 2, 424),
        (424, 240, 3, 550),
        (640, 360, 3, 550),
        (379, 379, 5, 766),
        (640, 480, 5, 766),
        (1280, 720, 9, 1203),
    ],
)
def test_layout_of_the_released_settings(width: int, height: int, crops: int, tokens: int) -> None:
    """The table of handbook molmoact.md 3.6."""
    image = MolmoActImageProcessor()(picture(height, width))
    assert image.crops.shape == (crops, 729, 588)
    assert sum(rows * (columns + 1) + 2 for rows, columns in image.grids) == tokens
    assert len(image.pooled_idx) == sum(rows * columns for rows, columns in image.grids)
    assert (image.masks == 1).all()


def test_small_crops_give_one_token_per_patch() -> None:
    image = SMALL(picture(240, 320))
    assert image.grids == ((8, 8),)
    assert image.crops.shape == (1, 64, 1200)
    assert image.pooled_idx.tolist() == [[i] for i in range(64)]


def test_clip_settings_pad_and_say_where() -> None:
    image = CLIP(picture(168, 336))
    assert image.crops.shape[1:] == (576, 588)
    masks = image.masks[0].reshape(24, 24)
    assert (masks[6:18] == 1).all()
    assert (masks[:6] == 0).all()
    assert (masks[18:] == 0).all()
    padding = normalize_image(np.zeros((1, 1, 3), np.float32), "default")
    np.testing.assert_array_equal(image.crops[0, 0, :3], padding[0, 0])


def test_several_pictures_have_their_own_limit() -> None:
    processor = MolmoActImageProcessor(max_multi_image_crops=4)
    assert len(processor(picture(720, 1280)).crops) == 9
    assert len(processor(picture(720, 1280), multiple=True).crops) == 5


def test_threads_do_not_change_a_picture() -> None:
    threads, results = torch.get_num_threads(), []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            results.append(resize_image(picture(480, 640), (378, 378), "siglip")[0])
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*results)


def test_bilinear_is_torchs_within_a_grey_level() -> None:
    image = picture(97, 131)
    ours, _ = resize_image(image, (150, 99), "siglip")
    planes = torch.from_numpy(image).float().permute(2, 0, 1)[None]
    theirs = torch.nn.functional.interpolate(planes, (150, 99), mode="bilinear")[0]
    levels = theirs.permute(1, 2, 0).round().numpy()
    difference = np.abs(np.rint(ours * 255) - levels)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_pil_modes_become_rgb() -> None:
    rgb = picture(8, 9)
    assert to_rgb(Image.fromarray(rgb)).tolist() == rgb.tolist()
    grey = Image.fromarray(rgb[..., 0])
    assert (to_rgb(grey) == rgb[..., :1]).all()
    assert to_rgb(Image.fromarray(rgb).convert("RGBA")).tolist() == rgb.tolist()


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ImageError, match="expected uint8"):
        MolmoActImageProcessor()(image)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"crop_mode": "overlap"}, "crop_mode"),
        ({"base_image_input_size": (380, 380)}, "multiple of the patch"),
        ({"overlap_margins": (14, 14)}, "leave nothing"),
        ({"resize_mode": "nearest"}, "resize_mode"),
        ({"normalize_mode": "grey"}, "normalize_mode"),
    ],
)
def test_impossible_settings_are_refused(values: dict, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        MolmoActImageProcessor(**values)(picture(16, 16))


def test_settings_survive_their_file() -> None:
    assert MolmoActImageProcessor.from_dict(CLIP.to_dict() | {"unknown": 1}) == CLIP


@given(st.integers(-200, 4000), st.integers(-200, 4000), st.integers(1, 12))
def test_tiling_never_exceeds_its_limit(height: int, width: int, most: int) -> None:
    rows, columns = select_tiling(height, width, 266, most)
    assert rows >= 1
    assert columns >= 1
    assert rows * columns <= most


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
def test_each_patch_is_owned_by_the_crop_that_shows_it(
    rows: int, columns: int, before: int, after: int
) -> None:
    size, window = (8, 9), (8 - before - after, 9 - before - after)
    owners = owner_grid((rows, columns), size, (before, after))
    assert len(np.unique(owners)) == owners.size
    crop, patch = np.divmod(owners, size[0] * size[1])
    y = crop // columns * window[0] + patch // size[1]
    x = crop % columns * window[1] + patch % size[1]
    want_y, want_x = np.indices(owners.shape)
    assert (y == want_y).all()
    assert (x == want_x).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=50)
def test_pooling_uses_every_patch_once(h: int, w: int, down: int, across: int) -> None:
    pooled = pool_indices(np.arange(h * w).reshape(h, w), (down, across))
    assert pooled.shape == (-(-h // down), -(-w // across), down * across)
    assert sorted(pooled[pooled >= 0].tolist()) == list(range(h * w))


def test_patches_are_row_major_with_colour_innermost() -> None:
    image = np.arange(4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
    patches = patchify(image, 2)
    assert patches.shape == (6, 12)
    np.testing.assert_array_equal(patches[1], image[:2, 2:4].reshape(-1))
    np.testing.assert_array_equal(patches[3], image[2:, :2].reshape(-1))
