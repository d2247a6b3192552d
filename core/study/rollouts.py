"""Rollouts of a study: which policy did what in which scene, behind a name that says nothing."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from core.study import audit
from core.study.base import StudyBase
from core.study.blinding import neutral_name
from core.study.plan import BAD_CHECK, GOOD_CHECK, Kind, StudyPlan
from core.study.schedule import shared_items
from core.types import StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout.

    Attributes:
        alias: Alias of the policy.
        scene: Name of the scene.
        instruction: What the arm was told.
        sha256: Digest of the video.
        progress: Percent of the task by the lab's own rubric; None when nobody can tell.
        fault: Why it went wrong; empty when it did not. A rollout with a fault is not shown.
        name: Name of the video; drawn when it is empty.
        recipe: :func:`recipe_of` one that was made beforehand; empty for one that was made for
            what a participant said.
    """

    alias: str
    scene: str
    instruction: str
    sha256: str
    progress: float | None = None
    fault: str = ""
    name: str = ""
    recipe: str = ""


def add_rollout(base: StudyBase, rollout: Rollout) -> str:
    """Write a rollout down and return its name."""
    name = rollout.name or neutral_name()
    with base.write() as connection:
        connection.execute(
            "INSERT INTO rollout VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                name,
                rollout.alias,
                rollout.scene,
                rollout.instruction,
                rollout.sha256,
                rollout.progress,
                rollout.fault,
                rollout.recipe,
                time.time(),
            ),
        )
        audit.append(
            connection,
            "program",
            "rollout",
            rollout=name,
            alias=rollout.alias,
            scene=rollout.scene,
            sha256=rollout.sha256,
            fault=rollout.fault,
        )
    return name


def wanted(plan: StudyPlan) -> list[tuple[str, str]]:
    """Return (alias, scene) of the rollouts that are made before anybody takes part."""
    found: dict[tuple[str, str], None] = {}
    for scene in plan.scenes:
        if plan.kind == Kind.RECORDED:
            found |= dict.fromkeys((alias, scene.name) for alias in plan.aliases)
        if plan.pace.practice or plan.pace.attention:
            found |= dict.fromkeys((alias, scene.name) for alias in (GOOD_CHECK, BAD_CHECK))
    for scene, *pair in shared_items(plan):
        found |= dict.fromkeys((alias, scene) for alias in pair)
    return list(found)


def recipe_of(plan: StudyPlan, alias: str, scene: str) -> str:
    """Return a digest of all that a rollout depends on: with another file it is another rollout."""
    existing = [asdict(one) for one in plan.videos if (one.alias, one.scene) == (alias, scene)]
    source = asdict(plan.policy(alias)) | asdict(plan.scene(scene))
    return audit.digest({"of": source, "for": [plan.seconds, plan.seed], "existing": existing})


def made_rollout(base: StudyBase, plan: StudyPlan, alias: str, scene: str) -> str:
    """Return the video that was made beforehand of a policy in a scene.

    Raises:
        StudioError: If there is none, or only one of an earlier version of the study file.
    """
    row = base.one(
        "SELECT id FROM rollout WHERE alias = ? AND scene = ? AND recipe = ? AND fault = '' "
        "ORDER BY at DESC LIMIT 1",
        alias,
        scene,
        recipe_of(plan, alias, scene),
    )
    if row is None:
        raise StudioError(
            f"There is no video for scene '{scene}' yet; make all of them with 'study prepare'."
        )
    return row["id"]


def missing(base: StudyBase, plan: StudyPlan) -> list[tuple[str, str]]:
    """Return (alias, scene) of the rollouts that are still to be made."""
    there = {
        (row["alias"], row["scene"], row["recipe"])
        for row in base.rows("SELECT id, alias, scene, recipe FROM rollout WHERE fault = ''")
        if base.video(row["id"]).is_file()
    }
    return [entry for entry in wanted(plan) if (*entry, recipe_of(plan, *entry)) not in there]


def progress_of(base: StudyBase, name: str) -> float | None:
    """Return a rollout's percent of the task by the lab's own rubric."""
    row = base.one("SELECT progress FROM rollout WHERE id = ?", name)
    return None if row is None else row["progress"]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a video.

    Raises:
        StudioError: If it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StudioError(f"The video {path} cannot be read: {error.strerror}.") from error
