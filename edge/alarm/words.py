"""What the home shows and says in each state of a call. Every line is true at the moment at which it is said."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from edge.alarm.call import Call
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


class Lamp(StrEnum):
    """Pattern of the lamp; its times in seconds stand in `LAMP_TIMES_S`."""

    FAST_BLINK = "fast_blink"
    SLOW_BLINK = "slow_blink"
    DOUBLE_BLINK = "double_blink"
    BREATHING = "breathing"
    STEADY = "steady"
    OFF = "off"


LAMP_TIMES_S: MappingProxyType[Lamp, tuple[float, ...]] = MappingProxyType(
    {
        Lamp.FAST_BLINK: (0.15, 0.15),
        Lamp.SLOW_BLINK: (0.5, 0.5),
        Lamp.DOUBLE_BLINK: (0.15, 0.15, 0.15, 1.0),
        Lamp.BREATHING: (1.5, 1.5),
        Lamp.STEADY: (1.0,),
        Lamp.OFF: (),
    }
)
"""On, off, on, off ... repeated; STEADY is always on, OFF never."""

LAMP: MappingProxyType[AlarmState, Lamp] = MappingProxyType(
    {
        AlarmState.RAISED: Lamp.FAST_BLINK,
        AlarmState.STILL_TRYING: Lamp.DOUBLE_BLINK,
        AlarmState.SENT: Lamp.SLOW_BLINK,
        AlarmState.AT_CENTRE: Lamp.BREATHING,
        AlarmState.TAKEN: Lamp.STEADY,
        AlarmState.ON_THE_WAY: Lamp.STEADY,
        AlarmState.CANCELLED: Lamp.OFF,
        AlarmState.CLOSED: Lamp.OFF,
    }
)


@dataclass(frozen=True)
class Voice:
    en: str
    zh: str


_PLAIN: dict[AlarmState, Voice] = {
    AlarmState.RAISED: Voice("I heard you. I am calling the care centre.", "听到了，正在呼叫护理中心。"),
    AlarmState.STILL_TRYING: Voice(
        "The care centre has not answered yet. I keep calling.", "护理中心还没有回应，我会一直呼叫。"
    ),
    AlarmState.SENT: Voice("Your call is sent. I am waiting for the care centre.", "呼叫已发出，正在等护理中心回应。"),
    AlarmState.AT_CENTRE: Voice("The care centre has your call.", "护理中心已收到您的呼叫。"),
    AlarmState.TAKEN: Voice("A person at the care centre has your call.", "护理中心的工作人员已接到您的呼叫。"),
    AlarmState.ON_THE_WAY: Voice("Help is on the way.", "帮助已经在路上。"),
    AlarmState.CANCELLED: Voice(
        "Your call is taken back. The care centre may still ring you.", "呼叫已取消，护理中心可能还会联系您。"
    ),
    AlarmState.CLOSED: Voice(
        "Your call is closed. Press again whenever you need help.", "这次呼叫已结束，需要时请再按一次。"
    ),
}

_NOTICED: dict[AlarmKind, Voice] = {
    AlarmKind.FALL: Voice(
        "A fall was noticed. I am calling the care centre. Are you well? Then hold the button down.",
        "检测到您可能摔倒，正在呼叫护理中心。如果没事，请长按按钮取消。",
    ),
    AlarmKind.LONG_STAY: Voice(
        "You have been in the bathroom for a long time. I am calling the care centre. "
        "Are you well? Then hold the button down.",
        "您在浴室待了很久，正在呼叫护理中心。如果没事，请长按按钮取消。",
    ),
    AlarmKind.FLOOD: Voice(
        "There is water on the floor. I am calling the care centre.", "地上有水，正在呼叫护理中心。"
    ),
}
"""What is said first where nobody pressed."""

_TAKEN_BACK = Voice("I have told them that you took it back.", "我已转告：您取消了呼叫。")
_TAKING_BACK = Voice("I am telling them that you take it back.", "我正在转告：您要取消呼叫。")

LONGEST_NAME = 40
LONGEST_WAIT_MIN = 24 * 60


def voice(call: Call) -> Voice:
    """The spoken line. What came over the network (`call.by`) is said only where it is a name."""
    plain = _NOTICED.get(call.kind, _PLAIN[call.state]) if call.state is AlarmState.RAISED else _PLAIN[call.state]
    name = _sayable(call.by)
    if call.state is AlarmState.TAKEN and name:
        plain = Voice(f"{name} has your call.", f"{name}已接到您的呼叫。")
    elif call.state is AlarmState.ON_THE_WAY:
        plain = _on_the_way(plain, name, call.minutes)
    if call.cancelled and call.state in (AlarmState.TAKEN, AlarmState.ON_THE_WAY):
        more = _TAKEN_BACK if call.cancel_heard else _TAKING_BACK
        return Voice(f"{plain.en} {more.en}", f"{plain.zh}{more.zh}")
    return plain


def _on_the_way(plain: Voice, name: str, minutes: int | None) -> Voice:
    if minutes is None or not 0 < minutes <= LONGEST_WAIT_MIN:
        return Voice(f"{plain.en} {name} is coming.", f"{plain.zh}{name}正在赶来。") if name else plain
    unit = "minute" if minutes == 1 else "minutes"
    en = f"in about {minutes} {unit}."
    zh = f"大约{minutes}分钟后到。"
    if name:
        return Voice(f"{plain.en} {name} will be with you {en}", f"{plain.zh}{name}{zh}")
    return Voice(f"{plain.en} Somebody will be with you {en}", f"{plain.zh}{zh}")


def _sayable(name: str | None) -> str:
    if name is None:
        return ""
    return "".join(letter for letter in name if letter.isprintable()).strip()[:LONGEST_NAME]
