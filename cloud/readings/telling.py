"""Receipts on their way to their homes: of an outbox only the newest goes, and what goes together is signed together.

A receipt says all that is stored of an outbox, so one that is a moment newer says it too. Who was not told for
`LINGER_S` is told at once; who was, waits so long for the next, unless `MANY` of its letters wait: a home that sends a
backlog has a window, and that must not stand still.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from cloud.readings.signing import ReceiptSigner
from protocols.telemetry import topics
from protocols.telemetry.messages import Receipt, encode

LINGER_S = 1.0
MANY = 10
"""A quarter of a gateway's window (edge.config)."""
_LEAVE_S = 10.0
_MOST_REMEMBERED = 20_000
_Outbox = tuple[str, int]


@dataclass(frozen=True)
class _Waiting:
    receipt: Receipt
    generation: int
    letters: int
    """That it answers."""
    due_s: float
    """Monotonic."""


class Telling:
    """Takes receipts from any thread, and signs and publishes them on its own. Leaving it sends what waits."""

    def __init__(self, signer: ReceiptSigner, publish: Callable[[Iterable[tuple[str, bytes]]], None]) -> None:
        """`publish` gets topics and payloads."""
        self._signer = signer
        self._publish = publish
        self._waiting: dict[_Outbox, _Waiting] = {}
        self._told_at_s: dict[_Outbox, float] = {}
        self._changed = threading.Condition()
        self._over = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def tell(self, receipts: Sequence[tuple[str, Receipt]], generation: int, letters: Mapping[str, int]) -> None:
        """Of a database of `generation`, after its COMMIT. `letters` of each gateway are answered with them; who is
        not among these has asked, and is told at once.

        Raises what ended the thread, if something did.
        """
        if self._failure is not None:
            raise self._failure
        now_s = time.monotonic()
        with self._changed:
            for gateway, receipt in receipts:
                outbox = (gateway, receipt.epoch)
                older = self._waiting.get(outbox)
                waiting = letters.get(gateway, MANY) + (0 if older is None else older.letters)
                due_s = now_s if waiting >= MANY else self._told_at_s.get(outbox, -LINGER_S) + LINGER_S
                self._waiting[outbox] = _Waiting(receipt, generation, waiting, due_s)
            self._changed.notify()

    def __enter__(self) -> "Telling":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        try:
            while due := self._next():
                self._send(due)
        except Exception as error:  # noqa: BLE001 - carried to whoever tells next
            self._failure = error

    def _next(self) -> dict[_Outbox, _Waiting]:
        """What is due, when something is; empty at the end."""
        with self._changed:
            while not self._over:
                wait_s = min((waiting.due_s for waiting in self._waiting.values()), default=inf) - time.monotonic()
                if wait_s <= 0:
                    break
                self._changed.wait(None if wait_s == inf else wait_s)
            now_s = time.monotonic()
            due = {outbox: waiting for outbox, waiting in self._waiting.items() if self._over or waiting.due_s <= now_s}
            for outbox in due:
                del self._waiting[outbox]
                self._told_at_s[outbox] = now_s
            if len(self._told_at_s) > _MOST_REMEMBERED:
                self._told_at_s = {outbox: at_s for outbox, at_s in self._told_at_s.items() if at_s > now_s - LINGER_S}
            return due

    def _send(self, due: dict[_Outbox, _Waiting]) -> None:
        for generation in {waiting.generation for waiting in due.values()}:
            told = [(outbox[0], waiting.receipt) for outbox, waiting in due.items() if waiting.generation == generation]
            signed = self._signer.sign(told, generation)
            self._publish([(topics.topic(gateway, topics.RECEIPT), encode(receipt)) for gateway, receipt in signed])
