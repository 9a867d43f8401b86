"""`./dev demo`: a day in three homes to watch, or the scripted trip with figures."""

import argparse
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from types import FrameType

from firmware_sim.demo.children import ChildDied
from firmware_sim.demo.day import watch
from firmware_sim.demo.sole_use import FolderRefused, sole_use
from firmware_sim.demo.stage import ROOT, Stage
from firmware_sim.demo.trip import Figures, as_json, run_trip
from firmware_sim.demo.waiting import NeverHappened

DEFAULT_DATA = ROOT / ".doorstep"


def say(text: str) -> None:
    with suppress(OSError):  # a terminal that was closed hears nothing, and everything is stopped all the same
        print(text, flush=True)


def main() -> int:
    options = _options()
    stopping = Event()

    def stop(_: int, __: FrameType | None) -> None:
        if stopping.is_set():
            return
        stopping.set()
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    began = time.monotonic()
    passing = Path(mkdtemp(prefix="doorstep-demo-")) if options.once and options.data is None else None
    data = (options.data or passing or DEFAULT_DATA).resolve()
    try:
        with sole_use(data):
            return _play(Stage(data, options.speed, say), options, passing, stopping, began)
    except FolderRefused as error:
        say(f"demo: {error}")
        return 1


def _play(stage: Stage, options: argparse.Namespace, passing: Path | None, stopping: Event, began: float) -> int:
    """The whole demonstration on `stage`; `passing` is a folder to remove when all went well. Returns the exit code."""
    try:
        stage.start(live=not options.once)
        if options.once:
            figures = run_trip(stage, say)
            figures.seconds_run = round(time.monotonic() - began, 1)
            if figures.failed:
                passing = None  # kept: its logs say why
                say(f"data and logs are kept in {stage.data}")
            return _finish(figures, options.json)
        watch(stage, options.speed, stopping, say)
    except KeyboardInterrupt:
        pass
    except (ChildDied, NeverHappened) as error:
        passing = None
        say(f"demo: {error}")
        return 1
    finally:
        say("stopping")
        stage.stop()
        if passing is not None:
            shutil.rmtree(passing, ignore_errors=True)
        say("stopped; nothing is left running")
    return 0


def _finish(figures: Figures, file: Path | None) -> int:
    text = as_json(figures)
    if file is not None:
        file.write_text(text, encoding="utf-8")
    say(text)
    for complaint in figures.failed:
        say(f"demo: {complaint}")
    return 1 if figures.failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where data are kept (default: .doorstep; with --once: a new folder, removed when all went well)",
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=None,
        metavar="N",
        help="how much faster the day runs (default 60; with --once 1)",
    )
    parser.add_argument("--once", action="store_true", help="run the scripted trip without a screen, and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="with --once: write the figures here")
    options = parser.parse_args()
    if options.speed is None:
        options.speed = 1.0 if options.once else 60.0
    if options.json is not None and not options.once:
        parser.error("--json goes with --once")
    return options


def _speed(text: str) -> float:
    speed = float(text)
    if not 1 <= speed <= 1000:
        raise argparse.ArgumentTypeError("expected a number from 1 to 1000")
    return speed


if __name__ == "__main__":
    sys.exit(main())
