"""`python -m tests.bench._alarm_load URL HOMES RATE SECONDS`: readings at a rate, to load a centre beside alarms.

Says `ready` when the letters are made, begins at a line on standard input, and says how many readings the broker took
in how many seconds.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg

from cloud.mqtt import Subscriber
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.telemetry import topics
from protocols.telemetry.messages import ReadingsMessage, encode

PER_MESSAGE = 50
_START = datetime(2026, 1, 1, tzinfo=UTC)
_WITHIN_S = 30.0


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


def letters_of(homes: int, readings: int) -> list[tuple[str, bytes]]:
    """Topic and message, the homes in turn; each reading is a record of its own."""
    letters = []
    for number in range(readings // PER_MESSAGE):
        home, first = number % homes, number // homes * PER_MESSAGE
        batch = []
        for place in range(first, first + PER_MESSAGE):
            at = _START + timedelta(seconds=30 * place)
            metric = Metric.DIASTOLIC if place % 2 else Metric.SYSTOLIC
            batch.append(
                Reading(
                    device="bench",
                    metric=metric,
                    value=float(120 + place % 40),
                    unit=CANONICAL_UNIT[metric],
                    measured_at=at,
                    received_at=at,
                    device_time=at.replace(tzinfo=None),
                    sequence=place % 65_000,
                )
            )
        message = ReadingsMessage(epoch=1, first=first + 1, sent_at=_START, readings=tuple(batch))
        letters.append((topics.topic(f"bench-{home}", topics.READINGS), encode(message)))
    return letters


def main(url: str, homes: int, rate_s: int, seconds: int) -> None:
    letters = letters_of(homes, rate_s * seconds)
    with Subscriber(url, "bench-load") as street:
        if not street.wait_connected(_WITHIN_S):
            raise TimeoutError("the broker did not answer")
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.perf_counter()
        sent = 0
        last = None
        while sent < len(letters):
            due = min(int((time.perf_counter() - began) * rate_s / PER_MESSAGE) + 1, len(letters))
            for topic, payload in letters[sent:due]:
                last = street.publish(topic, payload)
            sent = due
            time.sleep(0.005)
        if last is None or not last.wait(_WITHIN_S):
            raise TimeoutError("the broker did not take the load")
        print(f"{sent * PER_MESSAGE} {time.perf_counter() - began:.3f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
