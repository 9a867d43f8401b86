"""The walk: what is tried, in which order, and what a person is asked to do for it.

Each result is on the disk at once (`install.json`), so that a walk that lost power goes on where it was.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from msgspec.structs import replace

from edge.alarm.sms.memory import want_test
from edge.config import CALLING_KINDS, Device, EdgeConfig
from edge.errors import EdgeError, Permanent
from edge.health import HealthReport
from edge.identity.enrolment import wall_now
from edge.install.centre import Centre
from edge.install.proving import judging
from edge.install.proving.watching import Watching
from edge.install.state import Proving, StateFile
from edge.sources.ble_link import PROFILE_OF_DRIVER
from edge.sources.serial_meter import SESSION_OF_DRIVER
from protocols.device_kind import DeviceKind
from protocols.enrolment.reports import Check, ProofReport

WAIT_S = 90.0
STARTS_S = 30.0
AGAIN_S = 8.0
"""A press of which nothing was heard for so long is asked for once more: radios miss one now and then."""
_PRESSED = CALLING_KINDS - {DeviceKind.SHOWER_SENSOR, DeviceKind.WATER_SENSOR}
_DO = {
    DeviceKind.EMERGENCY_BUTTON: "press it",
    DeviceKind.PULL_CORD: "pull it",
    DeviceKind.FALL_SENSOR: "let it fall from the height of a hip",
}


@dataclass(frozen=True)
class Person:
    """Who walks: is told what to do, and asked what only people see and hear."""

    say: Callable[[str], None]
    ask: Callable[[str], bool]
    """A question that is answered by yes or no."""


class Walk:
    def __init__(self, config: EdgeConfig, centre: Centre, person: Person, *, wait_s: float = WAIT_S) -> None:
        self._config = config
        self._centre = centre
        self._person = person
        self._wait_s = wait_s
        self._state = StateFile(config.data)
        self._watching = Watching(config)

    def walk(self, *, anew: bool = False) -> ProofReport:
        """To its end. Raises Permanent where there is nothing to try, CentreAway, and what `Centre` raises."""
        proving = self._state.read().proving
        if proving is None or anew:
            proving = Proving(began_at=wall_now())
            self._state.change(proving=proving)
        elif proving.checks:
            self._person.say(f"goes on with what was begun at {proving.began_at:%H:%M} UTC; --anew begins again")
        self._began_at = proving.began_at
        self._done = {(check.what, check.device) for check in proving.checks if check.passed}
        self._checks = {(check.what, check.device): check for check in proving.checks}
        self._need_gateway()
        self._try("clock", "", lambda: judging.clock(wall_now(), self._centre.home().at))
        for device in self._config.devices:
            self._try(*self._device(device))
        self._try("receipts", "", self._receipts)
        if self._config.alarm.lamp or self._config.alarm.voice or self._config.alarm.buzzer:
            self._try("feedback", "", self._feedback)
        if self._config.sms is not None:
            self._try("sms", "", self._sms)
        report = self._need_gateway()
        for known in report.devices:
            for check in (judging.signal(known, wall_now()), judging.battery(known, wall_now())):
                if check is not None:
                    self._note(check)
        if report.power is not None:
            self._note(judging.power(report.power, wall_now()))
        self._note(judging.health(report, wall_now()))
        return ProofReport(
            gateway=self._config.gateway,
            version=version("doorstep"),
            began_at=self._began_at,
            ended_at=wall_now(),
            checks=tuple(self._checks.values()),
        )

    def _need_gateway(self) -> HealthReport:
        found = Watching.until(self._watching.health, STARTS_S)
        if found is None:
            raise Permanent(
                "the gateway does not run: sudo systemctl start doorstep-edge; `doorstep-edge doctor` helps"
            )
        there = {device.device for device in found.devices}
        missing = [device.name for device in self._config.devices if device.name not in there]
        if missing:
            raise Permanent(
                f"the gateway runs with an older configuration, without {', '.join(missing)}: "
                "sudo systemctl restart doorstep-edge"
            )
        return found

    def _try(self, what: str, device: str, look: Callable[[], Check]) -> None:
        """Again and again, until it passes or the person gives it up."""
        if (what, device) in self._done:
            return
        while True:
            check = look()
            self._note(check)
            if check.passed or not self._person.ask(f"{device or what}: {check.detail}. Try again?"):
                return

    def _note(self, check: Check) -> None:
        check = replace(check, detail=check.detail[:500])
        self._checks[check.what, check.device] = check
        self._state.change(proving=Proving(began_at=self._began_at, checks=tuple(self._checks.values())))
        self._person.say(f"{'ok' if check.passed else 'no'}  {check.device or 'gateway'}  {check.what}: {check.detail}")

    def _device(self, device: Device) -> tuple[str, str, Callable[[], Check]]:
        if device.kind in _PRESSED:
            return "button", device.name, lambda: self._press(device)
        if device.model.driver in PROFILE_OF_DRIVER or device.model.driver in SESSION_OF_DRIVER:
            return "meter", device.name, lambda: self._meter(device)
        return "sensor", device.name, lambda: self._sensor(device)

    def _meter(self, device: Device) -> Check:
        began_at = wall_now()
        self._person.say(f"{device.name}: measure with it now, and leave it near the gateway")
        found = Watching.until(lambda: self._watching.measured(device.name, began_at), self._wait_s)
        if found is None:
            detail = f"nothing of it came within {self._wait_s:.0f} s"
        else:
            detail = f"{found.reading.metric} {found.reading.value:g} {found.reading.unit}"
        return Check(what="meter", passed=found is not None, at=wall_now(), device=device.name, detail=detail)

    def _sensor(self, device: Device) -> Check:
        def heard() -> datetime | None:
            report = self._watching.health()
            known = [] if report is None else [d for d in report.devices if d.device == device.name]
            return known[0].heard_at if known else None

        self._person.say(f"{device.name}: waiting to hear it")
        found = Watching.until(heard, self._wait_s)
        detail = "it is heard" if found is not None else f"it was not heard within {self._wait_s:.0f} s"
        return Check(what="sensor", passed=found is not None, at=wall_now(), device=device.name, detail=detail)

    def _press(self, device: Device) -> Check:
        """A call that is told as a test: it reaches the desk, and nobody sets out."""
        began_at = wall_now()

        def answered() -> bool | None:
            found = self._watching.call(device.name, began_at)
            return None if found is None or not Watching.centre_has(found[0]) else found[1]

        try:
            self._watching.tries_for(self._wait_s)
            self._person.say(f"{device.name}: {_DO[device.kind]} now, and see and hear what the home says")
            found = Watching.until(answered, min(AGAIN_S, self._wait_s))
            if found is None and self._watching.call(device.name, began_at) is None and self._wait_s > AGAIN_S:
                self._person.say(f"{device.name}: nothing was heard yet, {_DO[device.kind]} once more")
            if found is None:
                found = Watching.until(answered, max(self._wait_s - AGAIN_S, 0.0))
            raised = self._watching.call(device.name, began_at)
        finally:
            self._watching.tries_for(0.0)
        if found is not None:
            took_s = (wall_now() - began_at).total_seconds()
            detail = f"the centre has it, {took_s:.0f} s after it was asked for"
        elif raised is not None:
            detail = "it was heard, and the centre did not answer"
        else:
            detail = f"nothing was heard of it within {self._wait_s:.0f} s"
        return Check(what="button", passed=found is not None, at=wall_now(), device=device.name, detail=detail)

    def _receipts(self) -> Check:
        """All that waits reaches the centre's database, and both connections stand."""

        def through() -> HealthReport | None:
            report = self._watching.health()
            if report is None or not report.broker_connected or report.backlog_rows:
                return None
            return report if report.alarm_line_connected or not self._config.calls else None

        if Watching.until(through, self._wait_s) is not None:
            return Check(what="receipts", passed=True, at=wall_now(), detail="the centre's database has all of it")
        report = self._watching.health()
        if report is None:
            detail = "the gateway has ended"
        elif not report.broker_connected:
            detail = "the broker is away; `doorstep-edge doctor` looks for the reason"
        elif report.backlog_rows:
            detail = f"{report.backlog_rows} readings wait, and the centre gives no receipt"
        else:
            detail = "the alarm's own connection is down"
        return Check(what="receipts", passed=False, at=wall_now(), detail=detail)

    def _feedback(self) -> Check:
        """Only a person sees and hears it."""
        alarm = self._config.alarm
        parts = [
            name for name, there in (("lamp", alarm.lamp), ("buzzer", alarm.buzzer), ("voice", alarm.voice)) if there
        ]
        passed = self._person.ask(f"Did you see and hear the {', '.join(parts)} after the press?")
        detail = f"{', '.join(parts)} {'told' if passed else 'did not tell'} what became of the call"
        return Check(what="feedback", passed=passed, at=wall_now(), detail=detail)

    def _sms(self) -> Check:
        began_at = wall_now()
        self._person.say("a test text goes to the centre and back; that takes a minute")
        try:
            want_test(self._config.sms_path)
        except EdgeError as error:
            return Check(what="sms", passed=False, at=wall_now(), detail=str(error))

        def answered() -> Check | None:
            report = self._watching.health()
            return None if report is None else judging.modem(report.modem, began_at, wall_now())

        found = Watching.until(answered, max(self._wait_s, 180.0))
        return found or Check(what="sms", passed=False, at=wall_now(), detail="the centre did not answer the test text")
