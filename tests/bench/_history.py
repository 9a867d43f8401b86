"""A province's rows as they would have come: communities of homes, and half a year of readings in order of time.

Each home measures 28 values a day: blood pressure with pulse twice, glucose twice, twelve movements of the bathroom and
eight values of its climate. So `ROWS_OF_HOME` readings belong to one elder, scattered over the whole table.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from cloud.identity.passwords import hash_password
from tests.cloud.web.community import NOW

DAYS = 180
HOMES_OF_COMMUNITY = 100
PASSWORD = "a bench before the door"
END = NOW
"""What stands for now; the newest reading lies shortly before it."""

# (hour of the day in UTC, device, metric, centre, spread)
_DAY = (
    *((hour, "cuff", "systolic", 138, 9) for hour in (0, 11)),
    *((hour, "cuff", "diastolic", 82, 6) for hour in (0, 11)),
    *((hour, "cuff", "pulse", 70, 6) for hour in (0, 11)),
    *((hour, "meter", "glucose", 130, 18) for hour in (1, 12)),
    *((hour, "motion", "motion", 1, 0) for hour in (3, 7, 9, 13, 14, 16, 17, 18, 19, 20, 21, 22)),
    *((hour, "climate", "humidity", 55, 8) for hour in (2, 8, 15, 23)),
    *((hour, "climate", "ambient_temperature", 22, 2) for hour in (2, 8, 15, 23)),
)
ROWS_OF_HOME = DAYS * len(_DAY)
_DEVICES = ("cuff", "meter", "motion", "climate")
_COPY = (
    "COPY reading (device_id, metric, record_key, measured_at, value, elder_id, wearer_certainty, received_at, "
    "stored_at, gateway_id, epoch, outbox_number) FROM STDIN"
)

# Numbers run through all homes in the order of time, so no outbox has a run of them; its count is true.
_STREAMS = (
    "INSERT INTO outbox_stream (gateway_id, epoch, readings) "
    "SELECT 'gw-' || n, 1, %(rows)s FROM generate_series(%(first)s::integer, %(last)s::integer) AS n"
)


@dataclass(frozen=True)
class Province:
    homes: int
    desks: tuple[str, ...]
    """One login a community; the password is PASSWORD."""


def register(dsn: str, homes: int) -> Province:
    """Communities of HOMES_OF_COMMUNITY homes, one elder a home, each with what a day at a centre leaves behind.

    A community has ten open visits, two open alarms, three silent homes and a desk; each elder has six past alerts
    with visit and report.
    """
    communities = -(-homes // HOMES_OF_COMMUNITY)
    values = {"homes": homes, "communities": communities, "size": HOMES_OF_COMMUNITY, "now": END}
    with psycopg.connect(dsn) as conn:
        for statement in _REGISTER:
            conn.execute(statement.encode(), {**values, "hash": hash_password(PASSWORD)})
    return Province(homes, tuple(f"desk{number}" for number in range(1, communities + 1)))


def fill(dsn: str, first: int, after: int) -> int:
    """Readings of the homes `first` (0 is the first home) up to, not with, `after`. Gives how many rows were made."""
    with psycopg.connect(dsn) as conn:
        devices = {
            (int(home), name): device
            for home, name, device in conn.execute(
                "SELECT substr(gateway_id, 4), name, device_id FROM device WHERE gateway_id LIKE 'gw-%'"
            )
        }
        elders = {int(code[1:]): elder for code, elder in conn.execute("SELECT code, elder_id FROM elder")}
        with conn.cursor() as cursor, cursor.copy(_COPY) as copy:
            rows = 0
            for block in _blocks(devices, elders, range(first + 1, after + 1)):
                copy.write("".join(block))
                rows += len(block)
        conn.execute(_STREAMS.encode(), {"first": first + 1, "last": after, "rows": ROWS_OF_HOME})
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
    return rows


def _blocks(devices: dict[tuple[int, str], int], elders: dict[int, int], homes: range) -> Iterator[list[str]]:
    """Lines of COPY, an hour of all homes at a time."""
    chance = random.Random(homes.start)
    by_hour = sorted(_DAY, key=lambda one: one[0])
    begin = (END - timedelta(days=DAYS)).replace(hour=0, minute=0)
    number = homes.start * ROWS_OF_HOME
    for day in range(DAYS):
        for hour, device, metric, centre, spread in by_hour:
            at = begin + timedelta(days=day, hours=hour)
            stamp, key = f"{at:%Y-%m-%d %H}", int(at.timestamp())
            block = []
            for home in homes:
                second = home * 7 % 3600
                time = f"{stamp}:{second // 60:02}:{second % 60:02}+00"
                value = centre + spread * (chance.random() * 2 - 1)
                sure = 0.9 if home % 50 == 0 and device == "cuff" else 1  # a cuff that two share
                number += 1
                block.append(
                    f"{devices[home, device]}\t{metric}\t{key + second}\t{time}\t{value:.0f}\t{elders[home]}\t{sure}\t"
                    f"{time}\t{time}\tgw-{home}\t1\t{number}\n"
                )
            yield block


_HOMES = "generate_series(1, %(homes)s) AS n"
_COMMUNITIES = "generate_series(1, %(communities)s) AS n"
_OF_HOME = "elder, LATERAL (SELECT substr(elder.code, 2)::integer AS n) AS numbered"
_REGISTER = (
    "INSERT INTO region (code, name, level) VALUES ('p', 'province', 'province')",
    "INSERT INTO region (code, name, level, parent_id) "
    "SELECT 'c' || n, 'community ' || n, 'community', (SELECT region_id FROM region WHERE code = 'p') "
    f"FROM {_COMMUNITIES}",
    "INSERT INTO home (code, region_id, address) SELECT 'h' || n, region_id, n || ' Long Street' "
    f"FROM {_HOMES} JOIN region ON region.code = 'c' || ((n - 1) / %(size)s + 1)",
    "INSERT INTO elder (code, home_id, name, born_on) SELECT 'e' || substr(code, 2), home_id, 'Elder ' || code, "
    "'1941-03-04' FROM home",
    "INSERT INTO contact (elder_id, place, name, relation, phone) SELECT elder_id, 1, 'Somebody', 'child', '555' "
    "FROM elder",
    "INSERT INTO gateway (gateway_id, home_id, online, heard_at) "
    f"SELECT 'gw-' || n, home_id, n %% 33 <> 0, %(now)s FROM {_HOMES} JOIN home ON home.code = 'h' || n",
    "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, name, 'unknown' "
    f"FROM gateway, unnest(ARRAY{list(_DEVICES)!r}) AS name",
    "INSERT INTO staff (login, name, role, region_id, password_hash) "
    "SELECT 'desk' || substr(code, 2), 'Desk', 'desk', region_id, %(hash)s FROM region WHERE level = 'community'",
    "INSERT INTO staff (login, name, role, region_id, password_hash) "
    "SELECT 'nurse' || substr(code, 2) || '-' || n, 'Nurse', 'nurse', region_id, %(hash)s "
    "FROM region, generate_series(1, 3) AS n WHERE level = 'community'",
    "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, state, closed_at) "
    "SELECT elder_id, 'blood_pressure', 'today', '[]', at, at, at, 'closed', at + INTERVAL '5 hours' "
    "FROM elder, generate_series(%(now)s - INTERVAL '175 days', %(now)s - INTERVAL '1 day', INTERVAL '30 days') AS at",
    "INSERT INTO visit (elder_id, alert_id, kind, priority, state, nurse_id, asked_at, promised_by) "
    "SELECT elder_id, alert_id, 'alert', 'today', 'filed', "
    "(SELECT min(staff_id) FROM staff WHERE staff.region_id = home.region_id AND role = 'nurse'), "
    "raised_at, raised_at + INTERVAL '4 hours' FROM alert JOIN elder USING (elder_id) JOIN home USING (home_id)",
    "INSERT INTO visit_report (visit_id, staff_id, findings, actions, filed_at) "
    "SELECT visit_id, nurse_id, '{medicine_missed}', '{talked}', asked_at + INTERVAL '3 hours' FROM visit",
    "INSERT INTO visit (elder_id, kind, wish, priority, asked_at, promised_by) "
    f"SELECT elder_id, 'request', 'medicine', 'today', %(now)s, %(now)s + INTERVAL '3 hours' FROM {_OF_HOME} "
    "WHERE n %% 10 = 0",
    "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) "
    "SELECT gen_random_uuid(), 'gw-' || n, elder_id, 'personal_trigger', 'button', %(now)s, %(now)s "
    f"FROM {_OF_HOME} WHERE n %% 50 = 0",
)
