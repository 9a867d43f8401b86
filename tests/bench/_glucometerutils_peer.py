"""Run by `codecs` in glucometerutils' own interpreter: microseconds a frame, from bytes to its values.

Only the decoding is called, as its drivers call it; nothing of it is copied here.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any


def decoder_of(case: str) -> Callable[[bytes], Any]:
    """Frame and record of one driver. Raises KeyError for a case it does not know."""
    return {
        "onetouch-ultraeasy record": _lifescan("otultraeasy"),
        "onetouch-verio-iq record": _lifescan("otverioiq"),
        "onetouch-ultra2 record": _ultra2,
        "sd-codefree record": _codefree,
    }[case]


def _lifescan(name: str) -> Callable[[bytes], Any]:
    driver = import_module(f"glucometerutils.drivers.{name}")
    return lambda data: driver._READING_RESPONSE.parse(driver._PACKET.parse(data).data.value.message)


def _ultra2(data: bytes) -> Any:
    driver = import_module("glucometerutils.drivers.otultra2")
    text = driver._validate_and_strip_checksum(data.decode("ascii").rstrip() + "\r")
    match = driver._DUMP_LINE_RE.match(text)
    return driver._parse_datetime(match.group("datetime")), int(match.group("value"))


def _codefree(data: bytes) -> Any:
    driver = import_module("glucometerutils.drivers.sdcodefree")
    reading = driver._READING.parse(driver._PACKET.parse(data).message)
    at = datetime(2000 + reading.year, reading.month, reading.day, reading.hour, reading.minute)
    return at, reading.value


def main() -> None:
    question = json.load(sys.stdin)
    decode, data = decoder_of(question["case"]), bytes.fromhex(question["frame"])
    decode(data)
    figures = []
    for _ in range(question["runs"]):
        began = time.perf_counter()
        for _ in range(question["frames"]):
            decode(data)
        figures.append((time.perf_counter() - began) / question["frames"] * 1e6)
    print(statistics.median(figures))


if __name__ == "__main__":
    main()
