"""Which part of an image a viewport shows: the arithmetic of zooming and panning, without Qt.

Image pixels have their origin at the corner of the top-left pixel; screen pixels are logical ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_SCALE = 32.0
"""Largest zoom [screen px per image px]."""

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoom:
    """A place and a scale.

    Attributes:
        image: Width and height of the image [image px].
        viewport: Width and height of the viewport [screen px].
        scale: Screen pixels per image pixel.
        centre: The image's point in the middle of the viewport [image px].
        fitted: Whether it follows the size of the viewport.
    """

    image: Pair = (0.0, 0.0)
    viewport: Pair = (0.0, 0.0)
    scale: float = 1.0
    centre: Pair = (0.0, 0.0)
    fitted: bool = True

    @property
    def span(self) -> Pair:
        """Width and height of what the viewport shows [image px]."""
        return self.viewport[0] / self.scale, self.viewport[1] / self.scale

    @property
    def corner(self) -> Pair:
        """The image's point at the top left of the viewport [image px]."""
        (across, down), (x, y) = self.span, self.centre
        return x - across / 2, y - down / 2

    @property
    def is_partial(self) -> bool:
        """Whether a part of the image lies outside the viewport."""
        # Rounding may make a fitted image larger than its viewport by a hair.
        return any(s < i - 1e-6 * i for s, i in zip(self.span, self.image, strict=True))


def fit_scale(image: Pair, viewport: Pair) -> float:
    """Return the scale at which the whole image is as large as it goes; 1 without an image."""
    if min(*image, *viewport) <= 0:
        return 1.0
    return min(viewport[0] / image[0], viewport[1] / image[1])


def fitted(image: Pair, viewport: Pair) -> Zoom:
    """Show the whole image."""
    centre = (image[0] / 2, image[1] / 2)
    return Zoom(image=image, viewport=viewport, scale=fit_scale(image, viewport), centre=centre)


def resized(zoom: Zoom, viewport: Pair) -> Zoom:
    """Follow a viewport: a fitted image stays fitted, another keeps its scale and its centre."""
    if zoom.fitted:
        return fitted(zoom.image, viewport)
    return _within(replace(zoom, viewport=viewport))


def scaled(zoom: Zoom, place: Pair, position: Pair, scale: float) -> Zoom:
    """Change the scale so that a place of the image lies at a position of the viewport.

    The scale stays between the whole image, or 1:1 where that is smaller, and :data:`MAX_SCALE`.

    Args:
        zoom: From where.
        place: What shall stay in place [image px].
        position: Where it is [screen px].
        scale: The wanted scale.
    """
    whole = fit_scale(zoom.image, zoom.viewport)
    scale = min(max(scale, min(whole, 1.0)), max(MAX_SCALE, whole))
    x = place[0] - (position[0] - zoom.viewport[0] / 2) / scale
    y = place[1] - (position[1] - zoom.viewport[1] / 2) / scale
    return _within(replace(zoom, scale=scale, centre=(x, y), fitted=False))


def panned(zoom: Zoom, across: float, down: float) -> Zoom:
    """Move the image by a distance [screen px]; it never leaves the viewport's edge."""
    x, y = zoom.centre
    return _within(replace(zoom, centre=(x - across / zoom.scale, y - down / zoom.scale)))


def centred(zoom: Zoom, place: Pair) -> Zoom:
    """Show a point of the image in the middle, as far as there is image to show."""
    return _within(replace(zoom, centre=place))


def percent(scale: float) -> str:
    """Write a scale as people know it from image programs: "250 %"."""
    return f"{scale * 100:.0f} %"


def _within(zoom: Zoom) -> Zoom:
    """Let no more of the surroundings be seen than the scale makes necessary."""
    centre = [
        length / 2 if span >= length else min(max(c, span / 2), length - span / 2)
        for c, span, length in zip(zoom.centre, zoom.span, zoom.image, strict=True)
    ]
    return replace(zoom, centre=(centre[0], centre[1]))
