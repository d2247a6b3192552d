"""Facts that make a session repeatable: versions, the commit, the weights."""

from __future__ import annotations

import hashlib
import logging
import platform
import subprocess
import sys
import threading
from concurrent.futures import Future
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

logger = logging.getLogger(__name__)

_LIBRARIES = ("numpy", "torch", "transformers", "mujoco", "franky-control", "mcap")
_GIT_PATIENCE_S = 5.0
ROOT = Path(__file__).resolve().parents[2]


def program_facts() -> dict[str, str]:
    """Return the commit, the platform and the versions of the libraries that matter."""
    facts = {
        "git": _git_version(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
    }
    for name in _LIBRARIES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            facts[name] = "not installed"
    return facts


def checkpoint_hash(folder: Path) -> str:
    """Return one SHA-256 over the names and contents of a checkpoint's safetensors files.

    Returns:
        64 hexadecimal digits, or "" when the folder holds no such file.
    """
    files = sorted(folder.glob("*.safetensors"))
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{path.name} {content}\n".encode())
    return total.hexdigest() if files else ""


def hash_in_background(folder: Path) -> Future[str]:
    """Start :func:`checkpoint_hash` in a thread that does not keep the program from ending.

    Returns:
        The hash to come; "" when the files cannot be read.
    """
    future: Future[str] = Future()

    def work() -> None:
        try:
            future.set_result(checkpoint_hash(folder))
        except OSError as error:
            logger.warning("the weights in %s cannot be hashed: %s", folder, error)
            future.set_result("")

    threading.Thread(target=work, name="checkpoint-hash", daemon=True).start()
    return future


def _git_version() -> str:
    try:
        answer = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_GIT_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
