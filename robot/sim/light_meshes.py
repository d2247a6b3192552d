"""Make the arm that the studio shows in 3D out of the lab's meshes: few faces, soft where round.

Run once, by ``python -m robot.sim.meshes``; the result is ``assets/scenes/fr3_light.npz``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.franka_shape import SHAPES

FACES = 6000
"""Faces of the whole arm; a renderer without a GPU draws them in about 5 ms."""

CREASE = np.deg2rad(40.0)
"""Faces that meet at a larger angle than this have an edge between them."""


def write_light_arm(source: Path, target: Path = SHAPES, faces: int = FACES) -> int:
    """Write all bodies, each as one mesh with colours.

    Args:
        source: MJCF of the arm with its OBJ meshes beside it.
        target: NPZ file to write; :func:`robot.franka_shape.load_shapes` reads it.
        faces: About how many faces to keep, shared out by area.

    Returns:
        Number of faces written.
    """
    import xml.etree.ElementTree as ET

    root = ET.parse(source).getroot()
    paints = {
        node.attrib["name"]: np.array(node.attrib["rgba"].split(), float)
        for node in root.iterfind("asset/material")
    }
    files = {
        node.attrib["name"]: source.parent / "meshes" / node.attrib["file"]
        for node in root.iterfind("asset/mesh")
    }
    parts: list[tuple[str, Any, NDArray[np.float64]]] = []
    for body in root.iter("body"):
        name = body.attrib.get("name", "").removeprefix("fr3_")
        if name == "right_finger":
            continue  # the left one, turned
        for geom in body.findall("geom"):
            if "material" in geom.attrib:
                mesh = _read(files[geom.attrib["mesh"]])
                kind = "finger" if name == "left_finger" else name
                parts.append((kind, mesh, paints[geom.attrib["material"]]))
    area = sum(mesh.get_surface_area() for _, mesh, _ in parts)
    bodies: dict[str, list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]] = {}
    for kind, mesh, paint in parts:
        share = max(24, round(faces * mesh.get_surface_area() / area))
        if len(mesh.triangles) > share:
            mesh = mesh.simplify_quadric_decimation(share)
        mesh.remove_degenerate_triangles()
        vertices, corners = split_at_creases(
            np.asarray(mesh.vertices), np.asarray(mesh.triangles, np.int64)
        )
        colours = np.tile(np.rint(255 * paint).astype(np.uint8), (len(vertices), 1))
        bodies.setdefault(kind, []).append((vertices, corners, colours))
    arrays: dict[str, NDArray[Any]] = {}
    for kind, pieces in bodies.items():
        starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in pieces)])
        arrays[f"{kind}_vertices"] = np.concatenate([p[0] for p in pieces]).astype(np.float32)
        arrays[f"{kind}_faces"] = np.concatenate(
            [corners + start for (_, corners, _), start in zip(pieces, starts[:-1], strict=True)]
        ).astype(np.uint16)
        arrays[f"{kind}_colours"] = np.concatenate([p[2] for p in pieces])
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, allow_pickle=False, **arrays)
    return sum(len(array) for name, array in arrays.items() if name.endswith("_faces"))


def split_at_creases(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], crease: float = CREASE
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give every side of a sharp edge its own vertices, so that shading stays crisp there.

    Args:
        vertices: (V, 3) [m].
        faces: (F, 3) corners.
        crease: Largest angle between faces that are shaded as one [rad].

    Returns:
        (W, 3) vertices, W >= V less those that no face uses, and (F, 3) corners.
    """
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    limit = np.cos(crease)
    around: dict[int, list[tuple[int, int]]] = {}
    for face, corners in enumerate(faces):
        for k, vertex in enumerate(corners):
            around.setdefault(int(vertex), []).append((face, k))
    places: list[NDArray[np.float64]] = []
    result = np.zeros_like(faces)
    for vertex, corners in around.items():
        groups: list[list[int]] = []
        for face, k in corners:
            alike = (n for n, g in enumerate(groups) if (normals[g] @ normals[face]).max() >= limit)
            number = next(alike, len(groups))
            if number == len(groups):
                groups.append([])
            groups[number].append(face)
            result[face, k] = len(places) + number
        places += [vertices[vertex]] * len(groups)
    return np.array(places), result


def _read(path: Path) -> Any:
    import open3d as o3d

    mesh = o3d.io.read_triangle_mesh(path)
    mesh.merge_close_vertices(1e-5)
    return mesh
