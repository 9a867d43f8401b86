"""The reasons of an alert in plain English, for files and logs. Pages say them in the reader's language."""

from collections.abc import Sequence
from datetime import tzinfo

from cloud.detection.episode import in_order_of_weight
from cloud.detection.model import Reason

_WORDS = {"at_least": "limit", "above": "limit", "below": "under the limit of", "at_most": "under the limit of"}


def explained(reasons: Sequence[Reason], zone: tzinfo) -> str:
    """One sentence a reason, the most urgent first; times on the clocks of `zone`."""
    return " | ".join(_said(reason, zone) for reason in in_order_of_weight(reasons))


def _said(reason: Reason, zone: tzinfo) -> str:
    name = reason.metric.value.replace("_", " ")
    bound = {"lower": " or more", "upper": " or less"}.get(reason.bound or "", "")
    parts = [f"{name} {reason.value:g} {reason.unit}{bound} at {reason.at.astimezone(zone):%Y-%m-%d %H:%M}"]
    if reason.count > 1:
        on_days = f" on {reason.days} days" if reason.days else ""
        parts.append(f"{reason.count} readings{on_days} since {reason.first_at.astimezone(zone):%Y-%m-%d %H:%M}")
    if reason.limit is not None:
        parts.append(f"{_WORDS.get(reason.comparison, 'limit')} {reason.limit:g}")
    if reason.usual_low is not None and reason.usual_high is not None:
        parts.append(f"usual {reason.usual_low:g} to {reason.usual_high:g}")
    if reason.doubtful:
        parts.append(f"{reason.doubtful} doubtful")
    parts += [f"{key.replace('_', ' ')} {value}" for key, value in sorted(reason.detail.items())]
    return f"{reason.rule.replace('_', ' ')}: {', '.join(parts)} ({reason.source})"
