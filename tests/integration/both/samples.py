"""One of each thing that the functions take: of the filled community, or of what it may hear next."""

from datetime import datetime, timedelta
from uuid import UUID

from cloud.alarms.escalation.model import About, Occasion
from cloud.alarms.supervision.model import Watched
from cloud.detection.model import OWN_NORMAL, Cause, Episode, Priority, Reason
from cloud.detection.unsure.store import DueRecord
from cloud.readings.model import Delivery
from protocols.alarm.kinds import AlarmKind
from protocols.enrolment.reports import Check, ProofReport
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.telemetry.messages import AlarmMessage
from tests.cloud.web.community import NOW, Community

DAY = timedelta(days=1)
REASON = Reason(
    rule=OWN_NORMAL,
    priority=Priority.TODAY,
    metric=Metric.PULSE,
    value=120.0,
    unit="/min",
    at=NOW,
    comparison="above",
    count=2,
    source="s",
    confirmed=True,
)

EPISODE = Episode(Cause.PULSE, Priority.NOW, (REASON,), NOW, NOW - DAY, NOW, score=0.9)


def create_occasion(subject_id: UUID) -> Occasion:
    return Occasion(subject_id, About.SILENCE, "home_silent", None, frozenset(), "UTC", NOW, True, None)


def create_watched(made: Community) -> Watched:
    return Watched("gw-home-2", made.regions["community"], made.regions["street"], NOW, False, None, False)


def create_alarm(made: Community) -> AlarmMessage:
    return AlarmMessage(
        alarm=str(UUID(int=9)),
        kind=AlarmKind.PERSONAL_TRIGGER,
        device=device_name(made, "home-1/emergency_button"),
        raised_at=NOW,
    )


def create_delivery(made: Community) -> Delivery:
    """A new record, one that is stored already, and a late one of weeks ago."""
    cuff = device_name(made, "home-1/sphygmomanometer")
    times = (NOW - timedelta(minutes=3), NOW - timedelta(minutes=3), NOW - 33 * DAY)
    readings = tuple(create_reading(cuff, at, value) for at, value in zip(times, (151.0, 151.0, 149.0), strict=True))
    return Delivery(
        gateway="gw-home-1",
        topic="doorstep/v1/gw-home-1/readings",
        payload=b"{}",
        epoch=77,
        first=100,
        count=4,
        readings=readings,
        numbers=range(100, 103),
        chain=(b"a" * 32, b"b" * 32),
        odd=((103, b"c" * 32), (102, b"d" * 32)),
    )


def create_due(made: Community, record_key: int) -> DueRecord:
    home = made.one("SELECT home_id FROM home WHERE code = 'home-1'")
    return DueRecord(made.devices["home-1/sphygmomanometer"], record_key, "gw-home-1", home, "Asia/Shanghai")


def create_reading(device: str, at: datetime, value: float) -> Reading:
    return Reading(
        device=device,
        metric=Metric.SYSTOLIC,
        value=value,
        unit=CANONICAL_UNIT[Metric.SYSTOLIC],
        measured_at=at,
        received_at=at,
        device_time=at.replace(tzinfo=None, microsecond=0),
    )


def device_name(made: Community, name: str) -> str:
    return str(made.one("SELECT name FROM device WHERE device_id = %s", made.devices[name]))


def create_report() -> ProofReport:
    passed = Check(what="clock", passed=True, at=NOW)
    return ProofReport(gateway="gw-home-1", version="0.1.0", began_at=NOW, ended_at=NOW, checks=(passed,))
