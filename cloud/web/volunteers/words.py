"""Words of volunteers and their hours."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.web import labels, moments
from cloud.web.language import N_, Language

STATES = {
    "applied": N_("applied"),
    "checking": N_("papers are looked at"),
    "training": N_("in training"),
    "active": N_("active"),
    "paused": N_("pauses"),
    "refused": N_("not taken"),
    "left": N_("left"),
}
STEPS = {
    "applied": N_("Applies again"),
    "checking": N_("Look at the papers"),
    "training": N_("Begin the training"),
    "active": N_("May go now"),
    "paused": N_("Pause"),
    "refused": N_("Do not take"),
    "left": N_("Has left"),
}
PAPERS = {
    "identity": N_("Identity card"),
    "conduct": N_("Certificate of good conduct"),
    "health": N_("Certificate of health"),
    "insurance": N_("Insurance"),
    "agreement": N_("Agreement to keep secrets, signed"),
    "basics": N_("Course: first visits"),
    "first_aid": N_("Course: first aid"),
    "moving_people": N_("Course: lifting and moving people"),
    "dementia": N_("Course: dementia"),
}
SKILLS = {
    "company": N_("Somebody to talk to"),
    "walking": N_("Going for a walk"),
    "reading": N_("Reading aloud"),
    "shopping": N_("Food and shopping"),
    "cooking": N_("Cooking together"),
    "escort": N_("Going along to the doctor"),
    "repair": N_("Small repairs"),
    "hairdressing": N_("Cutting hair"),
    "phones": N_("Help with the telephone"),
}
LANGUAGES = labels.LANGUAGES
WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
PARTS_OF_DAY = {
    "08:00-12:00": N_("morning"),
    "13:00-18:00": N_("afternoon"),
    "18:00-21:00": N_("evening"),
}
DEEDS = {
    "earn": N_("A visit"),
    "give": N_("A gift"),
    "reserve": N_("Set aside for a visit"),
    "release": N_("Given back: no visit was needed"),
    "expire": N_("Expired"),
    "correct": N_("Corrected"),
    "send": N_("On the way to another bank"),
    "sent": N_("Arrived at another bank"),
    "send_back": N_("Came back: the other bank did not take it"),
    "receive": N_("From another bank"),
}
SYSTEM = {
    "community": N_("The community"),
    "reserved": N_("Set aside for visits"),
    "expired": N_("Expired"),
    "transit": N_("On the way to other banks"),
    "people": N_("Volunteers and elders"),
}
TRANSFERS = {
    "offered": N_("waits for the other bank's word"),
    "accepted": N_("agreed, and on its way to us"),
    "refused": N_("the other bank did not take it"),
    "given_back": N_("no word came in time: given back"),
    "committed": N_("agreed, and gone"),
    "done": N_("arrived, with both sides' proof"),
}
WHY = {
    "wrong_times": N_("The times were wrong"),
    "not_made": N_("The visit was not made"),
    "agreed": N_("Both agreed to it"),
    "disputed": N_("After a dispute"),
}
PLACES = {
    "knows_them": N_("was there %(n)s times"),
    "offers_it": N_("offers: %(what)s"),
    "lives_near": N_("lives in the same community"),
    "speaks": N_("speaks %(what)s"),
    "has_time": N_("has time %(when)s"),
    "little_to_do": N_("has few visits this week"),
}


def hours_said(language: Language, minutes: int) -> str:
    """ "1 h 30 min", to the minute; below zero with its sign."""
    sign = "−" if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    if not hours:
        return sign + language.ngettext("%(n)s min", "%(n)s min", rest)
    if not rest:
        return sign + language.ngettext("%(n)s h", "%(n)s h", hours)
    return sign + language.gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def reason_said(language: Language, reason: tuple[str, str], now: datetime, zone: ZoneInfo) -> str:
    """A reason of `cloud.services.volunteers.matching`, in words."""
    code, detail = reason
    match code:
        case "offers_it":
            table = SKILLS if detail in SKILLS else labels.WISHES
            return language.gettext(PLACES[code], what=labels.label(language, table, detail))
        case "speaks":
            return language.gettext(PLACES[code], what=labels.label(language, LANGUAGES, detail))
        case "has_time":
            when = moments.at_time(language, datetime.fromisoformat(detail), now, zone)
            return language.gettext(PLACES[code], when=when)
        case _:
            return language.gettext(PLACES[code], n=detail) if detail else language.gettext(PLACES[code])


def ends_soon(day: date | None, today: date, within: timedelta) -> bool:
    return day is not None and day <= today + within
