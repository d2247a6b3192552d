"""What the control of a real arm needs of this machine: kernel, permission, processor speed.

Sources: libfranka's and franky's setup instructions and Franka's troubleshooting page
(https://frankarobotics.github.io/docs/troubleshooting.html).
"""

from __future__ import annotations

import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path

from robot.check_item import CheckItem, CheckState

KERNEL = "real-time kernel"
PERMISSION = "real-time permission"
PROCESSOR = "processor speed"

RT_PRIORITY = 99
_KERNEL_FLAG = Path("/sys/kernel/realtime")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_NOT_NEEDED = "A simulated arm does without."


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This machine, as far as the control of an arm cares.

    Attributes:
        system: Such as "Linux 6.8.1-1015-realtime".
        preempt_rt: Whether its kernel is a real-time one.
        rt_priority: Highest real-time priority that this program may ask for.
        governor: How the processor chooses its speed, such as "performance"; empty if unknown.
    """

    system: str
    preempt_rt: bool
    rt_priority: int
    governor: str

    @classmethod
    def here(cls) -> Machine:
        """Look at this machine."""
        about = platform.uname()
        marked = "PREEMPT_RT" in about.version or "PREEMPT RT" in about.version
        priority = RT_PRIORITY if os.geteuid() == 0 else _soft_limit()
        return cls(
            system=f"{about.system} {about.release}",
            preempt_rt=marked or _first_line(_KERNEL_FLAG) == "1",
            rt_priority=priority,
            governor=_first_line(_GOVERNOR),
        )


def machine_items(machine: Machine, lacking: CheckState) -> list[CheckItem]:
    """Judge a machine.

    Args:
        machine: The machine.
        lacking: State of an item for which the machine is not made: "fail" where the arm insists
            on real time, "warn" where a person chose to do without, "ok" for a simulated arm.
    """
    return [
        _judged(
            KERNEL,
            machine.preempt_rt,
            f"{machine.system} is {'a' if machine.preempt_rt else 'no'} real-time kernel.",
            "Install a kernel with PREEMPT_RT; Ubuntu Pro has one ready. Without it motions are "
            "aborted now and then.",
            lacking,
        ),
        _judged(
            PERMISSION,
            machine.rt_priority >= RT_PRIORITY,
            f"This program may ask for real-time priority {machine.rt_priority}.",
            "Allow rtprio 99 and memlock 102400 for your group in /etc/security/limits.conf, then "
            "log in again.",
            lacking,
        ),
        _judged(
            PROCESSOR,
            machine.governor in ("", "performance"),
            f"The processor's speed is governed by '{machine.governor or 'nobody'}'.",
            "Choose the governor 'performance': a processor that saves power answers late.",
            CheckState.OK if lacking == CheckState.OK else CheckState.WARN,
        ),
    ]


def _judged(name: str, good: bool, found: str, mend: str, lacking: CheckState) -> CheckItem:
    if good:
        return CheckItem(name=name, state=CheckState.OK, found=found)
    if lacking == CheckState.OK:
        return CheckItem(name=name, state=lacking, found=f"{found} {_NOT_NEEDED}")
    return CheckItem(name=name, state=lacking, found=found, mend=mend)


def _soft_limit() -> int:
    limit = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    return RT_PRIORITY if limit == resource.RLIM_INFINITY else limit


def _first_line(path: Path) -> str:
    try:
        return path.read_text("ascii").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        return ""
