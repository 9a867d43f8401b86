"""Receipts on their way to their homes: of an outbox only the newest goes, and what goes together is signed together.

A receipt says all that is stored of an outbox, so one that is a moment newer says it too. While more letters wait than
are stored, a receipt waits for the next one of its outbox, `LINGER_S` at most; a home that has much under way, and
everybody while nothing else waits, gets it at once.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cloud.readings.signing import ReceiptSigner
from protocols.telemetry import topics
from protocols.telemetry.messages import Receipt, encode

LINGER_S = 0.5
_LEAVE_S = 10.0
_Outbox = tuple[str, int]


@dataclass(frozen=True)
class _Waiting:
    receipt: Receipt
    generation: int
    due_s: float
    """Monotonic."""


class Telling:
    """Takes receipts from any thread, and signs and publishes them on its own. Leaving it sends what waits."""

    def __init__(self, signer: ReceiptSigner, publish: Callable[[Iterable[tuple[str, bytes]]], None]) -> None:
        """`publish` gets topics and payloads."""
        self._signer = signer
        self._publish = publish
        self._waiting: dict[_Outbox, _Waiting] = {}
        self._changed = threading.Condition()
        self._over = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def tell(self, receipts: Sequence[tuple[str, Receipt]], generation: int, hasty: Callable[[str], bool]) -> None:
        """Of a database of `generation`, after its COMMIT. Those whose gateway is `hasty` go at once.

        Raises what ended the thread, if something did.
        """
        if self._failure is not None:
            raise self._failure
        now_s = time.monotonic()
        with self._changed:
            for gateway, receipt in receipts:
                due_s = now_s if hasty(gateway) else now_s + LINGER_S
                older = self._waiting.get((gateway, receipt.epoch))
                if older is not None:
                    due_s = min(due_s, older.due_s)
                self._waiting[gateway, receipt.epoch] = _Waiting(receipt, generation, due_s)
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
                now_s = time.monotonic()
                wait_s = min((waiting.due_s for waiting in self._waiting.values()), default=now_s + LINGER_S) - now_s
                if self._waiting and wait_s <= 0:
                    break
                self._changed.wait(wait_s if self._waiting else None)
            now_s = float("inf") if self._over else time.monotonic()
            due = {outbox: waiting for outbox, waiting in self._waiting.items() if waiting.due_s <= now_s}
            for outbox in due:
                del self._waiting[outbox]
            return due

    def _send(self, due: dict[_Outbox, _Waiting]) -> None:
        for generation in {waiting.generation for waiting in due.values()}:
            told = [(outbox[0], waiting.receipt) for outbox, waiting in due.items() if waiting.generation == generation]
            signed = self._signer.sign(told, generation)
            self._publish([(topics.topic(gateway, topics.RECEIPT), encode(receipt)) for gateway, receipt in signed])
