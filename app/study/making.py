"""Makes the rollouts of a study in the lab: one policy, one scene, one video with a neutral name.

Runs in a program of its own (``study prepare``, or the worker of a live study): it loads models
and physics, which the window never does.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.policy.base import Policy
from core.study.base import StudyBase
from core.study.blinding import neutral_name
from core.study.clips import RATE_HZ, fit_pictures, read_clip, write_clip
from core.study.plan import (
    EMBEDDED,
    EXPERT,
    FILES,
    STILL,
    Guide,
    PolicySource,
    Scene,
    StudyPlan,
)
from core.study.rollouts import Rollout, add_rollout, file_digest, missing, recipe_of
from core.types import StudioError
from robot.sim.layout import Layout, random_layout

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One rollout to be made.

    Attributes:
        source: Who acts.
        scene: Where.
        instruction: What it is told; empty for what the scene says.
        trace: Drawn line in model units; empty for the line that the lab's expert draws, where the
            policy is guided by one.
        seconds: Length of the video [s].
        seed: Seed of the study.
        existing: Video to take over instead; empty to make a new one.
    """

    source: PolicySource
    scene: Scene
    instruction: str = ""
    trace: Points = ()
    seconds: float = 8.0
    seed: int = 0
    existing: str = ""


@dataclass(slots=True)
class Studio:
    """The lab and the policies that were opened so far; making them takes longer than a rollout."""

    lab: Any = None
    policies: dict[str, Policy] = field(default_factory=dict[str, Policy])

    def close(self) -> None:
        """Free the lab and leave the servers."""
        if self.lab is not None:
            self.lab.close()
            self.lab = None
        for policy in self.policies.values():
            close = getattr(policy, "close", None)
            if close is not None:
                close()
        self.policies.clear()


def make_rollout(studio: Studio, job: Job, folder: Path) -> Rollout:
    """Make a rollout and its video.

    Args:
        studio: What is open already.
        job: What to make.
        folder: Folder of the videos.

    Raises:
        StudioError: If a policy, a scene or a video cannot be had. That a policy fails at the task
            is no fault but what the video shows.
    """
    progress: float | None = None
    if job.source.use == FILES:
        pictures, rate = read_clip(Path(job.existing))
    else:
        pictures, progress = _film(studio, job)
        rate = RATE_HZ
    name = neutral_name()
    path = folder / f"{name}.mp4"
    write_clip(path, fit_pictures(pictures, rate, job.seconds))
    return Rollout(
        alias=job.source.alias,
        scene=job.scene.name,
        instruction=job.instruction or job.scene.instruction,
        sha256=file_digest(path),
        progress=progress,
        name=name,
    )


def prepare(
    base: StudyBase, plan: StudyPlan, beside: Path, told: Callable[[int, int], None]
) -> int:
    """Make everything that is shown without waiting, and the pictures of all scenes.

    Args:
        base: The study; what is there already is kept.
        plan: What it says.
        beside: Folder of the study file, where its videos are looked for.
        told: Gets how many are done, and of how many.

    Returns:
        Number of rollouts that were made.

    Raises:
        StudioError: As :func:`make_rollout`; what was made until then is kept.
    """
    wanted = missing(base, plan)
    existing = {(one.alias, one.scene): beside / one.video for one in plan.videos}
    studio = Studio()
    try:
        for done, (alias, name) in enumerate(wanted):
            told(done, len(wanted))
            job = Job(
                source=plan.policy(alias),
                scene=plan.scene(name),
                seconds=plan.seconds,
                seed=plan.seed,
                existing=str(existing.get((alias, name), "")),
            )
            made = make_rollout(studio, job, base.videos)
            add_rollout(base, replace(made, recipe=recipe_of(plan, alias, name)))
        for scene in plan.scenes:
            _keep_picture(studio, scene, scene_picture(base.folder, scene.name))
    finally:
        studio.close()
    told(len(wanted), len(wanted))
    return len(wanted)


def scene_picture(folder: Path, scene: str) -> Path:
    """Return the file of a scene's picture before anything moves."""
    return folder / "scenes" / f"{scene}.png"


def table_of(scene: Scene) -> tuple[Layout, str]:
    """Return a scene's layout and the object that its task is about.

    Raises:
        StudioError: If the table has no such object.
    """
    layout = random_layout(scene.layout)
    try:
        target = layout.named(scene.target or layout.objects[0].name)
    except KeyError as error:
        raise StudioError(f"Scene '{scene.name}': {error.args[0]}.") from error
    return layout, target.name


def _film(studio: Studio, job: Job) -> tuple[NDArray[np.uint8], float]:
    from robot.sim import filming

    lab = _lab(studio)
    layout, target = table_of(job.scene)
    source = job.source
    if source.use == EXPERT:
        actor = filming.expert(layout.named(target))
    elif source.use == STILL:
        actor = filming.stand_still
    else:
        line = None
        instruction = job.instruction or job.scene.instruction
        if source.guide == Guide.TRACE:
            instruction = ""  # the line alone says which object is meant
            line = np.array(job.trace) if job.trace else filming.line_to(lab, layout, target)
        seed = zlib.crc32(f"{job.seed}/{source.alias}/{job.scene.name}".encode())
        policy = _policy(studio, source.use)
        actor = filming.guided(policy, instruction, line, noise=source.noise, seed=seed)
    made = filming.film(lab, actor, layout, target, seconds=job.seconds, rate_hz=RATE_HZ)
    return made.pictures, made.progress


def _lab(studio: Studio) -> Any:
    from robot.sim.direct import DirectLab

    if studio.lab is None:
        studio.lab = DirectLab()
    return studio.lab


def _policy(studio: Studio, use: str) -> Policy:
    if use not in studio.policies:
        studio.policies[use] = _open_policy(use)
    return studio.policies[use]


def _open_policy(use: str) -> Policy:
    if "://" in use:
        from app.tokens import load_token
        from core.policy.client import RemotePolicy

        return RemotePolicy(use, load_token("policy"))
    from core.policy.local import load_policy
    from core.policy.server import EMBEDDED_MODEL

    # one thread: on a busy machine threads that wait for each other cost more than they bring
    folder = str(EMBEDDED_MODEL) if use == EMBEDDED else use
    return load_policy(folder, device="auto", threads=1)


def _keep_picture(studio: Studio, scene: Scene, path: Path) -> None:
    from PIL import Image

    from robot.sim import filming

    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = filming.start_picture(_lab(studio), table_of(scene)[0])
    Image.fromarray(picture).save(path)
