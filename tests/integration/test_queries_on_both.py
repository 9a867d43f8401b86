"""Plain PostgreSQL and TimescaleDB give the same results and keep the same rows, function by function."""

import dataclasses
import inspect
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import psycopg
import pytest

from cloud.db.pool import AsyncConnection, Connection, connection_settings
from cloud.errors import CloudError
from tests.cloud.web.community import NOW, Community, create_community, create_day
from tests.integration.both.arguments import Filled, Fresh
from tests.integration.both.demands import fill_demands
from tests.integration.both.functions import Call, find_calls
from tests.integration.both.privacy import fill_copies
from tests.integration.both.register import fill_register
from tests.integration.both.routes import fill_routes
from tests.integration.both.servers import contents_query, copy_all, materialise, tables
from tests.integration.both.time_bank import fill_time_bank

pytestmark = pytest.mark.integration

COMMITS = {"privacy.erasure.forget_figures", "readings.retention.thin"}
"""Commits by itself, so it goes last and nothing is rolled back."""
WROTE = "SELECT pg_current_xact_id_if_assigned() WHERE pg_current_xact_id_if_assigned() IS NOT NULL"
UNORDERED = {
    "privacy.export.rows",
    "detection.observations",
    "detection.unsure.nobodys",
    "detection.backtest.histories",
}
"""They say nothing of an order."""
DRAWN = {
    "identity.open_session": {"session"},
    "identity.upsert_staff": {"staff"},
    "alarms.supervision.hold_look": set(),
    "alarms.escalation.add_notice": {"notice"},
    "alarms.escalation.delivery.waiting": set(),
    **{f"alarms.escalation.delivery.{name}": {"notice"} for name in ("set_sent", "set_not_sent")},
    "alarms.escalation.delivery.note_receipt": {"notice", "push_subscription"},
    "alarms.scaip.add": {"scaip_forward"},
    "readings.heartbeats.note_status": {"gateway", "gateway_run"},
    "registry.bulk.import_bulk": {"staff"},
    "push.subscribe": {"push_subscription"},
    "push.set_gone": {"push_subscription"},
    "sms_gateway.next_counter": {"sms_key"},
    "sms_gateway.hear": {"sms_heard"},
    "services.time_bank.book": {"time_entry"},
    **{name: {"sms"} for name in ("sms.add", "sms.claim", "sms.set_sent", "sms.set_not_sent", "sms.report")},
}
"""Tables in which the function puts something drawn at random or the wall's time; nor is its result compared."""


@dataclass(frozen=True)
class Both:
    plain: str
    timescale: str
    filled: Filled


@pytest.fixture
def filled_database(database: str) -> tuple[str, Filled]:
    """A plain database with a morning that has something of everything."""
    made = create_community(database)
    day = create_day(made)
    made.run("UPDATE reading SET stored_at = received_at + INTERVAL '2 seconds'")
    return database, _filled(made, day)


@pytest.fixture
def both(filled_database: tuple[str, Filled], timescale_database: str) -> Both:
    plain, filled = filled_database
    copy_all(plain, timescale_database)
    materialise(timescale_database, NOW - timedelta(days=20))
    return Both(plain, timescale_database, filled)


def fill_media(made: Community, visit_id: int) -> None:
    """A photo of the visit, to which the elder agreed, one of the nurse, and what she measured."""
    nurse = made.staff["nurse"]
    made.run(
        "INSERT INTO visit_medium VALUES (%s, %s, 'photo', %s, 'image/jpeg', 'x', %s, %s)",
        UUID(int=8), visit_id, nurse, NOW, NOW,
    )  # fmt: skip
    made.run("INSERT INTO staff_photo VALUES (%s, 'x', %s)", nurse, NOW)
    made.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "SELECT elder_id, 'photos', 'elder', 'signed', %s, %s FROM visit WHERE visit_id = %s",
        nurse, NOW, visit_id,
    )  # fmt: skip
    made.run("""UPDATE visit_report SET measured = '[{"metric": "pulse", "value": 70}]'""")


def _filled(made: Community, day: dict[str, Any]) -> Filled:
    old = made.elders["home-1"]
    day["demand"] = fill_demands(made)
    day["before"] = made.one("SELECT min(visit_id) FROM visit WHERE state = 'assessed' AND elder_id = %s", old)
    cuff = made.devices["home-1/sphygmomanometer"]
    # a cuff that two share, whose last two measurements are nobody's yet, and one that a rule filed
    made.run("INSERT INTO sharing (device_id, rule) VALUES (%s, 'ask')", cuff)
    made.run(
        "UPDATE reading SET elder_id = NULL, wearer_certainty = 0.5, wearer_why = 'ask' "
        "WHERE device_id = %s AND measured_at > %s",
        cuff, NOW - timedelta(hours=2),
    )  # fmt: skip
    made.run("UPDATE reading SET wearer_certainty = 0.9 WHERE device_id = %s AND elder_id IS NOT NULL", cuff)
    made.run(
        "UPDATE alert SET reasons = (SELECT jsonb_agg(reason || '{\"confirmed\": true}') "
        "FROM jsonb_array_elements(reasons) AS reason)"
    )
    made.run(
        "INSERT INTO detection_due (elder_id, since, asked_at) VALUES (%s, %s, %s) ON CONFLICT (elder_id) DO UPDATE "
        "SET since = excluded.since, asked_at = excluded.asked_at",
        old, NOW, NOW,
    )  # fmt: skip
    fill_media(made, day["severe"])
    fill_register(made)
    made.run("INSERT INTO detection_timer (elder_id, look_at) VALUES (%s, %s)", old, NOW)
    made.run(
        "INSERT INTO limit_override (elder_id, rule, metric, value, author, reason, set_at) "
        "VALUES (%s, 'raised_pressure', 'systolic', 165, 'Dr. Li', 'used to it', %s)",
        old,
        NOW - timedelta(days=1),
    )
    letter = made.one(
        "INSERT INTO dead_letter (topic, payload, digest, reason, first_at, last_at) "
        "VALUES ('t', 'p', 'd', 'r', %s, %s) RETURNING dead_letter_id",
        NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO sms (recipient, body, asked_at, due_at, give_up_at) "
        "VALUES ('+8613800000001', 'a text', %s, %s, now() + INTERVAL '1 day')",
        NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO reading_identity (device_id, record_key, metric, measured_at) "
        "SELECT device_id, record_key, metric, measured_at FROM reading"
    )
    made.run(
        "INSERT INTO unsure_due (device_id, record_key, asked_at) SELECT device_id, max(record_key), %s FROM reading "
        "WHERE device_id = %s GROUP BY device_id",
        NOW, cuff,
    )  # fmt: skip
    made.run("INSERT INTO sms_key (gateway_id, key_id, key) VALUES ('gw-home-1', 'abcd', repeat('k', 32)::bytea)")
    made.run("UPDATE gateway SET noted_at = %s", NOW)
    made.run("INSERT INTO left_outbox VALUES ('gw-home-1', 7, 3, %s, now())", NOW)
    made.run(
        "INSERT INTO push_subscription (staff_id, endpoint, p256dh, auth, made_at) VALUES (%s, %s, %s, %s, %s)",
        made.staff["desk"], "https://push.example/1", b"p" * 65, b"a" * 16, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO escalation (subject_id, about, rule, began_at) VALUES (%s, 'alarm', 'r', %s)", UUID(int=6), NOW
    )
    made.run(
        "INSERT INTO escalation_step (subject_id, round, step, said, due_at, done_at, told) "
        "VALUES (%s, 0, 0, 's', %s, %s, 1)",
        UUID(int=6), NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, subscription_id, asked_at) "
        "SELECT %s, %s, 0, 0, 'push', staff_id, subscription_id, %s FROM push_subscription",
        UUID(int=5), UUID(int=6), NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO silence (silence_id, scope, region_id, cause, since, raised_at) "
        "VALUES (%s, 'street', %s, 'unknown', %s, %s)",
        UUID(int=7), made.regions["street"], NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO silent_gateway (silence_id, gateway_id, cause, since) VALUES (%s, 'gw-home-1', 'unknown', %s)",
        UUID(int=7), NOW,
    )  # fmt: skip
    relative = made.one(
        "INSERT INTO relative (elder_id, name, relation, link_hash, link_code, invited_by, invited_at, link_ends_at) "
        "VALUES (%s, '王强', '儿子', 'h', 'c', %s, %s, %s) RETURNING relative_id",
        old, made.staff["desk"], NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO consent (elder_id, relative_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, %s, 'family_readings', 'elder', 'signed', %s, %s)",
        old, relative, made.staff["desk"], NOW,
    )  # fmt: skip
    fill_copies(made, old)
    made.run("INSERT INTO privacy_request (elder_id, what, asked_at) VALUES (%s, 'erase', %s)", old, NOW)
    event = made.one(
        "INSERT INTO alarm_event (alarm_id, state, at) VALUES (%s, 'on_the_way', %s) RETURNING alarm_event_id",
        day["coming"], NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO visit (elder_id, alarm_id, kind, priority, asked_at, promised_by) "
        "SELECT elder_id, alarm_id, 'alarm', 'now', heard_at, heard_at FROM alarm WHERE alarm_id = %s",
        day["coming"],
    )
    fill_routes(made, day)
    fill_time_bank(made, day["before"])
    key = made.one("SELECT max(record_key) FROM reading WHERE device_id = %s", cuff)
    return Filled(made, day, key, letter, event)


async def test_both_kinds_of_server_agree(both: Both) -> None:
    """Result or refusal of each call, and all rows after it."""
    differing = []
    async with _server(both.plain) as plain, _server(both.timescale) as timescale:
        for call in sorted(find_calls(both.filled), key=lambda call: call.name in COMMITS):
            one, other = await plain.outcome(call), await timescale.outcome(call)
            if one.result != other.result:
                differing.append(f"{call.name}: plain {one.result!r:.600}, TimescaleDB {other.result!r:.600}")
            differing += [
                f"{call.name}: other rows in {table}"
                for table in one.rows.keys() | other.rows.keys()
                if one.rows.get(table) != other.rows.get(table)
            ]
    assert not differing, "\n".join(differing)


async def test_almost_every_call_does_its_work(filled_database: tuple[str, Filled]) -> None:
    """Two servers that refuse alike would agree as well: each call must succeed, and most must find or change rows."""
    dsn, filled = filled_database
    refused, idle = [], []
    calls = [call for call in find_calls(filled) if call.name not in COMMITS]
    async with _server(dsn) as server:
        for call in calls:
            outcome = await server.outcome(call)
            if outcome.refused:
                refused.append(f"{call.name}: {outcome.result}")
            elif not any(outcome.result or ()) and not outcome.rows:
                idle.append(call.name)
    assert not refused, "\n".join(refused)
    assert len(idle) < len(calls) // 4, idle


@dataclass(frozen=True)
class Outcome:
    result: Any
    """As plain values, or the words of a refusal."""
    rows: dict[str, str]
    """A digest of each table as the call left it; empty where the call wrote nothing."""
    refused: bool = False


@dataclass(frozen=True)
class Server:
    """One database, over a connection of each kind."""

    dsn: str
    plain: Connection
    waiting: AsyncConnection
    names: list[str]
    """Of its tables."""

    async def outcome(self, call: Call) -> Outcome:
        """Calls in a transaction of its own, looks, and rolls back."""
        if call.name in COMMITS:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                return self._call(connection, call)
        if not inspect.iscoroutinefunction(call.function):
            return self._call(self.plain, call)
        arguments, changed = _fresh(call)
        try:
            await self.waiting.execute("SELECT 1")  # as below
            result = _plain((await call.function(self.waiting, **arguments), changed))
            row = None
            if await (await self.waiting.execute(WROTE)).fetchone():
                row = await (await self.waiting.execute(contents_query(self.names).encode())).fetchone()
            return self._outcome(call.name, result, row)
        except (CloudError, psycopg.Error) as error:
            return Outcome(f"{type(error).__name__}: {error}", {}, refused=True)
        finally:
            await self.waiting.rollback()

    def _call(self, connection: Connection, call: Call) -> Outcome:
        arguments, changed = _fresh(call)
        try:
            if call.name not in COMMITS:
                connection.execute("SELECT 1")  # the function's own transaction is a part of ours, which is rolled back
            given = call.function(connection, **arguments)
            result = _plain((list(given) if isinstance(given, Iterator) else given, changed))
            row = None
            if call.name in COMMITS or connection.execute(WROTE).fetchone():
                row = connection.execute(contents_query(self.names).encode()).fetchone()
            return self._outcome(call.name, result, row)
        except (CloudError, psycopg.Error) as error:
            return Outcome(f"{type(error).__name__}: {error}", {}, refused=True)
        finally:
            connection.rollback()

    def _outcome(self, name: str, result: Any, row: tuple[Any, ...] | None) -> Outcome:
        drawn = DRAWN.get(name, set())
        if name in UNORDERED:
            result = _sorted(result)
        rows = dict(zip(self.names, row, strict=True)) if row else {}
        return Outcome(
            None if name in DRAWN else result, {table: digest for table, digest in rows.items() if table not in drawn}
        )


@asynccontextmanager
async def _server(dsn: str) -> AsyncIterator[Server]:
    settings = connection_settings("both")
    plain: Connection
    with psycopg.connect(dsn, **settings) as plain:
        async with await psycopg.AsyncConnection.connect(dsn, **settings) as waiting:
            names = tables(plain)
            plain.rollback()
            yield Server(dsn, plain, waiting, names)


def _fresh(call: Call) -> tuple[dict[str, Any], list[Any]]:
    """The arguments, and those of them that the call may change."""
    made = {key: value.make() for key, value in call.arguments.items() if isinstance(value, Fresh)}
    return {**call.arguments, **made}, list(made.values())


def _sorted(value: Any) -> Any:
    """Lists within lists, each by what it says."""
    if isinstance(value, dict):
        return {key: _sorted(one) for key, one in value.items()}
    return sorted((_sorted(one) for one in value), key=repr) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """Dataclasses and the like as tuples; numbers to nine figures, since a sum depends on its order."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    elif isinstance(value, AbstractSet):
        value = sorted(value)
    elif isinstance(value, np.ndarray):
        value = value.tobytes()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(one) for one in value]
    return value
