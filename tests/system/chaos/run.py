"""One run from beginning to end: start, break, settle, judge."""

import contextlib
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from edge.errors import Permanent
from edge.outbox import outbox_figures
from tests.system.chaos.desk import Desk
from tests.system.chaos.diary import Diary
from tests.system.chaos.elder import Elder
from tests.system.chaos.faults import Faults
from tests.system.chaos.growth import Size, complaints, sizes
from tests.system.chaos.judge import Verdict, judge
from tests.system.chaos.ledger import Ledger, journalled
from tests.system.chaos.plan import HOMES, OUTAGE_H, Kind, Plan
from tests.system.chaos.stage import Stage

_TICK_S = 0.02
_LEDGER_EVERY_S = 4.0
_WARM_S = 4.0
_REST_LOOKS = 10
_NOTHING_MOVES_S, _SETTLE_MOST_S = 75.0, 300.0
_SETTLED_LOOK_S = 1.0
_NAMED = 20
"""So many of what was lost are told with what was going on."""


class Chaos:
    def __init__(self, folder: Path, plan: Plan, diary: Diary, *, may_mount: bool) -> None:
        self._plan = plan
        self._diary = diary
        self._ledger = Ledger()
        lossy = may_mount and shutil.which("nsenter") is not None and Path("/dev/net/tun").exists()
        self._stage = Stage(folder, plan, diary, self._ledger, disks=may_mount, lossy=lossy)
        self._faults = Faults(self._stage)
        self._desk: Desk | None = None
        self._elders: list[Elder] = []
        self._next_ledger_s = 0.0
        self._ended = False

    def run(self, *, minutes: float) -> dict[str, Any]:
        """The report. Raises TimeoutError where something does not even start."""
        stage, plan = self._stage, self._plan
        stage.start()
        self._desk = desk = Desk(lambda: (stage.run or {}).get("web"), self._diary)
        before = self._sizes_at_rest()
        for service in stage.services.values():
            if service.unasked_ends:
                raise TimeoutError(f"{service.name} does not stay up; it says:\n{service.last_words()}")
        self._diary.note("all is up; the breaking begins")
        began_s = time.monotonic()
        for name in HOMES:
            presses = [press for press in plan.presses if press.gateway == name]
            elder = Elder(stage.households[name], presses, self._ledger, desk)
            elder.begin(stage.controls[name].path, began_s, self._diary)
            self._elders.append(elder)
        self._break(began_s)
        self._diary.note("the breaking is over; waiting for all to arrive")
        self._faults.settle()
        settle_began_s = time.monotonic()
        why_not = self._settle()
        settle_s = time.monotonic() - settle_began_s
        self._pass_time(_WARM_S)
        after = sizes(stage)
        try:
            with psycopg.connect(stage.dsn, autocommit=True) as connection:
                verdict = judge(connection, self._ledger, dict(desk.shown), stage.left_epochs())
        except psycopg.OperationalError as error:
            words = stage.services["centre"].last_words()
            raise TimeoutError(f"seed {plan.seed}: no database to judge by: {error}\n{words}") from error
        ends = self.end()
        return self._report(verdict, minutes, settle_s, [*why_not, *ends], (before, after))

    def end(self) -> list[str]:
        """Stops people and processes; what did not end well. Twice does no harm."""
        if self._ended:
            return []
        self._ended = True
        for elder in self._elders:
            elder.stop()
        if self._desk is not None:
            self._desk.close()
        return self._stage.stop()

    def failed(self, report: dict[str, Any]) -> bool:
        """Whether to exit with 1."""
        return any(report[key] for key in ("lost", "doubled", "alarms_lost", "alarms_doubled", "not_back"))

    def _pass_time(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._look()

    def _sizes_at_rest(self) -> dict[str, Size]:
        """When nobody opens files any more: all is up."""
        self._pass_time(_WARM_S)
        found = sizes(self._stage)
        for _ in range(_REST_LOOKS):
            self._pass_time(1.0)
            earlier, found = found, sizes(self._stage)
            if {name: size.files for name, size in earlier.items()} == {name: s.files for name, s in found.items()}:
                break
        return found

    def _look(self) -> None:
        stage = self._stage
        stage.look()
        self._faults.look()
        if time.monotonic() >= self._next_ledger_s:
            self._next_ledger_s = time.monotonic() + _LEDGER_EVERY_S
            for name, control in stage.controls.items():
                self._ledger.look(stage.households[name], control)
        time.sleep(_TICK_S)

    def _break(self, began_s: float) -> None:
        """The plan's faults and measurements, each at its time."""
        todo: list[tuple[float, int, Any]] = []
        for place, one in enumerate(self._plan.breaks):
            todo.append((one.at_s, place, lambda one=one: self._faults.begin(one)))
            if one.lasts_s or one.kind is Kind.DUPLICATE_GATEWAY:
                todo.append((one.at_s + one.lasts_s, place, lambda one=one: self._faults.end(one)))
        for place, taken in enumerate(self._plan.measurements, start=len(todo)):
            control = self._stage.controls[taken.gateway]
            device = "ble" if taken.bluetooth else "serial"
            todo.append(
                (
                    taken.at_s,
                    place,
                    lambda control=control, taken=taken, device=device: control.measure_glucose(
                        taken.glucose_mg_dl, device
                    ),
                )
            )
        for at_s, _, do in sorted(todo, key=lambda item: item[:2]):
            while time.monotonic() < began_s + at_s:
                self._look()
            do()
        while time.monotonic() < began_s + self._plan.length_s:
            self._look()

    def _settle(self) -> list[str]:
        """Waits until everything arrived; sentences of what did not in time."""
        began_s = moved_s = time.monotonic()
        before: list[str] = []
        while True:
            self._pass_time(_SETTLED_LOOK_S)
            open_things, now_s = self._open_things(), time.monotonic()
            if not open_things:
                return []
            if open_things != before:
                before, moved_s = open_things, now_s
            if now_s > moved_s + _NOTHING_MOVES_S or now_s > began_s + _SETTLE_MOST_S:
                return open_things

    def _open_things(self) -> list[str]:
        stage, ledger = self._stage, self._ledger
        found = []
        for name, path in stage.outboxes.items():
            with contextlib.suppress(Permanent):
                if rows := outbox_figures(path).backlog.rows:
                    found.append(f"{name}: {rows} rows wait in the outbox")
        for name in HOMES:
            states = journalled(stage.households[name].data / "alarm.db")
            if calls := [alarm for alarm, state in states.items() if state != "closed"]:
                found.append(f"{name}: alarms are open in the journal: {', '.join(calls)}")
        if not all(elder.done for elder in self._elders):
            found.append("somebody still presses a button")
        if self._desk is not None and (alarms := self._desk.open()):
            found.append(f"the desk could not close: {', '.join(alarms)}")
        found += [
            f"{gateway} {device}: {n} records were not read" for (gateway, device), n in ledger.waiting.items() if n
        ]
        found += [f"{name} is still there" for name in stage.services if name.startswith(("duplicate", "clone"))]
        return found

    def _report(
        self,
        verdict: Verdict,
        minutes: float,
        settle_s: float,
        not_back: list[str],
        growth: tuple[dict[str, Size], dict[str, Size]],
    ) -> dict[str, Any]:
        ledger, plan = self._ledger, self._plan
        before, after = growth
        shown = {} if self._desk is None else self._desk.shown
        waited = sorted((shown[alarm].at_s - c.at_s, c.at_s) for alarm, c in ledger.calls.items() if alarm in shown)
        if waited:
            self._diary.note(f"the longest way from a press to the desk took {waited[-1][0]:.1f} s; then:")
            for line in self._diary.around(waited[-1][1]):
                print(f"        {line}", flush=True)
        not_back = [*not_back, *complaints(before, after), *verdict.gaps]
        unasked = {s.name: s.unasked_ends for s in self._stage.services.values() if s.unasked_ends}
        not_back += [f"{name} ended by itself with {codes}" for name, codes in unasked.items() if name != "ingest-2"]
        if verdict.dead_letters:
            not_back.append(f"{verdict.dead_letters} letters are dead")
        for what, at_s in [*verdict.lost[:_NAMED], *verdict.alarms_lost[:_NAMED]]:
            self._diary.note(f"LOST {what}; what was going on then:")
            for line in self._diary.around(at_s):
                print(f"        {line}", flush=True)
        for what in [*verdict.doubled[:_NAMED], *verdict.alarms_doubled[:_NAMED]]:
            self._diary.note(f"DOUBLED {what}")
        for what in not_back:
            self._diary.note(f"NOT BACK {what}")
        return {
            "seed": plan.seed,
            "minutes": minutes,
            "breaking_s": plan.length_s,
            "settled_after_s": round(settle_s, 1),
            "faults": dict(sorted(self._faults.done.items())),
            "not_done": self._faults.not_done,
            "handed_over": verdict.handed_over,
            "stored": verdict.stored,
            "lost": len(verdict.lost),
            "doubled": len(verdict.doubled),
            "alarms_pressed": verdict.alarms_pressed,
            "alarms_shown_once": verdict.alarms_shown_once,
            "alarms_lost": len(verdict.alarms_lost),
            "alarms_doubled": len(verdict.alarms_doubled),
            "presses": ledger.pressed,
            "pressed_again_while_the_gateway_was_down": ledger.pressed_again,
            "records_of_meters": sum(len(book) for book in ledger.meters.values()),
            "press_to_desk_median_s": round(waited[len(waited) // 2][0], 2) if waited else None,
            "press_to_desk_longest_s": round(waited[-1][0], 1) if waited else None,
            "outage_h": OUTAGE_H,
            "starts_refused_on_a_full_disk": sum(s.excused_ends for s in self._stage.services.values()),
            "not_back": not_back,
            "lost_records": [what for what, _ in verdict.lost],
            "doubled_records": verdict.doubled,
            "lost_alarms": [what for what, _ in verdict.alarms_lost],
            "growth": {
                name: {"before": asdict(size), "after": asdict(after[name]) if name in after else None}
                for name, size in before.items()
            },
        }
