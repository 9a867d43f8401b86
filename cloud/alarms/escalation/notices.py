"""What a message says. It may stand on a locked screen and passes networks: it names nobody and no place. Pure."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud.alarms.escalation.model import GROUPS, About, Occasion, Turn

_TITLES = {
    "calls": {"en": "Somebody calls for help", "zh": "有人求助"},
    "technical": {"en": "A home's device has trouble", "zh": "住户设备故障"},
    "tests": {"en": "A test call", "zh": "测试呼叫"},
    "home_silent": {"en": "A home is silent", "zh": "一户无声"},
    "street_silent": {"en": "A whole street is silent", "zh": "整条街道无声"},
    "centre_silent": {"en": "No home is heard: look at the centre", "zh": "听不到任何住户：请检查中心"},
}
_BODIES = {"en": "Since {at}. Nobody has it yet.", "zh": "自 {at} 起，尚无人接手。"}

_OFF_TITLES = {"en": "Nobody else need go", "zh": "其他人无需前往"}
_OFF_BODIES = {
    "taken": {"en": "Somebody has the call of {at}.", "zh": "{at} 的呼叫已有人接手。"},
    "closed": {"en": "The call of {at} is closed.", "zh": "{at} 的呼叫已结束。"},
}


def title(kind: str, language: str) -> str:
    """`language`: en or zh; any other is English."""
    group = kind if kind in _TITLES else next(name for name, kinds in GROUPS.items() if kind in kinds)
    said = _TITLES[group]
    return said.get(language, said["en"])


def body(found: Occasion, language: str) -> str:
    return _BODIES.get(language, _BODIES["en"]).format(at=_clock_time(found))


def push_message(found: Occasion, notice_id: UUID, language: str) -> dict[str, Any]:
    """What the service worker shows, and where it sends its receipt."""
    return {
        "title": title(found.kind, language),
        "body": body(found, language),
        "tag": str(found.subject_id),
        "url": f"/alarms/{found.subject_id}" if found.about is About.ALARM else "/board",
        "receipt": f"/push/receipts/{notice_id}",
        "urgent": found.kind in GROUPS["calls"],
    }


def call_off_message(found: Occasion, notice_id: UUID, language: str) -> dict[str, Any]:
    """Takes the place of the call's own push on the screen, without a sound."""
    said = _OFF_BODIES["closed" if found.ended_by == "closed" else "taken"]
    return push_message(found, notice_id, language) | {
        "title": _OFF_TITLES.get(language, _OFF_TITLES["en"]),
        "body": said.get(language, said["en"]).format(at=_clock_time(found)),
        "urgent": False,
        "quiet": True,
    }


def text_message(found: Occasion) -> str:
    """For a telephone whose reader's language is not known: both."""
    zh, en = title(found.kind, "zh"), title(found.kind, "en")
    return f"Doorstep: {zh}，{body(found, 'zh')}\n{en}. {body(found, 'en')}"


def hook_message(found: Occasion, notice_id: UUID, turn: Turn, sent_at: datetime) -> dict[str, Any]:
    """What a webhook gets: ids and kinds, never a name or an address."""
    return {
        "version": 1,
        "notice": str(notice_id),
        "about": found.about.value,
        "id": str(found.subject_id),
        "kind": found.kind,
        "regions": sorted(found.regions),
        "at": found.at.isoformat(),
        "open": found.is_open,
        "round": turn.round,
        "step": turn.step,
        "sent_at": sent_at.isoformat(),
    }


def _clock_time(found: Occasion) -> str:
    return found.at.astimezone(ZoneInfo(found.time_zone)).strftime("%H:%M")
