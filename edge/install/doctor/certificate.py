"""Key and certificate: there, ours, in force."""

from datetime import timedelta

from edge.identity.errors import NoIdentity
from edge.identity.folder import Identity, IdentityFolder, Now
from edge.identity.keeping import LATE
from edge.install.doctor.finding import Finding, ill

_PART = "certificate"
_ANEW = "have the centre draw a code (`doorstep-cloud claim GATEWAY`) and run `doorstep-edge enrol` with it"


def look(folder: IdentityFolder, now: Now) -> tuple[Finding, Identity | None]:
    try:
        identity = folder.read()
    except NoIdentity as error:
        return ill(_PART, str(error), _ANEW), None
    return judge(identity, now), identity


def judge(identity: Identity, now: Now) -> Finding:
    begins, ends = identity.certificate.not_valid_before_utc, identity.certificate.not_valid_after_utc
    if now() < begins:
        return ill(_PART, f"it begins on {begins:%Y-%m-%d} only: this machine's clock is wrong", "see clock, above")
    if identity.expired(now()):
        return ill(_PART, f"it ended on {ends:%Y-%m-%d}: the broker lets this gateway in no more", _ANEW)
    days = (ends - now()) // timedelta(days=1)
    if ends - now() < LATE:
        return ill(
            _PART,
            f"it ends in {days} days and was not renewed",
            "see that the gateway runs and that the centre's enrolment answers (below); after its end: " + _ANEW,
        )
    return Finding(part=_PART, says=f"{identity.gateway}, {days} days left")
