"""The load of the ingest bench: what 2,000 gateways send."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.telemetry import topics
from protocols.telemetry.chain import digest_of, first_link, next_link
from protocols.telemetry.messages import ReadingsMessage, encode
from tests.bench._street import encode_publish

_EPOCH = 1
START = datetime(2026, 1, 1, tzinfo=UTC)


def readings_of(home: int, first: int, count: int) -> tuple[Reading, ...]:
    """Readings `first` to `first + count - 1` of a home's cuff: systolic and diastolic in turn, each its own record."""
    found = []
    for number in range(first, first + count):
        metric = Metric.DIASTOLIC if number % 2 else Metric.SYSTOLIC
        at = START + timedelta(seconds=30 * number, milliseconds=home % 1000)
        found.append(
            Reading(
                device="bench",
                metric=metric,
                value=float(120 + number % 40),
                unit=CANONICAL_UNIT[metric],
                measured_at=at,
                received_at=at + timedelta(seconds=2),
                device_time=at.replace(tzinfo=None, microsecond=0),
                sequence=number % 65_000,
            )
        )
    return tuple(found)


def messages(homes: int, readings: int, a_message: int) -> Iterator[tuple[str, ReadingsMessage]]:
    """Gateway and message, the homes in turn; with the running hash, as gateways send it."""
    links = [first_link(_EPOCH)] * homes
    for number in range(readings // a_message):
        home, turn = number % homes, number // homes
        first = turn * a_message
        found = readings_of(home, first, a_message)
        before = links[home]
        for reading in found:
            links[home] = next_link(links[home], digest_of(reading))
        yield (
            f"bench-{home}",
            ReadingsMessage(
                epoch=_EPOCH,
                first=first + 1,
                sent_at=START,
                readings=found,
                chain_before=before,
                chain_after=links[home],
            ),
        )


def packets_of(homes: int, readings: int, a_message: int) -> list[bytes]:
    """PUBLISH packets, each with the number of its place. Made before the clock runs: it is the homes' work."""
    return [
        encode_publish(place, topics.topic(gateway, topics.READINGS), encode(sent))
        for place, (gateway, sent) in enumerate(messages(homes, readings, a_message))
    ]


def register(dsn: str, homes: int) -> None:
    """Homes with a gateway, a cuff and an elder who wears it."""
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO region (code, name, level) VALUES ('bench', 'bench', 'community')")
        conn.execute(
            "INSERT INTO home (code, region_id, address) "
            "SELECT 'bench-' || n, region_id, '' FROM region, generate_series(0, %s) n",
            (homes - 1,),
        )
        conn.execute("INSERT INTO gateway (gateway_id, home_id) SELECT code, home_id FROM home")
        conn.execute("INSERT INTO device (gateway_id, name, kind) SELECT code, 'bench', 'sphygmomanometer' FROM home")
        conn.execute("INSERT INTO elder (code, home_id, name) SELECT code, home_id, code FROM home")
        conn.execute(
            "INSERT INTO wearer (device_id, elder_id) SELECT device_id, elder_id FROM device "
            "JOIN gateway USING (gateway_id) JOIN elder USING (home_id)"
        )
