"""What a push to a nurse says: it may stand on a locked screen and passes networks, so it names nobody and no place.

Pure.
"""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud.detection.model import Priority

_TITLES = {
    Priority.NOW: {"en": "An urgent visit is yours to take", "zh": "有一次紧急上门，请您接受"},
    Priority.TODAY: {"en": "You are asked to make a visit today", "zh": "今天有一次上门，请您接受"},
    Priority.THIS_WEEK: {"en": "You are asked to make a visit this week", "zh": "本周有一次上门，请您接受"},
}
_ANSWER = {
    "en": "Promised by {promised}. Answer by {answer}, or the next one is asked.",
    "zh": "承诺 {promised} 前到达。请在 {answer} 前答复，否则转给下一位。",
}
_NO_HURRY = {"en": "Promised by {promised}. Touch to see it.", "zh": "承诺 {promised} 前到达。点按查看。"}


def push_message(  # noqa: PLR0917 - what is asked, by when, and to whom it is said how
    notice_id: UUID,
    visit_id: int,
    priority: Priority,
    promised_by: datetime,
    answer_by: datetime | None,
    time_zone: str,
    language: str,
) -> dict[str, Any]:
    """What the service worker shows, and where it sends its receipt. `language`: en or zh; any other is English."""
    zone, title = ZoneInfo(time_zone), _TITLES[priority]
    body = _NO_HURRY if answer_by is None else _ANSWER
    said = body.get(language, body["en"])
    return {
        "title": title.get(language, title["en"]),
        "body": said.format(
            promised=_said(promised_by, zone), answer="" if answer_by is None else _said(answer_by, zone)
        ),
        "tag": f"visit-{visit_id}",
        "url": f"/visits/{visit_id}",
        "receipt": f"/push/receipts/{notice_id}",
        "urgent": priority is Priority.NOW,
    }


def _said(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M")
