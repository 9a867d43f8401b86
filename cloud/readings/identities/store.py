"""All SQL of identities. A reading is itself by device, record and metric.

What is there already is refused here, without a look at the rows, which may lie compressed. An identity says when its
reading was measured, and so where its row lies.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloud.db.arrays import Bigints, Instants, Integers, Texts
from cloud.db.pool import Connection
from cloud.readings.columns import METRICS, Whole
from cloud.readings.ownership import Act
from cloud.registry.whose import BODY_METRICS, Whose, Why
from protocols.reading import record_key_without_user

DEVICE_LOCK = 0x0D5  # first half of the advisory locks that stand for one device's memory

_CLAIM = """
INSERT INTO reading_identity (device_id, record_key, metric, measured_at)
SELECT * FROM unnest(%(devices)s, %(keys)s, %(metrics)s, %(times)s) ON CONFLICT DO NOTHING
"""
_CLAIM_SOME = """
WITH come AS (
    SELECT * FROM unnest(%(devices)s, %(keys)s, %(metrics)s, %(times)s)
        AS come (device_id, record_key, metric, measured_at)),
new AS (
    INSERT INTO reading_identity (device_id, record_key, metric, measured_at)
    SELECT device_id, record_key, metric, measured_at FROM come
    ON CONFLICT DO NOTHING RETURNING device_id, record_key, metric)
SELECT device_id, record_key, metric FROM come EXCEPT SELECT device_id, record_key, metric FROM new
"""
_MEASURED = """
SELECT min(measured_at), max(measured_at) FROM reading_identity
JOIN unnest(%(devices)s, %(keys)s) AS act (device_id, record_key) USING (device_id, record_key)
WHERE metric = ANY(%(metrics)s)
"""
# By the index of records in question, else by whom it can have been filed to as their meter's only wearer. A row from
# the time when users were no part of the key has the key without, and its identity the key with the user.
_DECIDED = """
WITH known AS MATERIALIZED (
    SELECT device_id, record_key, old_key, i.metric, i.measured_at
    FROM unnest(%(devices)s, %(keys)s, %(old_keys)s) AS act (device_id, record_key, old_key)
    JOIN reading_identity i USING (device_id, record_key) WHERE i.metric = ANY(%(metrics)s))
SELECT DISTINCT ON (1, 2) * FROM (
    SELECT known.device_id, known.record_key, r.elder_id, wearer_certainty, wearer_why
    FROM known JOIN reading r ON r.device_id = known.device_id AND r.record_key IN (known.record_key, known.old_key)
                             AND r.metric = known.metric AND r.measured_at = known.measured_at
    WHERE wearer_why <> 'only_wearer' AND r.measured_at BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT known.device_id, known.record_key, r.elder_id, wearer_certainty, wearer_why
    FROM known
    CROSS JOIN LATERAL (
        SELECT elder_id FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id)
        WHERE device.device_id = known.device_id
        UNION SELECT elder_id FROM wearer WHERE wearer.device_id = known.device_id) AS person
    JOIN reading r ON r.elder_id = person.elder_id AND r.metric = known.metric AND r.measured_at = known.measured_at
    WHERE wearer_why = 'only_wearer' AND r.measured_at BETWEEN %(first)s AND %(last)s
      AND r.device_id = known.device_id AND r.record_key IN (known.record_key, known.old_key)) AS decided
"""
_METRIC_NAMES = [metric.value.encode() for metric in METRICS]
_BODY = sorted(metric.value for metric in BODY_METRICS)


class _SomeAreKnownError(Exception):
    """Undoes the claim of those that are not."""


class Identity(NamedTuple):
    device_id: int
    record_key: int
    metric: str


@dataclass(frozen=True)
class Identities:
    """Several, and when each was measured; in the order of device, record and metric, none twice."""

    device_ids: Whole
    record_keys: Whole
    metrics: NDArray[np.intp]
    """Codes of `columns.METRICS`."""
    measured_us: Whole

    def each(self) -> list[Identity]:
        names = [METRICS[code].value for code in self.metrics.tolist()]
        return list(map(Identity, self.device_ids.tolist(), self.record_keys.tolist(), names))


def claim(connection: Connection, identities: Identities) -> set[Identity]:
    """Makes `identities` ours; gives those that were somebody's before.

    They come sorted, so that two ingesters that hold the same readings wait for each other and do not deadlock. Waits
    for whoever claims one of them at this moment.
    """
    wanted = {
        "devices": Integers.of(identities.device_ids),
        "keys": Bigints.of(identities.record_keys),
        "metrics": Texts.picked(_METRIC_NAMES, identities.metrics.tolist()),
        "times": Instants.of(identities.measured_us),
    }
    # Nearly always all are new, and their number says so. Else it is done over, by a statement that tells which were:
    # a third dearer, since it goes through all of them twice more.
    try:
        with connection.transaction():
            made = connection.execute(_CLAIM, wanted).rowcount
            if 0 < made < len(identities.metrics):
                raise _SomeAreKnownError  # noqa: TRY301 - out of the transaction, which it undoes
    except _SomeAreKnownError:
        return {Identity(*row) for row in connection.execute(_CLAIM_SOME, wanted)}
    return set() if made else set(identities.each())


def decided(connection: Connection, acts: Collection[Act]) -> dict[Act, Whose]:
    """Whose the records are of which some value is stored. Until the transaction ends nobody else decides of them."""
    devices = sorted({device for device, _ in acts})
    connection.execute(
        "SELECT pg_advisory_xact_lock(%s, device_id) FROM unnest(%s::integer[]) AS device_id", (DEVICE_LOCK, devices)
    )
    wanted = {
        "devices": Integers.of([device for device, _ in acts]),
        "keys": Bigints.of([key for _, key in acts]),
        "old_keys": Bigints.of([record_key_without_user(key) for _, key in acts]),
        "metrics": _BODY,
    }
    # Nearly always they are new. When not, the rows are looked for where they lie, and no other chunk is opened.
    span = connection.execute(_MEASURED, wanted).fetchone()
    if span is None or span[0] is None:
        return {}
    rows = connection.execute(_DECIDED, {**wanted, "first": span[0], "last": span[1]})
    return {(device, key): Whose(elder, certainty, Why(why)) for device, key, elder, certainty, why in rows}
