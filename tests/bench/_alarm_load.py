"""`python -m tests.bench._alarm_load URL HOMES RATE SECONDS`: readings at a rate, to load a centre beside alarms.

Says `ready` when the letters are made, begins at a line on standard input, and says how many readings the broker took
in how many seconds.
"""

import sys
import time

from cloud.mqtt import Subscriber
from protocols.telemetry import topics
from protocols.telemetry.messages import encode
from tests.bench._ingest_load import messages

PER_MESSAGE = 50
_WITHIN_S = 30.0


def main(url: str, homes: int, rate_s: int, seconds: int) -> None:
    letters = [
        (topics.topic(gateway, topics.READINGS), encode(message))
        for gateway, message in messages(homes, rate_s * seconds, PER_MESSAGE)
    ]
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
