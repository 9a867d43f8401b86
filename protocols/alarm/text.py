"""The whole text of a message between a home and the centre: a sentence for whoever reads it, and the code.

A text may come to a neighbour's telephone, and networks read along: it names nobody and no place.
"""

from enum import StrEnum
from types import MappingProxyType

from protocols.alarm.code import AlarmCode, Code, encode_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


class Language(StrEnum):
    EN = "en"
    """One message."""
    ZH = "zh"
    """Two messages: an alphabet of two bytes a letter."""


_CALLS = MappingProxyType(
    {
        Language.EN: "Doorstep alarm: somebody calls for help. Call back or go there.",
        Language.ZH: "家门口报警：有人求助，请回电或前往。",
    }
)
_CANCELLED = MappingProxyType(
    {Language.EN: "Doorstep: the call was taken back at home.", Language.ZH: "家门口：家中已撤回求助。"}
)
_TECHNICAL = MappingProxyType(
    {Language.EN: "Doorstep: a device reports trouble. Nobody calls.", Language.ZH: "家门口：设备报告故障，无人求助。"}
)
_DRILL = MappingProxyType({Language.EN: "Doorstep test. Nothing is to be done.", Language.ZH: "家门口测试，无需处理。"})
_STATES = MappingProxyType(
    {
        AlarmState.AT_CENTRE: "Doorstep: the care centre has the call.",
        AlarmState.TAKEN: "Doorstep: a person at the centre has the call.",
        AlarmState.ON_THE_WAY: "Doorstep: help is on the way.",
        AlarmState.CLOSED: "Doorstep: the call is closed.",
    }
)


def compose_text(code: Code, key: bytes, language: Language = Language.EN) -> str:
    """Raises ValueError where the code cannot hold a value."""
    return f"{_sentence(code, language)}\n{encode_code(code, key)}"


def _sentence(code: Code, language: Language) -> str:
    if not isinstance(code, AlarmCode):
        return _STATES[code.state]  # read by a machine in the home; English keeps it at one message
    if code.kind is AlarmKind.DRILL:
        return _DRILL[language]
    if code.cancelled:
        return _CANCELLED[language]
    return (_CALLS if code.kind.is_call else _TECHNICAL)[language]
