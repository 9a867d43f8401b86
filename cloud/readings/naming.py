"""Receipts name the running hash up to which an outbox is stored: only the gateway whose readings they are has it. And
they name what was given up: another gateway with the same card may have that still."""

from collections.abc import Mapping, Sequence

import msgspec

from cloud.db.pool import Connection
from cloud.readings.chain.store import highest_heads
from cloud.readings.heartbeats.store import stored_of
from cloud.readings.model import Delivery
from cloud.readings.receipt import given_up_within, receipt_of, to_be_named
from protocols.telemetry.messages import Receipt
from protocols.telemetry.spans import Span


def as_things_stand(
    connection: Connection, refused: Sequence[Delivery], welcome: Sequence[Delivery]
) -> list[tuple[str, Receipt]]:
    """As things stand: by the hash on it a second gateway knows that these numbers are not its own."""
    told = {(delivery.gateway, delivery.epoch) for delivery in welcome}
    outboxes = sorted({(delivery.gateway, delivery.epoch) for delivery in refused} - told)
    held = stored_of(connection, outboxes)
    return with_links(connection, [(*outbox, *spans) for outbox, spans in held.items()], {})


def with_links(
    connection: Connection,
    outboxes: Sequence[tuple[str, int, list[Span], list[Span]]],
    told: Mapping[tuple[str, int, int], bytes],
) -> list[tuple[str, Receipt]]:
    """Receipts for gateways' outboxes (epoch), of which what is stored and what came of it are given, with the running
    hashes to be named on them; `told` are such as are known by heart."""
    plain = [(gateway, _receipt(epoch, stored, came)) for gateway, epoch, stored, came in outboxes]
    wanted = [to_be_named(receipt, came) for (_, receipt), (*_, came) in zip(plain, outboxes, strict=True)]
    links: list[dict[int, bytes]] = [{} for _ in plain]
    ask: list[tuple[str, int, int, int]] = []
    of: list[int] = []
    for at, ((gateway, receipt), spans) in enumerate(zip(plain, wanted, strict=True)):
        for first, last in spans:
            link = told.get((gateway, receipt.epoch, last))
            if link is not None:
                links[at][last] = link
            else:
                ask.append((gateway, receipt.epoch, first, last))
                of.append(at)
    for at, head in zip(of, highest_heads(connection, ask), strict=True):
        links[at].update(head)
    return [
        (gateway, msgspec.structs.replace(receipt, links=tuple(sorted(named.items()))) if named else receipt)
        for (gateway, receipt), named in zip(plain, links, strict=True)
    ]


def _receipt(epoch: int, stored: list[Span], came: list[Span]) -> Receipt:
    receipt = receipt_of(epoch, stored)
    if stored == came:  # nearly always: nothing was ever given up
        return receipt
    return msgspec.structs.replace(receipt, given_up=given_up_within(receipt, came))
