"""Of what comes, only one chain of an outbox is taken, and its hashes are kept."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from cloud.db.pool import Connection
from cloud.readings.chain.forks import contradicts, links_of, of_another_chain
from cloud.readings.chain.store import heads_within, note_heads
from cloud.readings.model import Delivery

log = structlog.get_logger()


class _OtherChainError(Exception):
    """Undoes the keeping of hashes that contradict others."""


def of_one_chain(
    connection: Connection, new: Sequence[Delivery], overlapping: Sequence[Delivery], now: datetime
) -> tuple[list[Delivery], list[Delivery]]:
    """`new` without those that are of another chain than what is stored of their outbox, and these. Keeps the hashes
    of the others. `overlapping` are those with numbers that are stored."""
    refused = of_another_chain(new)
    looked = [delivery for delivery in overlapping if delivery.chain is not None]
    known = heads_within(connection, looked)
    refused += [d for d, heads in zip(looked, known, strict=True) if contradicts(links_of(d), heads)]
    while True:
        fitting = [delivery for delivery in new if delivery not in refused] if refused else list(new)
        try:
            with connection.transaction():
                odd = note_heads(connection, fitting, now)
                if odd:
                    raise _OtherChainError  # noqa: TRY301 - out of the transaction, which it undoes
        except _OtherChainError:
            refused += [d for d in fitting if any((d.gateway, d.epoch, n) in odd for n in (d.first - 1, _last(d)))]
            continue
        for delivery in refused:
            log.warning("outbox_copied", gateway=delivery.gateway, epoch=delivery.epoch, first=delivery.first,
                        what="another gateway has sent other readings under these numbers; refused")  # fmt: skip
        return fitting, refused


def _last(delivery: Delivery) -> int:
    return delivery.first + delivery.count - 1
