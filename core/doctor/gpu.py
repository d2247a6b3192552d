"""Whether torch and the graphics card fit each other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.doctor.finding import Finding, ok, problem, warning
from core.doctor.probe import ProbeError, ask_python

PROBE_S = 60.0
"""Torch takes long to import from a slow disk."""

_TORCH_CODE = """
import json, torch
there = torch.cuda.is_available()
print(json.dumps({
    "version": torch.__version__,
    "cuda": torch.version.cuda,
    "names": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if there else [],
    "free": torch.cuda.mem_get_info()[0] if there else 0,
}), flush=True)
"""

_PCI = Path("/sys/bus/pci/devices")
_NVIDIA, _DISPLAY_CLASS = "0x10de", "0x03"
_SMI = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuFacts:
    """What is known of NVIDIA cards and torch.

    Attributes:
        cards: Whether the machine has an NVIDIA card.
        driver: Name and driver version of each card that the driver knows.
        torch: Version of torch.
        cuda: CUDA version that torch was built for; empty for the processor-only build.
        seen: Names of the cards that torch can use.
        free: Free memory of the first of them [bytes].
        hidden: Value of CUDA_VISIBLE_DEVICES, if it is set.
    """

    cards: bool
    driver: tuple[str, ...]
    torch: str
    cuda: str = ""
    seen: tuple[str, ...] = ()
    free: int = 0
    hidden: str | None = None


def judge_gpu(facts: GpuFacts) -> Finding:
    """Judge how card, driver and torch fit."""
    if facts.seen:
        return ok(
            "GPU",
            f"torch {facts.torch} uses {', '.join(facts.seen)} "
            f"({facts.free / 2**30:.1f} GiB free).",
        )
    if facts.driver and not facts.cuda:
        return warning(
            "GPU",
            f"{facts.driver[0]} is there, but torch {facts.torch} is the build for processors.",
            "pip uninstall torch, then 'make setup': it installs the CUDA build.",
        )
    if facts.driver and facts.hidden is not None:
        return warning(
            "GPU",
            f"{facts.driver[0]} is there, but CUDA_VISIBLE_DEVICES is '{facts.hidden}' and hides "
            "it.",
            "Unset CUDA_VISIBLE_DEVICES to use the card.",
        )
    if facts.driver:
        return problem(
            "GPU",
            f"{facts.driver[0]} is there, but torch {facts.torch} (CUDA {facts.cuda}) cannot use "
            "it.",
            f"The driver is probably too old for CUDA {facts.cuda}; update it and restart.",
        )
    if facts.cards:
        return warning(
            "GPU",
            "This machine has an NVIDIA card without a working driver.",
            "Install NVIDIA's driver, restart, remove torch with pip and run 'make setup'.",
        )
    if facts.cuda:
        return warning(
            "GPU",
            f"torch {facts.torch} is built for CUDA {facts.cuda}, but there is no NVIDIA driver.",
            "The model runs on the processor. In a container, start it with access to the GPU.",
        )
    return ok("GPU", f"No NVIDIA card; torch {facts.torch} runs on the processor.")


def look_at_gpu() -> Sequence[Finding]:
    """Ask the system, the driver and torch."""
    try:
        torch = ask_python(_TORCH_CODE, timeout_s=PROBE_S)
    except ProbeError as error:
        return [problem("GPU", f"torch cannot be used: {error}.", "Run 'make setup'.")]
    facts = GpuFacts(
        cards=_has_card(),
        driver=_driver(),
        torch=str(torch.get("version")),
        cuda=str(torch.get("cuda") or ""),
        seen=tuple(str(name) for name in torch.get("names", ())),
        free=int(torch.get("free", 0)),
        hidden=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )
    return [judge_gpu(facts)]


def _has_card(folder: Path = _PCI) -> bool:
    for device in folder.glob("*"):
        try:
            vendor = (device / "vendor").read_text().strip()
            kind = (device / "class").read_text().strip()
        except OSError:
            continue
        if vendor == _NVIDIA and kind.startswith(_DISPLAY_CLASS):
            return True
    return False


def _driver() -> tuple[str, ...]:
    tool = shutil.which(_SMI[0])
    if tool is None:
        return ()
    try:
        done = subprocess.run(
            [tool, *_SMI[1:]], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return tuple(line.replace(", ", " (driver ", 1) + ")" for line in lines)
