"""A row in each table: of a home and its elder, of somebody of staff, or of nobody."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

ROLES = ("nurse", "desk", "doctor", "installer", "administrator")


@dataclass(frozen=True)
class Place:
    """A region, its staff by role, and the one elder in its one home."""

    region_id: int
    elder_id: int
    link: bytes
    staff: dict[str, int]


def create_place(connection: Connection, name: str) -> Place:
    region = _one(
        connection, "INSERT INTO region (code, name, level) VALUES (%s, %s, 'street') RETURNING region_id", name, name
    )
    staff = {role: create_staff(connection, f"{name}-{role}", role, region) for role in ROLES}
    elder = _one(
        connection,
        "WITH h AS (INSERT INTO home (code, region_id, address) VALUES (%(n)s, %(r)s, %(n)s) RETURNING home_id) "
        "INSERT INTO elder (code, home_id, name, link_hash) SELECT %(n)s, home_id, %(n)s, %(link)s FROM h "
        "RETURNING elder_id",
        n=name, r=region, link=sha256(name.encode()).digest(),
    )  # fmt: skip
    values = {"n": name, "r": region, "elder": elder, "staff": staff["nurse"]}
    for statement in _OF_A_HOME:
        connection.execute(statement.encode(), values)
    return Place(region, elder, sha256(name.encode()).digest(), staff)


def create_staff(connection: Connection, name: str, role: str, region: int) -> int:
    """With one row in each table of accounts."""
    staff: int = _one(
        connection,
        "INSERT INTO staff (login, name, role, region_id, password_hash) VALUES (%(n)s, %(n)s, %(role)s, %(r)s, '') "
        "RETURNING staff_id",
        n=name, role=role, r=region,
    )  # fmt: skip
    for statement in _OF_STAFF:
        connection.execute(statement.encode(), {"n": name, "digest": sha256(name.encode()).digest(), "staff": staff})
    return staff


def rows_of_everything() -> list[str]:
    """Statements that put a row into each table; %(n)s names a home that is there, its elder and its gateway."""
    return [*_OF_A_HOME, *_OF_STAFF, *_OF_NOBODY]


def create_rest(connection: Connection) -> None:
    """What is of no home and of nobody."""
    for statement in _OF_NOBODY:
        connection.execute(statement.encode())


def _one(connection: Connection, statement: str, *values: object, **named: object) -> Any:
    row = connection.execute(statement.encode(), named or values).fetchone()
    assert row is not None
    return row[0]


_HOME = "(SELECT home_id FROM home WHERE code = %(n)s)"
_ACCOUNT = "(SELECT account_id FROM time_account WHERE elder_id = %(elder)s)"
_DEVICE = "(SELECT device_id FROM device WHERE gateway_id = %(n)s)"
_ALARM = "(SELECT alarm_id FROM alarm WHERE gateway_id = %(n)s ORDER BY state LIMIT 1)"
_VISIT = "(SELECT max(visit_id) FROM visit WHERE elder_id = %(elder)s)"
_READING = (
    "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, wearer_why, received_at, "
    f"gateway_id, epoch, outbox_number) VALUES ({_DEVICE}, 'pulse', 1, now(), 70, %(elder)s, "
)
_OF_A_HOME = (
    f"INSERT INTO gateway (gateway_id, home_id) VALUES (%(n)s, {_HOME})",
    "INSERT INTO device (gateway_id, name, kind) VALUES (%(n)s, 'x', 'unknown')",
    "INSERT INTO outbox_stream (gateway_id, epoch) VALUES (%(n)s, 1)",
    "INSERT INTO drill VALUES (gen_random_uuid(), %(n)s, 'drill', now(), now())",
    "INSERT INTO drill_watch VALUES (%(n)s, now())",
    "INSERT INTO silence VALUES (gen_random_uuid(), 'home', %(r)s, 'unknown', now(), now())",
    "INSERT INTO silent_gateway SELECT silence_id, %(n)s, 'unknown', now() FROM silence WHERE region_id = %(r)s",
    "INSERT INTO left_outbox VALUES (%(n)s, 1, 3, now(), now())",
    "INSERT INTO gateway_run VALUES (%(n)s, 1, now())",
    "INSERT INTO claim VALUES (%(n)s, %(n)s, '', now(), now(), 1)",
    "INSERT INTO gateway_certificate VALUES (%(n)s, %(n)s, '', now(), now())",
    f"INSERT INTO sharing VALUES ({_DEVICE}, 'ask')",
    f"INSERT INTO wearer (device_id, elder_id) VALUES ({_DEVICE}, %(elder)s)",
    "INSERT INTO ruling (device_id, record_key, measured_at, from_why, staff_id, ruled_at) "
    f"VALUES ({_DEVICE}, 1, now(), 'ask', %(staff)s, now())",
    f"INSERT INTO unsure_due VALUES ({_DEVICE}, 1, now())",
    "INSERT INTO unsure_alert (device_id, record_key, home_id, priority, reasons, measured_at, raised_at) "
    f"VALUES ({_DEVICE}, 1, {_HOME}, 'now', '[]', now(), now())",
    "INSERT INTO contact (elder_id, place, name, relation, phone) VALUES (%(elder)s, 1, '', '', '')",
    "INSERT INTO baseline VALUES (%(elder)s, 'pulse', 1, 1, 1, 1, now())",
    "INSERT INTO detection_due VALUES (%(elder)s, now())",
    "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to) "
    "VALUES (%(elder)s, 'pulse', 'now', '[]', now(), now(), now())",
    "INSERT INTO limit_override (elder_id, rule, metric, value, author, reason, set_at) "
    "VALUES (%(elder)s, 'x', 'pulse', 1, 'x', 'x', now())",
    "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until) "
    "VALUES (%(elder)s, 'pulse', 'limit', now(), now(), now())",
    "INSERT INTO detection_timer VALUES (%(elder)s, now())",
    "INSERT INTO visit (elder_id, kind, priority, asked_at, promised_by) "
    "VALUES (%(elder)s, 'request', 'today', now(), now())",
    f"INSERT INTO visit_event (visit_id, state, at) VALUES ({_VISIT}, 'proposed', now())",
    f"INSERT INTO visit_report (visit_id, staff_id, findings, actions, filed_at) VALUES ({_VISIT}, %(staff)s, '{{}}', "
    "'{}', now())",
    "INSERT INTO regular_visit (elder_id, every_days, from_time, to_time, made_by, class, next_on, made_at) "
    "VALUES (%(elder)s, 7, '09:00', '17:00', 'risk', 'high', '2026-11-23', now())",
    "INSERT INTO route (nurse_id, day, begins_at, ends_at, planned_at) VALUES (%(staff)s, '2026-11-23', now(), now(), "
    "now())",
    "INSERT INTO route_stop (visit_id, route_id, arrives_at, leaves_at, travel_min, told_at) "
    f"SELECT {_VISIT}, route_id, now(), now(), 0, now() FROM route WHERE nurse_id = %(staff)s",
    f"INSERT INTO unplanned (visit_id, why, since) VALUES ({_VISIT}, 'no_nurse', now())",
    "INSERT INTO visit_moved (visit_id, at, why, nurse_before, nurse_id, arrival_before, arrival, promised_before, "
    f"promised_by) VALUES ({_VISIT}, now(), 'later', %(staff)s, %(staff)s, now(), now(), now(), now())",
    "INSERT INTO demand (elder_id, mouth, text, urgency, state, said_at, said_last_at) "
    "VALUES (%(elder)s, 'elder', 'x', 'today', 'doubt', now(), now())",
    "INSERT INTO demand_event (demand_id, at, what, state, actor) "
    "SELECT demand_id, now(), 'said', 'doubt', 'elder' FROM demand WHERE elder_id = %(elder)s",
    "INSERT INTO absence (staff_id, during) VALUES (%(staff)s, '[2026-11-23,2026-11-24)')",
    "INSERT INTO team_plan (region_id) VALUES (%(r)s)",
    f"INSERT INTO visit_act VALUES (%(staff)s, gen_random_uuid(), {_VISIT}, now(), now())",
    f"UPDATE visit SET state = 'filed', nurse_id = %(staff)s WHERE visit_id = {_VISIT}",
    "INSERT INTO visit_medium (medium_id, visit_id, kind, media_type, content, taken_at, stored_at) "
    f"VALUES (gen_random_uuid(), {_VISIT}, 'voice', 'audio/webm', 'x', now(), now())",
    f"INSERT INTO assessment (visit_id, face, assessed_at) VALUES ({_VISIT}, 5, now())",
    "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
    "VALUES (gen_random_uuid(), %(n)s, %(elder)s, 'personal_trigger', 'x', now(), now())",
    f"INSERT INTO alarm_event (alarm_id, state, at) VALUES ({_ALARM}, 'at_centre', now())",
    f"INSERT INTO alarm_card_view VALUES ({_ALARM}, %(elder)s, %(staff)s, now())",
    f"INSERT INTO scaip_forward (reference, alarm_id, what) VALUES (%(n)s, {_ALARM}, 'raised')",
    f"INSERT INTO sms_alarm VALUES ({_ALARM}, %(n)s, '')",
    f"INSERT INTO escalation VALUES ({_ALARM}, 'alarm', '', now())",
    f"INSERT INTO escalation_step VALUES ({_ALARM}, 0, 0, '', now(), now(), 0)",
    "INSERT INTO prove_report (gateway_id, ended_at, stored_at, passed, body, said_at, signature, certificate, digest) "
    "VALUES (%(n)s, now(), now(), true, '', '', '', '', sha256(convert_to(%(n)s, 'UTF8')))",
    "INSERT INTO gateway_configuration VALUES (%(n)s, 1, '', now())",
    "INSERT INTO register_entry (elder_id, changed_at) VALUES (%(elder)s, now())",
    "INSERT INTO elder_identity (elder_id, number_sealed, number_hash, changed_at) "
    "VALUES (%(elder)s, '', sha256(convert_to(%(n)s, 'UTF8')), now())",
    "INSERT INTO ability_assessment (elder_id, scale, assessed_on, answers, points, level, staff_id, stored_at) "
    "VALUES (%(elder)s, 'barthel', '2026-11-23', '{}', 100, 0, %(staff)s, now())",
    "INSERT INTO elder_move (elder_id, from_home_id, to_home_id, from_region_id, to_region_id, moved_at) "
    f"VALUES (%(elder)s, {_HOME}, {_HOME}, %(r)s, %(r)s, now())",
    "INSERT INTO relative (elder_id, name, relation, link_hash, link_code, invited_by, invited_at, link_ends_at) "
    "VALUES (%(elder)s, 'x', '', sha256(convert_to(%(n)s || 2, 'UTF8')), '', %(staff)s, now(), now())",
    "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
    "VALUES (%(elder)s, 'institutions', 'elder', 'signed', %(staff)s, now())",
    "INSERT INTO data_copy (elder_id, staff_id, asked_at, ends_at) SELECT %(elder)s, staff_id, now(), now() "
    "FROM (SELECT staff_id FROM staff WHERE region_id = %(r)s UNION ALL SELECT NULL) AS asker",
    "INSERT INTO data_copy_part SELECT copy_id, 0, '' FROM data_copy WHERE elder_id = %(elder)s",
    "INSERT INTO privacy_request (elder_id, what, asked_at) VALUES (%(elder)s, 'export', now())",
    "INSERT INTO link_session VALUES (sha256(convert_to(%(n)s, 'UTF8')), '', %(elder)s, NULL, now(), now(), now())",
    "INSERT INTO volunteer (staff_id, elder_id, applied_at) VALUES (%(staff)s, %(elder)s, now())",
    "INSERT INTO volunteer_step (staff_id, state, at, by_staff_id) VALUES (%(staff)s, 'applied', now(), %(staff)s)",
    "INSERT INTO volunteer_paper (staff_id, kind, seen_by, seen_at) VALUES (%(staff)s, 'identity', %(staff)s, now())",
    "INSERT INTO volunteer_hours VALUES (%(staff)s, 0, '09:00', '12:00')",
    "INSERT INTO time_account (code, elder_id, opened_at) VALUES (%(n)s, %(elder)s, now())",
    "WITH e AS (INSERT INTO time_entry (entry_id, kind, at) VALUES (md5(%(n)s)::uuid, 'earn', now()) "
    "RETURNING entry_id) "
    f"INSERT INTO time_line (entry_id, account_id, minutes) SELECT entry_id, {_ACCOUNT}, 60 FROM e "
    "UNION ALL SELECT entry_id, time_system_account('community'), -60 FROM e",
    "INSERT INTO time_dispute (entry_id, account_id, words, said_at) "
    f"VALUES (md5(%(n)s)::uuid, {_ACCOUNT}, 'x', now())",
    f"INSERT INTO time_transfer VALUES (md5(%(n)s)::uuid, 'out', 'x', {_ACCOUNT}, '', 1, 'offered', now(), now())",
    "INSERT INTO time_message (transfer_id, way, step, body, signature, ours, at) "
    "VALUES (md5(%(n)s)::uuid, 'out', 'offer', '', decode(repeat('00', 64), 'hex'), true, now())",
    "INSERT INTO audit (at, staff_id, elder_id, what) VALUES (now(), 0, %(elder)s, 'saw_record')",
    _READING + "'only_wearer', now(), %(n)s, 1, 1)",
    _READING.replace("%(elder)s", "NULL") + "'ask', now(), %(n)s, 1, 2)",
)
_OF_STAFF = (
    "INSERT INTO session VALUES (%(digest)s, %(staff)s, now(), now())",
    "INSERT INTO oidc_binding VALUES ('', %(n)s, %(staff)s, now())",
    "INSERT INTO half_session VALUES (%(digest)s, %(staff)s, now())",
    "INSERT INTO totp VALUES (%(staff)s, '')",
    "INSERT INTO passkey VALUES (%(digest)s, %(staff)s, '', 0, '', now())",
    "INSERT INTO api_token (token_hash, staff_id, name, scopes, made_at, ends_at) "
    "VALUES (%(digest)s, %(staff)s, '', '{}', now(), now())",
    "INSERT INTO push_subscription (staff_id, endpoint, p256dh, auth) "
    "VALUES (%(staff)s, %(n)s, sha256('') || sha256('') || '\\x00', substring(sha256('') FOR 16))",
    "INSERT INTO audit (at, staff_id, what) VALUES (now(), %(staff)s, 'saw_letters')",
    "INSERT INTO board_look VALUES (%(staff)s, now())",
    "INSERT INTO staff_photo VALUES (%(staff)s, 'x', now())",
)
_OF_NOBODY = (
    "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id) "
    "SELECT gen_random_uuid(), subject_id, 0, 0, 'push', staff_id "
    "FROM staff, (SELECT subject_id FROM escalation_step LIMIT 1) AS step",
    "INSERT INTO visit_push (notice_id, visit_id, visit_event_id, staff_id) "
    "SELECT gen_random_uuid(), visit_id, visit_event_id, staff.staff_id "
    "FROM staff, (SELECT visit_id, visit_event_id FROM visit_event LIMIT 1) AS step",
    "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES ('', '', '', '')",
    "INSERT INTO try (key) VALUES ('')",
    "INSERT INTO refusal VALUES ('web', 'login', now(), 1, now())",
    "INSERT INTO challenge VALUES ('', NULL, now())",
    "INSERT INTO retained VALUES ('light', now())",
)
