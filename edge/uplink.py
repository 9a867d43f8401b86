"""Outbox -> broker -> receipts -> outbox. A row leaves this home only when the database says that it has it.

One thread reads contiguous runs from the outbox and publishes each as a message. A run stays in the window until a
receipt covers it; PUBACK counts for nothing, since a broker may lose what it acknowledged. A run without a receipt goes
again, with a doubling pause that any receipt resets. The window bounds what a silent centre is sent. Numbers that a
full outbox gave up are told in the same way, since receipts would wait for them. A receipt counts with the centre's
signature only (edge/receipt_trust.py).
"""

import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import msgspec
import structlog

from edge.client_id import client_id
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.errors import Temporary
from edge.figures import Figures
from edge.identity.line_tls import LineTls
from edge.mqtt_line import Arrived, LineHandlers, MqttLine
from edge.outbox import Numbered, Outbox
from edge.outbox_runs import contiguous_runs, covers
from edge.receipt_trust import LATELY, ReceiptTrust
from protocols.errors import DecodeError
from protocols.telemetry import topics
from protocols.telemetry.chain import digest_of, next_link
from protocols.telemetry.messages import MAX_GIVEN_UP_RANGES, ReadingsMessage, Receipt, StatusMessage, decode, encode

_log = structlog.get_logger()

LONGEST_RESEND_S = 300.0
IDLE_S = 60.0
SHORTEST_STATUS_S = 2.0
"""However often a device's trouble comes and goes."""


@dataclass
class _Run:
    """Numbers that were sent in one message and are not known to be stored."""

    first: int
    last: int
    due_s: float
    """Monotonic time at which they go again."""
    pause_s: float


class Uplink:
    def __init__(
        self,
        config: EdgeConfig,
        outbox: Outbox,
        clock: Clock,
        figures: Figures,
        *,
        status: Callable[[], StatusMessage],
        crashed: Callable[[str], None],
        hears: Mapping[str, Callable[[bytes], None]] = MappingProxyType({}),
    ) -> None:
        """`crashed` is called with a reason when the thread had to end: the process must not live on without it.

        `hears`: by channel, who is given what the centre sends beside receipts, in the connection's thread.
        """
        self._settings = config.uplink
        self._gateway = config.gateway
        self._outbox = outbox
        self._clock = clock
        self._figures = figures
        self._status = status
        self._crashed = crashed
        self._hears = hears
        self._wake = threading.Condition()
        self._stopping = False
        self._receipts: deque[Receipt] = deque()
        self._receipts_due_s = 0.0
        self._session_lost = False
        self._status_due_s = 0.0
        self._status_sent_s = 0.0
        self._woken = False
        self._epoch = outbox.epoch
        self._store = outbox.store
        self._trust = ReceiptTrust(config.gateway, config.receipts.pinned, config.centre_key_path)
        self._run = secrets.randbits(63)
        self._session = 0
        self._sequence = 0
        self._asks = False
        self.receipts_taken = 0
        """Since this start."""
        self._not_alone_at: datetime | None = None
        self._sent_through = 0
        self._window: list[_Run] = []
        self._oldest_unsent_s: float | None = None
        self._told: _Run | None = None
        self._line = MqttLine(
            client_id(config.data, config.gateway, "readings"),
            config.broker.address,
            tuple(topics.topic(config.gateway, channel) for channel in (topics.RECEIPT, *hears)),
            LineHandlers(
                arrived=self._on_arrived,
                up=self._on_up,
                down=lambda: None,
                sent=lambda _mid, _ok: None,
                last_will=self._last_will,
            ),
            tls=LineTls(config.identity_path) if config.broker.is_secure else None,
            name="readings",
        )
        self._thread = threading.Thread(target=self._work, name="uplink", daemon=True)

    @property
    def is_up(self) -> bool:
        return self._line.is_up

    @property
    def centre_key(self) -> bytes | None:
        """The public key that the centre signs by; None before it is known."""
        return self._trust.key

    def problem(self) -> str | None:
        """What is wrong with the centre's receipts or with this gateway's name, in a sentence. From any thread."""
        if self._line.taken_over(LATELY.total_seconds()):
            return (
                "another gateway connects under this one's name and takes its connection over: was the card copied? "
                "Switch one of them off, or give it a name and an enrolment of its own"
            )
        now = self._clock.now()
        if self._not_alone_at is not None and now - self._not_alone_at < LATELY:
            return (
                "the centre has readings of this outbox that this gateway did not send: its card was copied, or an "
                "older copy of it put back; what waits goes again in a new outbox; see that one gateway has this name"
            )
        return self._trust.problem(now)

    def start(self) -> None:
        self._line.start()
        self._thread.start()

    def wake(self) -> None:
        """There is something new in the outbox. From any thread."""
        with self._wake:
            self._woken = True
            self._wake.notify()

    def status_changed(self) -> None:
        """Tells the centre soon instead of at the next heartbeat. From any thread."""
        with self._wake:
            self._status_due_s = min(self._status_due_s, self._status_sent_s + SHORTEST_STATUS_S)
            self._woken = True
            self._wake.notify()

    def ask_receipt(self) -> None:
        """Has the centre say what it has of us, also where nothing is new. From any thread."""
        self._asks = True
        self.status_changed()

    def stop(self, reason: str) -> None:
        """Sends what the outbox holds as far as the window allows, and says farewell with `reason`."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(5.0)
        self._line.stop((topics.topic(self._gateway, topics.STATUS), encode(self._offline(reason))))

    def _on_up(self, session_kept: bool) -> None:
        with self._wake:
            self._session_lost = self._session_lost or not session_kept
            self._status_due_s = 0.0
            self._woken = True
            self._wake.notify()

    def _on_arrived(self, arrived: Arrived) -> None:
        heard = self._hears.get(arrived.topic.rpartition("/")[2])
        if heard is not None:
            heard(arrived.payload)
        else:
            self._on_receipt(arrived)

    def _on_receipt(self, arrived: Arrived) -> None:
        try:
            receipt = decode(Receipt, arrived.payload)
        except DecodeError as error:
            _log.warning("receipt_refused", problem=str(error))
            return
        try:
            if not self._trust.accepts(receipt, self._clock.now()):
                self._figures.receipts_refused.inc()
                self.status_changed()
                return
        except OSError as error:
            _log.warning("receipt_waits", problem=f"the centre's key cannot be written: {error.strerror}")
            return
        with self._wake:
            self._receipts.append(receipt)
            self._wake.notify()

    def _last_will(self) -> tuple[str, bytes]:
        """Asked before each connect: a session begins."""
        with self._wake:
            try:
                self._session = self._outbox.begin_session()
            except Temporary:  # the disk is full; what is said is said as of the session before
                _log.warning("session_not_counted")
            self._sequence = 0
        return topics.topic(self._gateway, topics.STATUS), encode(self._offline("link lost"))

    def _offline(self, reason: str) -> StatusMessage:
        return self._counted(StatusMessage(online=False, at=self._clock.now(), reason=reason, epoch=self._epoch))

    def _counted(self, status: StatusMessage) -> StatusMessage:
        """With its place among all that this gateway says of itself."""
        with self._wake:
            self._sequence += 1
            return msgspec.structs.replace(
                status,
                run=self._run,
                session=self._session,
                sequence=self._sequence,
                store=0 if self._asks else self._store,  # a centre answers to a store that is not its own
                receipts_refused=self._trust.refused,
            )

    def _work(self) -> None:
        try:
            while not self._stopping:
                pause_s = self._turn()
                with self._wake:
                    if not self._has_work():
                        self._wake.wait(pause_s)
            self._turn()
        except Exception as error:  # noqa: BLE001 - outermost loop of the thread: said aloud, and the process ends
            _log.exception("uplink_crashed")
            self._crashed(f"the uplink stopped: {error}")

    def _has_work(self) -> bool:
        receipts = bool(self._receipts) and time.monotonic() >= self._receipts_due_s
        return receipts or self._stopping or self._woken

    def _turn(self) -> float:
        """Takes what came, sends what is due, and returns in how many seconds something will be."""
        with self._wake:
            self._woken = False  # before anything is looked at: what comes from here on has its own turn
            session_lost, self._session_lost = self._session_lost, False
        if session_lost:
            self._everything_is_due()
        receipts_s = self._take_receipts()
        return min(receipts_s, self._send_due(flush=self._stopping) if self._line.is_up else IDLE_S)

    def _take_receipts(self) -> float:
        """In how many seconds to go on with them: a full disk takes none, and must silence neither status nor data."""
        wait_s = self._receipts_due_s - time.monotonic()
        if wait_s > 0:
            return wait_s
        try:
            while self._receipts:
                self._take_receipt(self._receipts[0])
                self._receipts.popleft()
        except Temporary as error:
            _log.warning("receipt_waits", problem=str(error))
            self._receipts_due_s = time.monotonic() + error.retry_after_s
            return error.retry_after_s
        return IDLE_S

    def _everything_is_due(self) -> None:
        """The broker has forgotten us, and perhaps what it had acknowledged."""
        for run in [*self._window, *([self._told] if self._told else [])]:
            run.due_s = 0.0

    def _take_receipt(self, receipt: Receipt) -> None:
        gone = self._outbox.forget(receipt, self._clock.now())
        self._figures.receipts.inc()
        self.receipts_taken += 1
        self._asks = False
        epoch, store = self._outbox.epoch, self._outbox.store
        if (epoch, store) != (self._epoch, self._store):  # what waits is another, or other numbers wait again
            if epoch != self._epoch:
                self._not_alone_at = self._clock.now()
                self.status_changed()
            self._epoch, self._store, self._sent_through, self._window, self._told = epoch, store, 0, [], None
            return
        if receipt.epoch != self._epoch:
            return
        _log.debug("receipt", through=receipt.through, deleted=gone)
        now_s = time.monotonic()
        self._window = [run for run in self._window if not covers(receipt, run.first, run.last)]
        for run in self._window:  # the centre is alive: what is missing was lost on the way
            run.pause_s = self._settings.resend_s
            run.due_s = min(run.due_s, now_s + run.pause_s)

    def _send_due(self, *, flush: bool) -> float:
        """Publishes all that is due and returns in how many seconds something will be."""
        self._send_again()
        wait_s = min(self._send_status(), self._tell_given_up(), self._send_new(flush=flush))
        resend_s = min((run.due_s for run in self._window), default=math.inf) - time.monotonic()
        return max(0.0, min(wait_s, resend_s))

    def _send_status(self) -> float:
        now_s = time.monotonic()
        with self._wake:
            if now_s < self._status_due_s:
                return self._status_due_s - now_s
            self._status_sent_s = now_s
            self._status_due_s = now_s + self._settings.status_s
        self._line.publish(
            topics.topic(self._gateway, topics.STATUS), encode(self._counted(self._status())), retain=True
        )
        return self._settings.status_s

    def _tell_given_up(self) -> float:
        """One message at a time; the next when all that it told is settled."""
        ranges = self._outbox.untold(MAX_GIVEN_UP_RANGES)
        if not ranges:
            self._told = None
            return IDLE_S
        now_s = time.monotonic()
        pause_s = self._settings.resend_s
        if self._told is not None and ranges[0][0] <= self._told.last:
            if now_s < self._told.due_s:
                return self._told.due_s - now_s
            pause_s = min(self._told.pause_s * 2, LONGEST_RESEND_S)
        message = ReadingsMessage(epoch=self._epoch, first=1, sent_at=self._clock.now(), readings=(), given_up=ranges)
        self._line.publish(topics.topic(self._gateway, topics.READINGS), encode(message))
        self._told = _Run(ranges[0][0], ranges[-1][1], now_s + pause_s, pause_s)
        self._figures.messages.inc()
        return pause_s

    def _send_again(self) -> None:
        now_s = time.monotonic()
        due = [run for run in self._window if run.due_s <= now_s]
        resent = 0
        for run in due:
            self._window.remove(run)
            rows = self._outbox.batch(run.first - 1, run.last - run.first + 1, run.last)
            pause_s = min(run.pause_s * 2, LONGEST_RESEND_S)
            for part in contiguous_runs(rows):
                self._publish(part, pause_s)
            resent += len(rows)
        if resent:
            self._figures.resent.inc(resent)
            _log.info("sent_again", readings=resent, messages=len(due))

    def _send_new(self, *, flush: bool) -> float:
        limit = self._settings.batch_readings
        while len(self._window) < self._settings.window_messages:
            rows = self._outbox.batch(self._sent_through, limit)
            if not rows:
                self._oldest_unsent_s = None
                return IDLE_S
            if len(rows) < limit and not flush:
                wait_s = self._linger_left_s()
                if wait_s > 0:
                    return wait_s
            self._oldest_unsent_s = None
            self._publish(contiguous_runs(rows)[0], self._settings.resend_s)
        return IDLE_S  # the window is full: a receipt wakes us, or a resend

    def _linger_left_s(self) -> float:
        now_s = time.monotonic()
        if self._oldest_unsent_s is None:
            self._oldest_unsent_s = now_s
        return self._oldest_unsent_s + self._settings.linger_ms / 1000 - now_s

    def _publish(self, run: list[Numbered], pause_s: float) -> None:
        first, last = run[0].number, run[-1].number
        sent_at: datetime = self._clock.now()
        message = ReadingsMessage(
            epoch=self._epoch,
            first=first,
            sent_at=sent_at,
            readings=tuple(row.reading for row in run),
            chain_before=run[0].before,
            chain_after=next_link(run[-1].before, digest_of(run[-1].reading)),
        )
        self._line.publish(topics.topic(self._gateway, topics.READINGS), encode(message))
        self._sent_through = max(self._sent_through, last)
        self._window.append(_Run(first, last, time.monotonic() + pause_s, pause_s))
        self._figures.messages.inc()
