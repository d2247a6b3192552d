"""``python main.py study worker``: makes the rollouts of a live study while a participant waits.

Speaks lines of JSON: one job in, one result out; it leaves when its input closes. It never learns
which side of the screen a rollout is for.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.study.making import Job, Studio, make_rollout
from core.study.plan import Guide, PolicySource, Scene
from core.types import StudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``study worker``."""
    parser.add_argument("videos", type=Path, help="folder of the videos")


def run_worker(arguments: argparse.Namespace) -> int:
    """Make what is asked for until nobody asks any more."""
    studio = Studio()
    try:
        for line in sys.stdin:
            _say(answer(studio, line, arguments.videos))
    finally:
        studio.close()
    return 0


def answer(studio: Studio, line: str, videos: Path) -> dict[str, Any]:
    """Make what one line asks for; a fault is part of the answer."""
    try:
        rollout = make_rollout(studio, job_from(json.loads(line)), videos)
    except StudioError as error:
        return {"fault": str(error)}
    except (OSError, RuntimeError) as error:  # a lost server, a GL context that cannot be had
        return {"fault": f"The video could not be made: {error}."}
    return asdict(rollout)


def job_to(job: Job) -> dict[str, Any]:
    """Turn a job into plain values."""
    return asdict(job)


def job_from(message: dict[str, Any]) -> Job:
    """Rebuild a job from :func:`job_to`."""
    source = dict(message["source"])
    source["guide"] = Guide(source["guide"])
    return Job(
        source=PolicySource(**source),
        scene=Scene(**message["scene"]),
        instruction=message["instruction"],
        trace=tuple((float(x), float(y)) for x, y in message["trace"]),
        seconds=float(message["seconds"]),
        seed=int(message["seed"]),
        existing=message["existing"],
    )


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
