"""What the UPSPack (V2, V3; MakerFocus and RPi UPS packs) says of itself on its serial line, once a second.

9600 baud, 8N1, one way, ASCII: `$ SmartUPS V1.00,Vin GOOD,BATCAP 84,Vout 5204 $` and a line end. Vin is GOOD or NG,
BATCAP in per cent, Vout in millivolts. Facts: github.com/rcdrones/UPSPACK_V2, and lines that its owners showed.
"""

import re
from dataclasses import dataclass

from protocols.errors import DecodeError

BAUD = 9600
LONGEST_LINE_BYTES = 200

_LINE = re.compile(
    rb"\$\s*SmartUPS\s+(?P<version>[\x21-\x7e]{1,16}?)\s*,\s*Vin\s+(?P<mains>GOOD|NG)\s*,"
    rb"\s*BATCAP\s+(?P<battery>\d{1,3})\s*,\s*Vout\s+(?P<output>\d{1,5})\s*\$"
)


@dataclass(frozen=True)
class UpsReport:
    version: str
    mains: bool
    battery_percent: int
    """0 to 100."""
    output_mv: int


def decode_upspack(line: bytes) -> UpsReport:
    """One line, with or without its end. Raises DecodeError."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise DecodeError("not a line of an UPSPack", offset=0)
    battery_percent = int(match["battery"])
    if battery_percent > 100:
        raise DecodeError(f"a battery of {battery_percent} %", offset=match.start("battery"))
    return UpsReport(match["version"].decode("ascii"), match["mains"] == b"GOOD", battery_percent, int(match["output"]))


class UpsLines:
    """Bytes as they come in, whole reports out. Half a line at the beginning and noise are passed over."""

    def __init__(self) -> None:
        self._rest = b""

    def receive(self, data: bytes) -> list[UpsReport]:
        *lines, self._rest = re.split(rb"[\r\n]+", self._rest + data)
        self._rest = self._rest[-LONGEST_LINE_BYTES:]
        reports = []
        for line in lines:
            try:
                reports.append(decode_upspack(line))
            except DecodeError:
                continue
        return reports
