"""Times in words: "12 min ago", "by 11:30, 24 min left", in the home's zone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.web.language import Language

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400


def ago(language: Language, then: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - then).total_seconds())
    if seconds < _MINUTE_S:
        return language.gettext("just now")
    if seconds < _HOUR_S:
        return language.ngettext("%(n)s min ago", "%(n)s min ago", int(seconds // _MINUTE_S))
    if seconds < _DAY_S:
        return language.ngettext("%(n)s h ago", "%(n)s h ago", int(seconds // _HOUR_S))
    return language.ngettext("%(n)s day ago", "%(n)s days ago", int(seconds // _DAY_S))


def span(language: Language, length: timedelta) -> str:
    """A length of time in its one or two largest units: "24 min", "3 h 10 min", "2 days"."""
    minutes = int(abs(length).total_seconds() // _MINUTE_S)
    if minutes < 60:
        return language.ngettext("%(n)s min", "%(n)s min", minutes)
    hours, rest = divmod(minutes, 60)
    if hours >= 24:
        return language.ngettext("%(n)s day", "%(n)s days", hours // 24)
    if rest == 0 or hours >= 10:
        return language.ngettext("%(n)s h", "%(n)s h", hours)
    return language.gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def promise(language: Language, by: datetime, now: datetime, zone: ZoneInfo) -> str:
    moment = clock_time(language, by, now, zone)
    left = by - now
    if left >= timedelta(0):
        return language.gettext("by %(moment)s, %(left)s left", moment=moment, left=span(language, left))
    return language.gettext("Late: promised %(moment)s, %(late)s over", moment=moment, late=span(language, left))


def at_time(language: Language, then: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`clock_time` as a sentence takes it: "at 07:40", "yesterday 07:40", "19 Nov 07:40"."""
    time = clock_time(language, then, now, zone)
    if then.astimezone(zone).date() == now.astimezone(zone).date():
        return language.gettext("at %(time)s", time=time)
    return time


def clock_time(language: Language, then: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time of day alone where `then` is today, "yesterday 07:40", else with the date."""
    local = then.astimezone(zone)
    days = (now.astimezone(zone).date() - local.date()).days
    time = f"{local.hour:02}:{local.minute:02}"  # a page says thousands of times; strftime takes five times as long
    if days == 0:
        return time
    if days == 1:
        return language.gettext("yesterday %(time)s", time=time)
    if days == -1:
        return language.gettext("tomorrow %(time)s", time=time)
    return f"{day(language, local.date(), now.astimezone(zone).date())} {time}"


def day(language: Language, of: date, today: date | None = None) -> str:
    """A date as in "12 Nov", with the year where it is not that of `today`."""
    if language.code == "zh":
        text = f"{of.month}月{of.day}日"
        return text if today is None or of.year == today.year else f"{of.year}年{text}"
    text = f"{of.day} {_MONTHS[of.month - 1]}"
    return text if today is None or of.year == today.year else f"{text} {of.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def on_a_later_day(then: datetime, than: datetime, zone: ZoneInfo | str) -> bool:
    """Whether `then` lies on a day after that of `than`, at the homes."""
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    return then.astimezone(place).date() > than.astimezone(place).date()


def exact(then: datetime, zone: ZoneInfo) -> str:
    return f"{then.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key}"


def age_years(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def greeting(language: Language, now: datetime, zone: ZoneInfo) -> str:
    hour = now.astimezone(zone).hour
    if 5 <= hour < 12:
        return language.gettext("Good morning")
    if 12 <= hour < 18:
        return language.gettext("Good afternoon")
    return language.gettext("Good evening")


def running(since: datetime, now: datetime) -> str:
    """A running time as the desk reads it: 0:42, 12:05, 1:02:05."""
    seconds = max(0, int((now - since).total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
