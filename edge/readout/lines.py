"""Readings as a person or a program takes them from `doorstep-edge read`: one line each, as soon as it is there."""

import msgspec

from protocols.reading import Flag, Reading

_encoder = msgspec.json.Encoder()
HEADING = f"{'measured at (UTC)':20} {'metric':22} {'value':>8} {'unit':8} {'meter time':19}  flags"


def json_line(reading: Reading) -> str:
    """Every field stands in every line, null where there is none."""
    return _encoder.encode(
        {
            "device": reading.device,
            "metric": reading.metric,
            "value": reading.value,
            "unit": reading.unit,
            "device_time": reading.device_time,
            "measured_at": reading.measured_at,
            "received_at": reading.received_at,
            "clock_offset_s": reading.clock_offset_s,
            "sequence": reading.sequence,
            "user_slot": reading.user_slot,
            "flags": reading.flags,
            "meal": reading.meal,
        }
    ).decode()


def text_line(reading: Reading) -> str:
    """A value at its bound says so: > for HI, < for LO."""
    bound = ">" if Flag.ABOVE_RANGE in reading.flags else "<" if Flag.BELOW_RANGE in reading.flags else ""
    meter_time = "" if reading.device_time is None else reading.device_time.isoformat(" ", "seconds")
    words = [*reading.flags, *([] if reading.meal is None else [reading.meal])]
    measured_at = reading.measured_at.strftime("%Y-%m-%d %H:%M:%S")
    value = f"{bound}{reading.value:.4g}"
    return (
        f"{measured_at:20} {reading.metric:22} {value:>8} {reading.unit:8} {meter_time:19}  {' '.join(words)}".rstrip()
    )
