"""What the home says when a measurement is to be made again, by the reason that the centre names."""

from collections.abc import Mapping
from types import MappingProxyType

from edge.alarm.words import Voice
from protocols.reading import Metric

_GLUCOSE = Voice("Please measure your blood sugar once more.", "请您再测一次血糖。")
_PRESSURE = Voice("Please measure your blood pressure once more.", "请您再量一次血压。")

WHY: Mapping[str, Voice] = MappingProxyType(
    {
        "cuff_loose": Voice(
            "The cuff sat loosely. Close it so that two fingers fit under it, on the bare upper arm.",
            "袖带太松了。请绑在裸露的上臂上，松紧以能伸进两指为宜。",
        ),
        "body_moved": Voice(
            "Something moved. Sit still and do not speak while it measures.", "刚才有移动。测量时请坐好，不要说话。"
        ),
        "bad_position": Voice(
            "The arm lay too high or too low. Rest it on the table, as high as your heart.",
            "手臂太高或太低。请把手臂放在桌上，与心脏同高。",
        ),
        "strip": Voice(
            "The strip did not work. Take a new one, with a full drop.", "试纸没有测好。请换一张新试纸，血滴要足。"
        ),
        "meter_temperature": Voice(
            "The meter was too warm or too cold. Let it lie in the room for a while first.",
            "仪器太热或太冷。请先在室内放一会儿。",
        ),
        "other_hand": Voice(
            "These numbers are not like yours. Was it you who measured?", "这些数值和您平时不一样。是您本人测的吗？"
        ),
        "jump": Voice(
            "This number is far from the one before. Rest for five minutes first.",
            "这个数值和上一次相差很大。请先休息五分钟。",
        ),
        "limit": Voice("Rest for five minutes first.", "请先休息五分钟。"),
        "irregular_pulse": Voice(
            "Your pulse was not even. Rest for five minutes first.", "您的脉搏不齐。请先休息五分钟。"
        ),
    }
)


def ask_line(metric: Metric, why: str) -> Voice:
    """Without a reason where it is one that is not known here."""
    please, reason = _GLUCOSE if metric is Metric.GLUCOSE else _PRESSURE, WHY.get(why)
    return please if reason is None else Voice(f"{please.en} {reason.en}", f"{please.zh}{reason.zh}")
