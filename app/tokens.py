"""The secrets of servers: in a file that only its owner can read, or in the environment.

They are kept out of the settings, which people copy, show and put under version control. An
environment variable (STEERING_POLICY_TOKEN, STEERING_RIG_TOKEN) comes before the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from app.settings import settings_folder
from core.types import StudioError

OWNER_ONLY = 0o600


def tokens_file() -> Path:
    """Return the file of the secrets."""
    return settings_folder() / "tokens.yaml"


def load_token(service: str, path: Path | None = None) -> str | None:
    """Return the secret of "policy" or "rig"; None when there is none.

    Raises:
        StudioError: If the file cannot be read, or others may read it too.
    """
    if token := os.environ.get(f"STEERING_{service.upper()}_TOKEN"):
        return token
    return _read(path or tokens_file()).get(service) or None


def save_token(service: str, token: str, path: Path | None = None) -> None:
    """Keep the secret of a service; an empty one is forgotten.

    Raises:
        StudioError: If the file cannot be read or written.
    """
    path = path or tokens_file()
    tokens = {key: value for key, value in _read(path).items() if key != service}
    if token:
        tokens[service] = token
    temporary = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        # The mode is set when the file is made: at no time can anybody else read it.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yaml.safe_dump(tokens, file)
        temporary.replace(path)
    except OSError as error:
        raise StudioError(f"The token could not be kept in {path}: {error.strerror}.") from error


def _read(path: Path) -> dict[str, str]:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            raise StudioError(
                f"Others can read the tokens in {path}; run 'chmod 600 {path}', and better ask for "
                "new tokens."
            )
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"The tokens in {path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise StudioError(f"The tokens in {path} must be lines like 'policy: SECRET'.")
    return {str(key): str(value) for key, value in found.items()}
