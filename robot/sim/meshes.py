"""Reduce franky-sim's FR3 meshes so that software rendering keeps up.

Rendering without a GPU costs time per vertex: the wheel's meshes have about 240,000 faces and take
7 ms a picture, the reduced ones look the same at 320 x 240 and take about 1 ms. Run once, by
``python -m robot.sim.meshes``; the result is kept in ``assets/scenes/fr3``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import franky_sim

from robot.sim.light_meshes import write_light_arm

SOURCE = Path(franky_sim.__file__).parent / "assets" / "meshes"
TARGET = Path(__file__).resolve().parents[2] / "assets" / "scenes" / "fr3"

LINK_FACES = 700
"""Most faces left of one part of a link."""


def reduce_mesh(source: Path, target: Path, max_faces: int = LINK_FACES) -> int:
    """Write a reduced copy of a mesh as STL.

    Args:
        source: OBJ file.
        target: STL file to write.
        max_faces: Faces to keep at most.

    Returns:
        Number of faces written.
    """
    import open3d as o3d

    mesh = o3d.io.read_triangle_mesh(source)
    mesh.merge_close_vertices(1e-5)
    if len(mesh.triangles) > max_faces:
        mesh = mesh.simplify_quadric_decimation(max_faces)
    mesh.remove_degenerate_triangles()
    mesh.compute_triangle_normals()
    o3d.io.write_triangle_mesh(target, mesh)
    return len(mesh.triangles)


def main() -> None:
    """Reduce every visual part, copy the collision hulls, and make the arm of the 3D view."""
    import xml.etree.ElementTree as ET

    TARGET.mkdir(parents=True, exist_ok=True)
    root = ET.parse(SOURCE.parent / "fr3.xml").getroot()
    for mesh in root.iterfind("asset/mesh"):
        source = SOURCE / mesh.attrib["file"]
        target = TARGET / f"{source.stem}.stl"
        if source.suffix == ".stl":
            shutil.copyfile(source, target)
        else:
            reduce_mesh(source, target)
    write_light_arm(SOURCE.parent / "fr3.xml")


if __name__ == "__main__":
    main()
