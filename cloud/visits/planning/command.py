"""What `doorstep-cloud plan` does: an instance file in, a plan file out, in the time that is given."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from cloud.visits.planning.crew import plan_day
from cloud.visits.planning.hhcrsp import decode_instance, encode_plan
from cloud.visits.planning.model import Day, Plan, PlanningError

ENDING_S = 1.0
"""Kept for starting and ending Python."""


def plan_file(instance: Path, seconds: float, out: Path, *, cores: int | None = None, seed: int = 1) -> Plan:
    """Writes a first plan at once and each better one over it; a reader never sees half a file.

    Raises PlanningError for what is not an instance, or one that nobody can serve; OSError for files.
    """
    begun = time.monotonic()
    try:
        day = decode_instance(instance.read_bytes())
    except PlanningError as error:
        raise PlanningError(f"{instance}: {error}") from error
    with _stopped_by_signals() as stop:
        left = seconds * 0.98 - (time.monotonic() - begun)
        searching = max(left - ENDING_S, left * 0.5, 0.0)
        return plan_day(
            day, searching, cores=cores, better=lambda plan: write_plan(day, plan, out), stopped=stop.is_set, seed=seed
        )


def write_plan(day: Day, plan: Plan, out: Path) -> None:
    half = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        half.write_bytes(encode_plan(day, plan))
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)


def said(plan: Plan) -> str:
    late = f"late {plan.lateness:.1f} in all, {plan.worst_lateness:.1f} at most"
    return f"cost {plan.cost:.3f}: travel {plan.travel:.1f}, {late}"


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """SIGINT and SIGTERM end the search; the best plan so far stands in the file."""
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
