"""`./dev chaos --minutes N --seed S --json FILE`: breaks everything for a while, and counts what arrived.

Ends with 0 where nothing was lost, doubled or left open, with 1 where something was, with 2 for wrong arguments.
"""

import argparse
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.system.chaos.diary import Diary
from tests.system.chaos.plan import create_plan
from tests.system.chaos.run import Chaos
from tests.system.chaos.small_disk import enter_namespaces

_AROUND_S = 70.0
"""Of the minutes asked for, so much is for starting and settling."""
_SHORTEST_S = 20.0


def main() -> int:
    arguments = _arguments()
    length_s = max(arguments.minutes * 60 - _AROUND_S, _SHORTEST_S)
    plan = create_plan(arguments.seed, length_s)
    print(f"chaos: seed {plan.seed}, {length_s:.0f} s of breaking, {len(plan.breaks)} faults", flush=True)
    if arguments.plan:
        for one in plan.breaks:
            print(f"{one.at_s:8.1f}  {one.kind} {one.target} {one.lasts_s or ''} {one.amount or ''}".rstrip())
        return 0
    no_namespaces = enter_namespaces()
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell has what it starts in the background ignore Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    diary = Diary(lambda line: print(line, flush=True))
    if no_namespaces is not None:
        diary.note(f"no disks and no lossy line: {no_namespaces}")
    folder = Path(tempfile.mkdtemp(prefix="doorstep-chaos-"))
    folder.chmod(0o755)  # the database runs as another user, who has to enter it
    chaos = Chaos(folder, plan, diary, may_mount=no_namespaces is None)
    began = time.monotonic()
    try:
        report = chaos.run(minutes=arguments.minutes)
    except TimeoutError as error:
        print(f"chaos: {error}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("chaos: stopped; nothing was judged", flush=True)
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave processes behind
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        chaos.end()
        if arguments.keep_logs is not None:
            shutil.copytree(folder / "logs", arguments.keep_logs, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    report["wall_s"] = round(time.monotonic() - began, 1)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    failed = chaos.failed(report)
    print(f"chaos: seed {plan.seed}: {'NOT WELL' if failed else 'well'}; {_summary(report)}", flush=True)
    return int(failed)


def _summary(report: dict[str, object]) -> str:
    keys = ("handed_over", "stored", "lost", "doubled", "alarms_pressed", "alarms_shown_once", "alarms_lost", "wall_s")
    return ", ".join(f"{key} {report[key]}" for key in keys)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=3.0, help="of the whole run, nearly (default 3)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of the plan (default: drawn)")
    parser.add_argument("--json", type=Path, help="where to write the report")
    parser.add_argument("--keep-logs", type=Path, help="a folder to copy every process's log to")
    parser.add_argument("--plan", action="store_true", help="print the plan of faults and end")
    arguments = parser.parse_args()
    if arguments.minutes <= 0:
        parser.error("--minutes: more than 0")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
