"""A text is one message in English, two in Chinese, and its code is found in it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from protocols.alarm.code import AlarmCode, Code, StateCode, decode_code, open_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.alarm.text import Language, compose_text
from protocols.sms.user_data import split

KEY = bytes(range(32))
ALARM = UUID("0b6ff4ac-53a4-4bd2-8f8d-9a1c4d2f7e10")
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
CENTRE_STATES = (AlarmState.AT_CENTRE, AlarmState.TAKEN, AlarmState.ON_THE_WAY, AlarmState.CLOSED)
CODES: list[Code] = [
    *(AlarmCode(1, ALARM, kind, AT, b"abc") for kind in AlarmKind),
    AlarmCode(1, ALARM, AlarmKind.FALL, AT, b"abc", cancelled=True),
    *(StateCode(1, ALARM, state, AT, minutes=12) for state in CENTRE_STATES),
]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", CODES, ids=str)
def test_it_is_short_and_carries_its_code(code: Code, language: Language) -> None:
    text = compose_text(code, KEY, language)
    assert len(split(text, 0)) == (2 if language is Language.ZH and isinstance(code, AlarmCode) else 1)
    assert open_code(decode_code(text), KEY) == code
