"""Which library speaks to which robot, and how to get another one.

libfranka and the robot refuse each other unless both speak the same version of the control
protocol. The wheel on PyPI (franky-control 2.0, libfranka 0.21) speaks version 10, which is that of
robot system 5.9 and newer; franky's own index has wheels for the others (its README).
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

LIBRARY_VERSION = 10
SYSTEM_VERSION = "5.9"
"""Robot system from which on robots speak :data:`LIBRARY_VERSION`."""

_INDEX = "https://timschneider42.github.io/franky/whl/by-robot-server-version"


def mismatch_sentence(host: str, server: int | None, library: int | None) -> str:
    """Say what to do when robot and library do not understand each other.

    Args:
        host: Address of the robot.
        server: Version of the protocol that the robot speaks, when it is known.
        library: The one that the library speaks, when it is known.
    """
    library = LIBRARY_VERSION if library is None else library
    ours = f"this installation speaks version {library}"
    if library == LIBRARY_VERSION:
        ours += f" (robot system {SYSTEM_VERSION} or newer)"
    if server is None:
        return (
            f"The robot at {host} and the installed library do not speak the same version of the "
            f"control protocol: {ours}. Update the robot in Franka Desk, or install the library "
            f"for its version from {_INDEX}/VERSION/."
        )
    update = "Update the robot in Franka Desk, or install" if server < library else "Install"
    return (
        f"The robot at {host} speaks version {server} of the control protocol; {ours}. {update} "
        f"the matching library: python -m pip install --pre --force-reinstall --no-deps "
        f"franky-control --extra-index-url {_INDEX}/{server}/"
    )


def library_sentence() -> str:
    """Say which library is installed."""
    try:
        installed = version("franky-control")
    except PackageNotFoundError:  # built from its sources
        installed = "of unknown version"
    return f"franky-control {installed}."
