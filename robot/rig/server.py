"""``python main.py rig``: put the rig together from its options and serve it."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.memory import give_memory_back
from core.service import announce_ready, is_loopback, when_parent_leaves
from core.types import StudioError
from robot.base import Camera, Robot
from robot.driver_log import logged
from robot.faults.lab import FaultLab
from robot.faults.plan import FaultPlan, parse_plan
from robot.guard import Limits, Workspace
from robot.poses import READY_JOINTS, TIDY_JOINTS
from robot.rig.camera_options import calibration_items, open_cameras
from robot.rig.lab_link import LabLink
from robot.rig.rig import Rig
from robot.rig.rules import LAB, REAL, RigRules
from robot.rig.setup import SLOWEST
from robot.rig.sockets import RigSockets

DEFAULT_PORT = 8202

LAB_WORKSPACE = Workspace(low=np.array([0.25, -0.42, 0.028]), high=np.array([0.75, 0.42, 0.60]))
"""Over the lab's table, whose top is at 0.02 m."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py rig``."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--lab", metavar="URL", help="drive the arm of a simulated lab")
    where.add_argument("--robot", metavar="HOST", help="drive the robot at this address")
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="NAME=SOURCE",
        help="camera of a real arm: front=opencv:0, front=rtsp://HOST/PATH, front=realsense:SERIAL "
        "or front=file:PATH; the first one is drawn on",
    )
    parser.add_argument(
        "--calibration",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="JSON file with width, height, intrinsics, pose and mounted_on_hand of a camera; "
        "'camera check' looks at one",
    )
    parser.add_argument(
        "--workspace",
        metavar="X0,Y0,Z0,X1,Y1,Z1",
        help="box in metres that the tool must not leave; a real arm does not move without one",
    )
    parser.add_argument("--table", type=float, help="height of the table over the base in metres")
    parser.add_argument(
        "--gripper-changes", type=int, default=1, help="how often a chunk may open or close it"
    )
    parser.add_argument(
        "--no-clearance",
        action="store_true",
        help="do not check that the arm keeps clear of the table and of itself",
    )
    parser.add_argument("--speed", type=float, help="share of the arm's dynamics, 0 to 1")
    parser.add_argument(
        "--max-speed",
        type=float,
        help=f"largest share that may be set; {REAL.max_speed:g} for a real arm, so that the "
        "first connection is a slow one",
    )
    parser.add_argument(
        "--hold-to-run",
        action="store_true",
        help="move only while a key, button or pedal is held, as a real arm always does",
    )
    parser.add_argument(
        "--observation-age",
        type=float,
        metavar="SECONDS",
        help="how old the picture that a plan answers may be when it is run",
    )
    parser.add_argument(
        "--pulse-limit",
        type=float,
        metavar="SECONDS",
        help="how long a client that moves the arm may give no sign of life; "
        f"{LAB.pulse_seconds:g} unless a busy machine only simulates",
    )
    parser.add_argument(
        "--no-realtime",
        action="store_true",
        help="do without a real-time kernel (motions of a real arm may be aborted)",
    )
    parser.add_argument(
        "--driver-log", type=Path, metavar="FILE", help="note when each call of the driver begins"
    )
    parser.add_argument(
        "--faults",
        metavar="SPEC",
        help="let a lab go wrong on purpose, as an exercise: reflex@5,camera-freeze@10:2s or "
        "random:SEED[:MEAN_SECONDS]",
    )
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 for a free one")
    parser.add_argument("--token", help="what clients must present; required beyond 127.0.0.1")
    parser.add_argument(
        "--child", action="store_true", help="end when standard input closes (for other programs)"
    )


def run_rig(args: argparse.Namespace) -> int:
    """Serve the rig until it is ended, told by one JSON line when it is ready.

    Raises:
        StudioError: If the port, the lab, the robot or a camera is not there.
    """
    give_memory_back()
    ended = threading.Event()
    # the port is taken first: nothing has to be ended again when it is in use
    with RigSockets(args.host, args.port, args.token) as sockets:
        rig = build_rig(args)
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: ended.set())
            if args.child:
                when_parent_leaves(ended.set)
            sockets.serve(rig)
            announce_ready(sockets.url, kind=rig.kind)
            ended.wait()
        finally:
            rig.close()
    return 0


def build_rig(args: argparse.Namespace) -> Rig:
    """Connect to what the options name.

    Raises:
        StudioError: If something is not there; what was connected is let go again.
    """
    plan = _fault_plan(args)
    with ExitStack() as undo:
        lab: LabLink | None = None
        cameras: list[Camera]
        if args.lab:
            if args.camera or args.calibration:
                raise StudioError(
                    "--camera is for a real arm; a simulated lab has its own cameras."
                )
            lab = LabLink(args.lab)
            undo.callback(lab.close)
            host, cameras, home = _lab_parts(lab)
        else:
            host, home = args.robot, READY_JOINTS
            cameras = open_cameras(args.camera, args.calibration)
            for camera in cameras:
                undo.callback(camera.close)
        rules = _rules(args, LAB if lab is not None else REAL)
        limits = _limits(args, lab)
        realtime = lab is None and not args.no_realtime and not is_loopback(host)
        from robot.cameras.steady import SteadyCamera
        from robot.franka import FrankaRobot  # only now: options are judged without the library

        robot: Robot = FrankaRobot(host, speed=rules.speed, realtime=realtime)
        if args.driver_log is not None:
            robot = logged(robot, args.driver_log)
        undo.callback(robot.close)
        faults: FaultLab | None = None
        if plan is not None:
            faults = FaultLab(plan, robot, cameras)
            robot, cameras = faults.robot, [*faults.cameras]
        if lab is not None:
            cameras = [SteadyCamera(camera) for camera in cameras]
        rig = Rig(
            robot=robot,
            cameras=cameras,
            limits=limits,
            home=home,
            tidy=TIDY_JOINTS,
            lab=lab,
            rules=rules,
            faults=faults,
            checks=calibration_items(args.camera, args.calibration),
        )
        undo.pop_all()
        return rig


def _fault_plan(args: argparse.Namespace) -> FaultPlan | None:
    if args.faults is None:
        return None
    if not args.lab:
        raise StudioError(
            "--faults is an exercise for the simulated lab; a real arm is never made to go wrong."
        )
    return parse_plan(args.faults)


def _lab_parts(lab: LabLink) -> tuple[str, list[Camera], NDArray[np.float64]]:
    from robot.cameras.simulated import SimulatedCamera
    from robot.sim.kinematics import home_joints

    hello = lab.hello()
    cameras: list[Camera] = [
        SimulatedCamera(name, lab, model) for name, model in hello.cameras.items()
    ]
    return hello.robot, cameras, home_joints()


def _limits(args: argparse.Namespace, lab: LabLink | None) -> Limits:
    if args.gripper_changes < 0:
        raise StudioError(f"--gripper-changes is {args.gripper_changes}; expected 0 or more.")
    limits = Limits(
        workspace=_workspace(args.workspace, lab),
        table=args.table,
        gripper_changes=args.gripper_changes,
    )
    return replace(limits, clearance=None) if args.no_clearance else limits


def _workspace(text: str | None, lab: LabLink | None) -> Workspace | None:
    if text:
        return Workspace.parse(text)
    return LAB_WORKSPACE if lab is not None else None


def _rules(args: argparse.Namespace, usual: RigRules) -> RigRules:
    """Return how strict the rig is, with what the options change.

    Raises:
        StudioError: If a number makes no sense.
    """
    most = _share("--max-speed", args.max_speed, usual.max_speed)
    speed = _share("--speed", args.speed, min(usual.speed, most))
    if speed > most:
        raise StudioError(
            f"--speed is {speed:g}, more than the {most:g} that a first connection is held to; "
            f"give --max-speed {speed:g} as well once the arm has shown that it is set up well."
        )
    if args.pulse_limit is not None and usual.real:
        raise StudioError("--pulse-limit is for a simulated lab; a real arm's limit is fixed.")
    return replace(
        usual,
        speed=speed,
        max_speed=most,
        hold_to_run=usual.hold_to_run or args.hold_to_run,
        observation_seconds=_seconds(
            "--observation-age", args.observation_age, usual.observation_seconds
        ),
        pulse_seconds=_seconds("--pulse-limit", args.pulse_limit, usual.pulse_seconds),
    )


def _seconds(option: str, given: float | None, default: float) -> float:
    if given is None:
        return default
    if not 0 < given < float("inf"):
        raise StudioError(f"{option} is {given}; expected a number of seconds above 0.")
    return given


def _share(option: str, given: float | None, default: float) -> float:
    if given is None:
        return default
    if not SLOWEST <= given <= 1.0:
        raise StudioError(
            f"{option} is {given}; expected 0.01 to 1, a share of the arm's dynamics."
        )
    return given
