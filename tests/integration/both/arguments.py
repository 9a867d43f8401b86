"""The arguments that one filled community gives the functions of the stores.

A function is called with `arguments_of` by the names of its parameters; where a name means something else in it, or
more than one call is wanted, it stands in `calls_of`. What has a default is left out unless `calls_of` says otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np

from cloud.alarms.escalation.model import About, Group, OnePerson, Turn, Way
from cloud.alarms.model import CloseReason
from cloud.alarms.scaip.model import What
from cloud.alarms.supervision.model import Opening, Scope
from cloud.detection.coach import asking
from cloud.detection.events.store import KIND_OF_METRIC
from cloud.detection.model import Baseline, Cause, Priority
from cloud.detection.outcomes.moving import Change, Moved
from cloud.detection.personal.model import Override
from cloud.detection.unsure.severe import Severe
from cloud.identity.model import Role
from cloud.readings.columns import CODE_OF
from cloud.readings.homes.store import Homes
from cloud.readings.identities.store import Identities
from cloud.readings.ownership import Line
from cloud.readings.rows import Place
from cloud.readings.ruling.model import Filed, Ruling
from cloud.registry.bulk.reading import read_bulk
from cloud.registry.model import Elder, Gateway, Home, Level, Region, Wearing
from cloud.registry.whose import Whose, Why
from cloud.visits.media.model import Content, MediumKind
from cloud.visits.model import FollowUp, Report, VisitState
from protocols.alarm.states import AlarmState
from protocols.device_kind import DeviceKind
from protocols.enrolment.reports import Placement, Signed
from protocols.reading import Metric
from protocols.remote.wanted import Wanted
from protocols.telemetry.messages import StatusMessage
from tests.cloud.web.community import NOW, PASSWORD, Community
from tests.integration.both.demands import demands_calls
from tests.integration.both.privacy import privacy_calls
from tests.integration.both.register import register_calls
from tests.integration.both.routes import routes_calls
from tests.integration.both.samples import (
    DAY,
    EPISODE,
    REASON,
    create_alarm,
    create_delivery,
    create_due,
    create_occasion,
    create_reading,
    create_report,
    create_watched,
    device_name,
)
from tests.integration.both.time_bank import time_bank_calls

_BULK = "what,code,community,address,home,name\nhome,home-70,320106,A,,\nelder,elder-70,,,home-70,B\n"


@dataclass(frozen=True)
class Filled:
    """What `arguments_of` needs to know of a filled community."""

    made: Community
    day: Mapping[str, Any]
    record_key: int
    """Of a record of the first home's cuff."""
    letter: int
    event: int


@dataclass(frozen=True)
class Fresh:
    """An argument that the function changes: made anew for each call, and looked at after it."""

    make: Callable[[], Any]


def arguments_of(filled: Filled) -> dict[str, Any]:
    made, day = filled.made, filled.day
    metrics = ["systolic", "diastolic", "glucose", "pulse"]
    return {
        "regions": frozenset(made.regions.values()),
        "region_id": made.regions["street"],
        "team": made.regions["community"],
        "elder_id": made.elders["home-1"],
        "elder_ids": list(made.elders.values()),
        "elder_code": "elder-1",
        "staff_id": made.staff["desk"],
        "nurse_id": made.staff["nurse"],
        "visit_id": day["severe"],
        "alert_id": made.one("SELECT alert_id FROM visit WHERE visit_id = %s", day["severe"]),
        "alarm_id": day["calling"],
        "alarm_event_ids": [filled.event],
        "dead_letter_id": filled.letter,
        "device_id": made.devices["home-1/sphygmomanometer"],
        "device_ids": list(made.devices.values()),
        "record_key": filled.record_key,
        "relative_id": made.one("SELECT relative_id FROM relative"),
        "gateway": "gw-home-1",
        "gateway_id": "gw-home-1",
        "home_code": "home-1",
        "placement": Placement(
            device=device_name(made, "home-1/sphygmomanometer"), kind=DeviceKind.SPHYGMOMANOMETER, whom="elder-1"
        ),
        "report": create_report(),
        "metrics": metrics,
        "now": NOW,
        "at": NOW,
        "until": NOW,
        "end": NOW,
        "begin": NOW - 50 * DAY,
        "since": NOW - 50 * DAY,
        "filed_since": NOW - 50 * DAY,
        "done_since": NOW - 50 * DAY,
        "raised_at": NOW,
        "heard_at": NOW,
        "heard_before": NOW - timedelta(minutes=3),
        "asked_at": NOW,
        "computed_at": NOW,
        "told_at": NOW,
        "said_at": NOW,
        "promised_by": NOW + timedelta(hours=4),
        "lasts": timedelta(hours=12),
        "zone": "Asia/Shanghai",
        "priority": Priority.TODAY,
        "cause": Cause.PULSE,
        "wish": "company",
        "note": "a note",
        "word": "kind",
        "face": 5,
        "minutes": 9,
        "verdict": "right",
        "at_most": 50,
        "limit": 50,
        "longest": 40,
        "before": None,
        "token": "a-token",
        "login": "desk",
        "password": PASSWORD,
        "wall_now": NOW,
        "topic": "doorstep/v1/gw-home-1/readings",
        "payload": b"{}",
        "reason": "a reason",
        "status": "{}",
        "online": True,
        "recipient": "+8613800000001",
        "body": "a text",
        "give_up_after_s": 600.0,
        "lease_s": 30.0,
        "epoch": 1,
        "message": create_alarm(made),
        "within": timedelta(hours=26),
        "key_id": b"abcd",
        "key": b"k" * 32,
        "phone": "",
        "counter": 5,
        "answer_to": "+8613800000001",
        "event_id": filled.event,
        "sms_id": 1,
        "references": [7],
        "reference": 7,
        "problem": None,
        "after": 0,
        "version": 1,
        "wanted": Wanted(),
        "document": "{}",
        "silence_id": made.one("SELECT silence_id FROM silence"),
        "process": "web",
        "counted": {"password": 2, "session": 1},
        "what": What.RAISED,
        "subject_id": UUID(int=6),
        "turn": Turn(UUID(int=6), 0, 0),
        "told": 3,
        "notice_id": UUID(int=5),
        "subscription_id": made.one("SELECT subscription_id FROM push_subscription"),
        "endpoint": "https://push.example/1",
    }


def calls_of(filled: Filled) -> dict[str, list[dict[str, Any]]]:
    made, day = filled.made, filled.day
    community = frozenset({made.regions["community"]})
    cuff = made.devices["home-1/sphygmomanometer"]
    cuff_name = device_name(made, "home-1/sphygmomanometer")
    everything = [metric.value for metric in Metric]
    return {
        "registry.wear": [{"device_name": "a cuff", "wearing": Wearing(elder="elder-2"), "shared": True}],
        "registry.proofs.keep_report": [{"told": Signed(certificate="", body="{}", at="", signature=b"")}],
        "alarms.scaip.new_messages": [{"kinds": ["personal_trigger"]}],
        "alarms.scaip.add": [{"reference": "C0FFEE"}],
        "alarms.scaip.open_forward": [{"reference": "C0FFEE"}],
        "alarms.scaip.note_attempt": [
            {
                "reference": "C0FFEE",
                "state": AlarmState.AT_CENTRE,
                "receiver": 1,
                "answer": "0",
                "problem": "",
                "done": True,
            }
        ],
        "alarms.escalation.new_occasions": [{}],
        "alarms.escalation.occasion": [
            {"about": About.ALARM, "subject_id": day["calling"]},
            {"about": About.SILENCE, "subject_id": UUID(int=7)},
        ],
        "alarms.escalation.region_of_code": [{"code": "320106001001"}],
        "alarms.escalation.begin": [{"found": create_occasion(UUID(int=7)), "rule": "a rule", "began_at": NOW}],
        "alarms.escalation.end_escalation": [{"ended_by": "taken"}],
        "alarms.escalation.people": [
            {"whom": whom, "region_id": made.regions["community"]}
            for whom in (Group("nurse", on_duty=True), Group(None, on_duty=False), OnePerson("desk"))
        ],
        "alarms.escalation.add_step": [{"said": "a sentence", "due_at": NOW, "done_at": NOW}],
        "alarms.escalation.add_notice": [{"notice_id": UUID(int=4), "way": Way.PAGE, "problem": "a problem"}],
        "alarms.escalation.delivery.set_sent": [{"delivered": True}],
        "alarms.escalation.delivery.set_not_sent": [{"problem": "no net", "again": False}],
        "alarms.escalation.delivery.note_receipt": [{"opened": True}],
        **privacy_calls(made),
        **{
            f"privacy.keeping.{name}": [{"before": NOW + DAY}]
            for name in ("forget_alarms", "forget_dead_letters", "forget_sessions", "forget_notices", "forget_texts")
        },
        "privacy.keeping.forget_audit": [{"before": NOW - 200 * DAY}],
        "push.subscribe": [
            {"endpoint": "https://push.example/2", "p256dh": b"p" * 65, "auth": b"a" * 16, "language": "zh"}
        ],
        "alarms.supervision.open_silence": [
            {"silence_id": UUID(int=8), "opening": Opening(Scope.HOME, made.regions["street"], (create_watched(made),))}
        ],
        "alarms.supervision.join": [{"watched": create_watched(made)}],
        "alarms.supervision.learn_cause": [{"watched": create_watched(made)}],
        "alarms.get": [{"lock": True}],
        "alarms.set_on_the_way": [{"alarm_id": day["coming"]}],
        "alarms.newest_step": [{"alarm_id": day["coming"]}],
        "alarms.close": [{"reason": CloseReason.REAL}],
        "alarms.add_event": [{"state": AlarmState.TAKEN, "staff_id": made.staff["desk"]}],
        "detection.observations": [{"metrics": list(Metric)}],
        "detection.open_alert": [{"episode": EPISODE}],
        "detection.extend_alert": [{"episode": EPISODE, "told_at": told} for told in (None, NOW)],
        "detection.set_timer": [{"look_at": look} for look in (NOW, None)],
        "detection.hasten_timer": [{"look_at": look} for look in (NOW, None)],
        "detection.set_round": [{"round_at": look} for look in (NOW, None)],
        "detection.note_seen": [{"causes": [Cause.PULSE], "newest": NOW}],
        "detection.events.events_of": [
            {"since": dict.fromkeys(KIND_OF_METRIC, NOW - 50 * DAY), "zone": UTC},
            {"since": {Metric.MOTION: NOW - DAY}, "zone": UTC, "until": NOW},
        ],
        "detection.keep_baselines": [{"bands": {Metric.PULSE: Baseline(Metric.PULSE, 70, 60, 80, 9, 6)}}],
        "detection.coach.keep": [
            {"asks": [asking.Ask(Metric.SYSTOLIC, asking.Why.JUMP, NOW, NOW, NOW + DAY, answered)]}
            for answered in (None, NOW)
        ],
        "detection.personal.set_override": [
            {"override": Override("raised_pressure", Metric.SYSTOLIC, 170.0, "Dr. Li", "used to it", NOW)}
        ],
        "detection.personal.end_override": [
            {"rule": "raised_pressure", "metric": Metric.SYSTOLIC, "at": NOW, "by": "Dr. Li", "why": "new treatment"}
        ],
        "detection.personal.elder_of": [{"code": "elder-1"}, {"code": "nobody"}],
        "detection.outcomes.apply": [
            {
                "change": Change(
                    ("raised_pressure", Metric.DIASTOLIC),
                    Moved(104.0, {"false": 2, "right": 0, "technique": 0, "days": 90}),
                )
            }
        ],
        "detection.budget.show": [
            {"alert_ids": [made.one("SELECT alert_id FROM visit WHERE visit_id = %s", day["severe"])]}
        ],
        "detection.unsure.forget": [{"due": create_due(made, filled.record_key)}],
        "detection.unsure.put_back": [{"due": create_due(made, filled.record_key)}],
        "detection.unsure.nobodys": [{"due": create_due(made, filled.record_key), "metrics": list(Metric)}],
        "detection.unsure.keep": [
            {"due": create_due(made, filled.record_key), "severe": Severe(Priority.NOW, (REASON,)), "measured_at": NOW}
        ],
        "identity.upsert_staff": [
            {"login": "new", "name": "New", "role": Role.NURSE, "phone": "", "region_id": made.regions["street"]}
        ],
        "readings.letters.letter": [{"claim": True}],
        "readings.retention.thin": [{"days": {"motion": 31, "glucose": 40}}],
        "readings.chain.note_heads": [{"deliveries": [create_delivery(made)]}],
        "readings.chain.heads_within": [{"deliveries": [create_delivery(made)]}],
        "readings.chain.highest_heads": [{"spans": [("gw-home-1", 77, 1, 300), ("gw-strange", 1, 1, 2)]}],
        "readings.chain.note_odd": [{"deliveries": [create_delivery(made)]}],
        "readings.chain.note_duplicates": [
            {"readings": {Place("gw-home-1", 77, 100): create_delivery(made).readings[0]}}
        ],
        "readings.chain.note_rows_of_refused": [
            {"rows": {Place("gw-home-1", 77, 100): create_delivery(made).readings[0]}}
        ],
        "readings.chain.blocks": [{"gateways": ["gw-home-1", "gw-strange"]}, {"gateways": ["gw-home-2", "gw-home-1"]}],
        "readings.chain.streams": [{"home": "home-1"}, {"home": None}],
        "readings.heartbeats.note_status": [
            {"said": StatusMessage(online=online, at=NOW, epoch=1, session=session, sequence=2, run=9)}
            for online, session in ((True, 1), (False, 1), (True, 0))
        ],
        "readings.heartbeats.stored_of": [{"outboxes": [("gw-home-1", 1), ("gw-home-1", 7), ("gw-strange", 1)]}],
        "readings.unsure.ask_whether_severe": [
            {
                "lines": [Line(cuff, 7, create_reading(cuff_name, NOW, 190.0))],
                "owners": [Whose(None, 0.5, Why.ASK)],
            }
        ],
        "readings.homes.learn_gateways": [{"homes": Fresh(Homes), "gateways": ["gw-home-1", "gw-strange"]}],
        "readings.homes.learn_devices": [
            {
                "homes": Fresh(Homes),
                "names": [("gw-home-1", device_name(made, "home-1/glucometer")), ("gw-home-2", "new")],
            }
        ],
        "readings.identities.claim": [
            {
                "identities": Identities(
                    device_ids=np.array([cuff, cuff]),
                    record_keys=np.array([filled.record_key, 7]),
                    metrics=np.array([CODE_OF["systolic"], CODE_OF["pulse"]]),
                    measured_us=np.array([0, 0]),
                )
            }
        ],
        "readings.identities.decided": [{"acts": [(cuff, filled.record_key), (cuff, 7)]}],
        "readings.ruling.filed": [{}, {"record_key": -1}],
        "readings.ruling.keep": [
            {
                "ruling": Ruling(cuff, filled.record_key, made.elders["home-2"], made.staff["nurse"]),
                "before": Filed(made.elders["home-1"], 1.0, "only_wearer", NOW, 0, None),
            }
        ],
        "readings.ruling.file": [{"elder_id": made.elders["home-2"]}, {"elder_id": None}],
        "readings.store_deliveries": [{"deliveries": [create_delivery(made)]}],
        "readings.store_again": [{"delivery": create_delivery(made)}],
        "readings.bury": [{"at": NOW}, {"at": NOW, "identity": b"again"}],
        "registry.bulk.import_bulk": [
            {"bulk": Fresh(partial(read_bulk, text.encode()))} for text in (_BULK, _BULK.replace("home-70", "home-1"))
        ],
        "registry.new_home.make_home": [{"community": "320106", "address": "A", "elder": "B"}],
        **register_calls(made),
        "registry.id_of": [{"table": "home", "code": "home-2"}],
        "registry.upsert_region": [{"region": Region(code="9", name="R", level=Level.COMMUNITY)}],
        "registry.upsert_home": [{"home": Home(code="home-9", region="320106", address="A")}],
        "registry.upsert_elder": [{"elder": Elder(code="elder-1", home="home-1", name="B", born_on=date(1941, 3, 8))}],
        "registry.upsert_gateway": [{"gateway": Gateway(name="gw-home-9", home="home-1")}],
        "sms.set_not_sent": [{"problem": "no network", "again_in_s": 5.0}],
        "visits.get": [{"lock": True}],
        "visits.move": [{"state": VisitState.ACCEPTED}],
        "visits.add_event": [{"state": VisitState.ACCEPTED, "staff_id": made.staff["nurse"]}],
        "visits.reporting.report_of": [{}, {"visit_id": day["before"]}],
        "visits.reporting.file_measured": [{"visit_id": day["before"], "arrived_at": NOW}],
        "visits.reporting.marks_at_most": [{"within": 30 * DAY}],
        "visits.media.agreed": [{"kind": MediumKind.PHOTO}],
        "visits.media.keep_photo": [
            {"medium_id": UUID(int=8), "content": Content("image/jpeg", b"x"), "taken_at": NOW},
        ],
        "visits.media.keep_voice": [{"medium_id": UUID(int=9), "content": Content("audio/ogg", b"x")}],
        "visits.media.content_of": [{"medium_id": UUID(int=8)}],
        "visits.media.set_staff_photo": [{"data": b"x"}],
        "visits.media.seen_of_staff": [{"staff_ids": [made.staff["nurse"]]}],
        "visits.media.staff_photo": [{"staff_id": made.staff["nurse"]}],
        "visits.media.remove_staff_photo": [{"staff_id": made.staff["nurse"]}],
        "visits.reaching.unreached": [{"asked_before": NOW}],
        "visits.reaching.set_not_sent": [{"problem": "no network", "again": True}],
        "visits.reaching.note_receipt": [{"opened": True}],
        "visits.reporting.add_report": [
            {"report": Report(("medicine_missed",), ("talked",), "n", "right", date(2026, 12, 1))}
        ],
        "visits.reporting.set_assessment": [{"visit_id": day["before"]}],
        "visits.asking.assign": [{"answer_by": NOW}, {"answer_by": None}],
        "visits.asking.second_of": [{}],
        "visits.following.put_follow_up": [{"why": FollowUp.LOW_MARK}],
        "visits.following.put_next_visit": [{"on": date(2026, 12, 1)}],
        "visits.following.open_follow_up": [{"why": FollowUp.NEXT_VISIT}],
        "visits.following.close_before": [{"filed_before": NOW}],
        "visits.telling.note_act": [{"key": UUID(int=3), "did_at": NOW}],
        "visits.telling.moment_of": [{"did_at": NOW - DAY}],
        **demands_calls(made, day["demand"]),
        **routes_calls(made, day),
        **time_bank_calls(made, day),
        "visits.set_wish": [{"visit_id": day["asked"]}],
        "visits.open_request": [{"elder_id": made.elders["home-2"]}],
        "visits.set_at_risk": [{"promised_by": NOW + timedelta(minutes=18)}],
        "visits.add_for_alarm": [{"elder_id": made.elders["home-2"]}],
        "visits.visit_of_alarm": [{"alarm_id": day["coming"]}],
        "visits.on_the_way_since": [{"alarm_id": day["coming"]}],
        "web.board.open_alarms": [{}, {"regions": None}, {"regions": community}],
        "web.held.weeks": [{"causes": sorted(Cause)}],
        "web.thresholds.take_back": [{"override_id": 1, "by": "陈晓梅", "why": "well again"}],
        "web.evidence.readings": [{}, {"metrics": everything, "begin": NOW - 365 * DAY}],
        "web.evidence.days": [{}, {"metrics": everything, "begin": NOW - 365 * DAY}],
        "web.evidence.latest": [{"metrics": everything}],
        "web.nurse.report": [{"visit_id": day["before"]}],
        "web.evidence.points": [{"wanted": [(made.elders["home-1"], "systolic"), (made.elders["home-2"], "pulse")]}],
        "web.nurse.said_lately": [{}, {"nurse_id": None}],
        "web.elder.may_assess": [{"visit_id": day["before"]}],
    }
