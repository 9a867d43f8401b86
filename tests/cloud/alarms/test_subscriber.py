"""What is read from an alarm's bytes, and what is refused in words."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.subscriber import decode_alarm
from cloud.errors import RejectedMessage
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage, encode

TOPIC = "doorstep/v1/gw-home-1/alarm"
ALARM_ID = "0b9cf3fc-5a5f-4b0e-8f0c-3f2f8f4f2a10"


def create_alarm(alarm: str = ALARM_ID, device: str = "ble:C0:FF:EE:00:01:04") -> AlarmMessage:
    at = datetime(2026, 11, 22, 7, 40, tzinfo=UTC)
    return AlarmMessage(alarm=alarm, kind=AlarmKind.PERSONAL_TRIGGER, device=device, raised_at=at)


def test_an_alarm_says_its_gateway() -> None:
    assert decode_alarm(TOPIC, encode(create_alarm())) == ("gw-home-1", create_alarm())


@pytest.mark.parametrize(
    ("topic", "payload", "sentence"),
    [
        ("doorstep/v1/GW/alarm", encode(create_alarm()), "is not doorstep/v1/GATEWAY/CHANNEL"),
        ("doorstep/v1/gw-home-1/status", encode(create_alarm()), "is not one of alarms"),
        (TOPIC, encode(create_alarm(alarm="17")), "'17' is not a UUID"),
        (TOPIC, encode(create_alarm(device="")), "printable name"),
        (TOPIC, encode(create_alarm(device="a\0b")), "printable name"),
        (TOPIC, encode(create_alarm(device="x" * 201)), "printable name"),
        (TOPIC, b"\xff\xfe", "not a AlarmMessage"),
        (TOPIC, encode(create_alarm()).replace(b"Z", b""), "raised_at has no zone"),
    ],
)
def test_a_bad_one_is_refused_in_words(topic: str, payload: bytes, sentence: str) -> None:
    with pytest.raises(RejectedMessage) as refused:
        decode_alarm(topic, payload)
    assert sentence in str(refused.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_alarm_or_refused(payload: bytes) -> None:
    with contextlib.suppress(RejectedMessage):
        decode_alarm(TOPIC, payload)
