"""The direct lab as training never saw it: other light, another table, a camera that was moved."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import mujoco
import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from robot.sim.direct import DirectLab, Renderer
from robot.sim.harness.cases import Axis
from robot.sim.scene import jittered_front, scene_xml

BRIGHTNESS = (0.45, 1.6)
"""Factor on all light, log-uniform; the least and the most, not what lies near 1."""

TINT = 0.25
"""How much each colour channel of the light is changed at most."""

_PATTERNS = ("checker", "gradient", "flat")


class OddLab(DirectLab):
    """The direct lab with a table of other material, and light that can be changed."""

    def __init__(self) -> None:
        """Compile the scene with materials that the usual one does not have."""
        super().__init__(render=False)
        self.model = mujoco.MjModel.from_xml_string(_with_materials(scene_xml()))
        self.data = mujoco.MjData(self.model)
        self.renderer = Renderer(self.model)
        model = self.model
        self._surfaces = [model.geom("table").id, model.geom("floor").id]
        self._before = (
            model.geom_rgba[self._surfaces].copy(), model.light_diffuse.copy(),
            model.vis.headlight.diffuse.copy(), model.vis.headlight.ambient.copy(),
        )  # fmt: skip

    def dress_for(self, axis: Axis, seed: int) -> None:
        """Change light or table for one trial; everything else is as usual.

        Args:
            axis: Only "light" and "texture" change anything.
            seed: Seed of what is drawn.
        """
        rng = np.random.default_rng([seed, 41])
        model = self.model
        rgba, diffuse, head, ambient = self._before
        model.geom_rgba[self._surfaces], model.light_diffuse[:] = rgba, diffuse
        model.vis.headlight.diffuse[:], model.vis.headlight.ambient[:] = head, ambient
        model.geom_matid[self._surfaces] = -1
        if axis is Axis.LIGHT:
            factor = _brightness(rng) * (1.0 + rng.uniform(-TINT, TINT, 3))
            model.light_diffuse[:] = np.clip(diffuse * factor, 0.0, 1.0)
            model.vis.headlight.diffuse[:] = np.clip(head * factor, 0.0, 1.0)
            model.vis.headlight.ambient[:] = np.clip(ambient * factor, 0.0, 1.0)
        elif axis is Axis.TEXTURE:
            for surface in self._surfaces:
                name = _PATTERNS[int(rng.integers(len(_PATTERNS)))]
                model.geom_matid[surface] = model.material(name).id
                model.geom_rgba[surface, :3] = rng.uniform(0.25, 0.85, 3)


def moved_camera(axis: Axis, seed: int) -> CameraModel | None:
    """Return the front camera of a trial; None for its usual place."""
    if axis is not Axis.CAMERA:
        return None
    return jittered_front(np.random.default_rng([seed, 42]), "large")


def _brightness(rng: np.random.Generator) -> float:
    """Draw a factor that is noticeably darker or brighter."""
    low, high = np.log(BRIGHTNESS)
    dark = rng.random() < 0.5
    drawn = rng.uniform(low, 0.5 * low) if dark else rng.uniform(0.5 * high, high)
    return float(np.exp(drawn))


def _with_materials(xml: str) -> str:
    root = ET.fromstring(xml)
    asset = root.find("asset")
    assert asset is not None, "the scene has no assets"
    for name in _PATTERNS:
        ET.SubElement(
            asset, "texture", name=f"ood_{name}", type="2d", builtin=name, width="256",
            height="256", rgb1="1 1 1", rgb2="0.55 0.55 0.55",
        )  # fmt: skip
        ET.SubElement(
            asset, "material", name=name, texture=f"ood_{name}", texrepeat="6 6",
            texuniform="true" if name == "checker" else "false",
        )  # fmt: skip
    return ET.tostring(root, encoding="unicode")


def surface_colours(lab: OddLab) -> NDArray[np.float64]:
    """Return the (2, 4) colours of table and floor."""
    return lab.model.geom_rgba[[lab.model.geom("table").id, lab.model.geom("floor").id]].copy()
