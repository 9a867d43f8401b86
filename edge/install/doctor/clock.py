"""The machine's clock against the centre's."""

from datetime import datetime, timedelta

from edge.errors import EdgeError
from edge.identity.enrolment import centre_time
from edge.identity.folder import Now
from edge.install.doctor.finding import Finding, ill

_PART = "clock"
MOST_WRONG = timedelta(seconds=30)
_SET_IT = "sudo timedatectl set-ntp true, and let UDP port 123 out; a Raspberry Pi has no clock of its own"


def look(server: str, now: Now) -> Finding:
    """`server` is the centre's enrolment, https://HOST:PORT."""
    try:
        centre = centre_time(server)
    except EdgeError as error:
        return ill("enrolment", str(error), "the certificate cannot be renewed and no report be sent until it answers")
    return judge(now(), centre)


def _amount(wrong: timedelta) -> str:
    """As people say it."""
    seconds = wrong.total_seconds()
    for size_s, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {name}"
    return f"{seconds:.0f} seconds"


def judge(own: datetime, centre: datetime) -> Finding:
    wrong = own - centre
    if abs(wrong) <= MOST_WRONG:
        return Finding(part=_PART, says=f"right to {abs(wrong).total_seconds():.0f} s")
    way = "fast" if wrong > timedelta(0) else "slow"
    return ill(
        _PART,
        f"{_amount(abs(wrong))} {way}: it says {own:%Y-%m-%d %H:%M} UTC, the centre {centre:%Y-%m-%d %H:%M}",
        _SET_IT,
    )
