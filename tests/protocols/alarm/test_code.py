"""The alarm code: short, readable, checked, and nobody's but the home's and the centre's."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.alarm.code import (
    AlarmCode,
    Code,
    Forged,
    StateCode,
    decode_code,
    device_tag,
    encode_code,
    key_id,
    open_code,
)
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.errors import ChecksumMismatch, ProtocolError, ReservedValue, Truncated

KEY = bytes(range(32))
ALARM = UUID("0b6ff4ac-53a4-4bd2-8f8d-9a1c4d2f7e10")
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
FIRST_CODE = "D1A-30CJD-QG000-00E2V-FYJP5-792BT-A7RV6-GW9MQ-QW401-000KT-NZHD6-HZJ26-BJD4V-M50W9-CYGAK"
CALL = AlarmCode(7, ALARM, AlarmKind.PERSONAL_TRIGGER, AT, device_tag("ble:C0:FF:EE:00:00:04"))

times = st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
calls = st.builds(
    AlarmCode,
    st.integers(0, 2**32 - 1),
    st.uuids(),
    st.sampled_from(AlarmKind),
    times,
    st.binary(min_size=3, max_size=3),
    st.integers(1, 255),
    cancelled=st.booleans(),
    test=st.booleans(),
    kept=st.booleans(),
)
states = st.builds(
    StateCode,
    st.integers(0, 2**32 - 1),
    st.uuids(),
    st.sampled_from([AlarmState.AT_CENTRE, AlarmState.TAKEN, AlarmState.ON_THE_WAY, AlarmState.CLOSED]),
    times,
    st.none() | st.integers(0, 1440),
    st.booleans(),
)
codes = st.one_of(calls, states)


@given(codes, st.binary(min_size=32, max_size=32))
def test_a_code_says_what_it_was_made_of(code: Code, key: bytes) -> None:
    sealed = decode_code(encode_code(code, key))
    assert sealed.key_id == key_id(key)
    assert open_code(sealed, key) == code


@given(codes)
def test_it_fits_into_one_message_with_its_sentence(code: Code) -> None:
    assert len(encode_code(code, KEY)) <= 88


def test_every_kind_has_a_number() -> None:
    for kind in AlarmKind:
        code = AlarmCode(1, ALARM, kind, AT, b"abc")
        assert open_code(decode_code(encode_code(code, KEY)), KEY) == code


def test_codes_of_this_version_stay_as_they_are() -> None:
    """A home that was installed today must be understood in ten years."""
    text = encode_code(CALL, KEY)
    assert text == encode_code(CALL, KEY)
    assert re.fullmatch(r"D1A(-[0-9A-HJKMNP-TV-Z]{1,5})+", text)
    assert text == FIRST_CODE


@pytest.mark.parametrize(
    "change",
    [
        str.lower,
        lambda code: code.replace("-", " ").replace("D1A ", "D1A-"),
        lambda code: code.replace("0", "O").replace("D1A", "D1A"),
        lambda code: f"Doorstep alarm: somebody calls for help.\n{code}\nsent from my phone",
        lambda code: f"(Doorstep) {code}.",
        lambda code: code.replace("-", "-\n", 3).replace("D1A-\n", "D1A-"),
    ],
)
def test_a_person_may_have_typed_it(change: Callable[[str], str]) -> None:
    assert open_code(decode_code(change(encode_code(CALL, KEY))), KEY) == CALL


@given(calls, st.data())
def test_any_wrong_letter_is_seen(code: AlarmCode, data: st.DataObject) -> None:
    text = encode_code(code, KEY)
    place = data.draw(st.sampled_from([i for i in range(4, len(text)) if text[i] != "-"]))
    letter = data.draw(st.sampled_from(sorted(set("0123456789ABCDEFGHJKMNPQRSTVWXYZ") - {text[place]})))
    with pytest.raises(ChecksumMismatch):
        decode_code(text[:place] + letter + text[place + 1 :])


@given(calls, st.data())
def test_letters_that_changed_places_are_seen(code: AlarmCode, data: st.DataObject) -> None:
    text = encode_code(code, KEY)
    places = [i for i in range(4, len(text) - 1) if "-" not in text[i : i + 2] and text[i] != text[i + 1]]
    place = data.draw(st.sampled_from(places))
    with pytest.raises(ChecksumMismatch):
        decode_code(text[:place] + text[place + 1] + text[place] + text[place + 2 :])


@given(codes, st.data())
def test_any_truncation_says_so(code: Code, data: st.DataObject) -> None:
    text = encode_code(code, KEY)
    with pytest.raises(Truncated):
        decode_code(text[: data.draw(st.integers(5, len(text) - 1))])


@given(codes, st.binary(min_size=32, max_size=32).filter(lambda key: key != KEY))
def test_another_key_did_not_make_it(code: Code, other: bytes) -> None:
    with pytest.raises(Forged):
        open_code(decode_code(encode_code(code, KEY)), other)


def test_an_answer_is_not_an_alarm() -> None:
    """The MAC holds what the code is: nobody makes one of the other by its letter."""
    sealed = decode_code(encode_code(StateCode(1, ALARM, AlarmState.TAKEN, AT), KEY))
    with pytest.raises(Forged):
        open_code(type(sealed)("A", sealed.key_id, sealed.body, sealed.mac), KEY)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"D1A-{text}", f"D1S-{text}"):
        try:
            decode_code(candidate)
        except ProtocolError:
            continue


@pytest.mark.parametrize(
    ("text", "error"), [("hello", ProtocolError), ("D2A-0000", ReservedValue), ("D1X-0", ReservedValue)]
)
def test_what_is_no_code_of_ours(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        decode_code(text)


@pytest.mark.parametrize(
    "code",
    [
        AlarmCode(2**32, ALARM, AlarmKind.FALL, AT, b"abc"),
        AlarmCode(1, ALARM, AlarmKind.FALL, AT - timedelta(days=40_000), b"abc"),
        StateCode(1, ALARM, AlarmState.RAISED, AT),
        StateCode(1, ALARM, AlarmState.TAKEN, AT, minutes=70_000),
    ],
)
def test_what_no_code_can_hold_is_refused(code: Code) -> None:
    with pytest.raises(ValueError, match=r"(counter|state|raised_at|minutes)"):
        encode_code(code, KEY)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        encode_code(CALL, b"short")
