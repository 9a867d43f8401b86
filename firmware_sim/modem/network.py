"""The simulated network: texts go from modem to modem, and to phones that are lines of a file."""

import asyncio
import json
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from firmware_sim.clock import Clock
from protocols.sms.pdu import Deliver, StatusReport, Submit, encode_deliver, encode_status_report

_log = structlog.get_logger()

SERVICE_CENTRE = "+8613800210500"
DELIVERY_S = 0.05


class Subscriber(Protocol):
    """A modem, as its network sees it."""

    @property
    def reachable(self) -> bool: ...

    def text_comes(self, pdu: bytes) -> None: ...

    def report_comes(self, pdu: bytes) -> None: ...


class SimulatedNetwork:
    """Used inside one event loop. What comes for a modem that cannot be reached waits for it."""

    def __init__(self, clock: Clock, *, inbox: Path | None = None, delivery_s: float = DELIVERY_S) -> None:
        """`inbox`: texts to numbers that no modem has become lines of JSON there: `to`, `from`, `text`, `at`."""
        self._clock = clock
        self._inbox = inbox
        self._delivery_s = delivery_s
        self._modems: dict[str, Subscriber] = {}
        self._waiting: dict[str, deque[tuple[str, Submit, int, bool]]] = {}
        self.carried = 0
        """Texts that reached a modem or a phone."""

    def attach(self, number: str, modem: Subscriber) -> None:
        self._modems[number] = modem
        self.reachable_again(number)

    def detach(self, number: str) -> None:
        self._modems.pop(number, None)

    def reachable_again(self, number: str) -> None:
        """Passes on what waited."""
        for waiting in self._waiting.pop(number, ()):
            self._pass_on(*waiting)

    def take(self, sender: str, submit: Submit, reference: int, *, reports: bool) -> None:
        """A text that a modem gave; the network has it from here on."""
        loop = asyncio.get_running_loop()
        loop.call_later(self._delivery_s, self._pass_on, sender, submit, reference, reports)

    def _pass_on(self, sender: str, submit: Submit, reference: int, reports: bool) -> None:
        taken_at = self._now()
        modem = self._modems.get(submit.recipient)
        if modem is not None and not modem.reachable:
            self._waiting.setdefault(submit.recipient, deque()).append((sender, submit, reference, reports))
            return
        if modem is not None:
            modem.text_comes(encode_deliver(Deliver(sender, taken_at, submit.data, SERVICE_CENTRE)))
        else:
            self._to_phone(sender, submit, taken_at)
        self.carried += 1
        if submit.wants_report and reports:
            report = StatusReport(reference, submit.recipient, taken_at, self._now(), 0)
            asyncio.get_running_loop().call_later(self._delivery_s, self._report, sender, report)

    def _report(self, sender: str, report: StatusReport) -> None:
        modem = self._modems.get(sender)
        if modem is not None and modem.reachable:
            modem.report_comes(encode_status_report(report))

    def _to_phone(self, sender: str, submit: Submit, at: datetime) -> None:
        _log.info("network.phone", length=len(submit.data.text))
        if self._inbox is None:
            return
        line = {"to": submit.recipient, "from": sender, "text": submit.data.text, "at": at.isoformat()}
        if submit.data.part is not None:
            line["part"] = f"{submit.data.part.number}/{submit.data.part.total}"
        with self._inbox.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _now(self) -> datetime:
        return self._clock.now().astimezone().replace(microsecond=0)
