"""Homes, elders, nurses and a desk as they are registered, and what the elders measured in the weeks before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from cloud.identity.passwords import hash_password
from tests.bench._month.lives import Life, create_life, sitting

ZONE = ZoneInfo("Asia/Shanghai")
BEFORE_DAYS = 14
COPY_READINGS = (
    "COPY reading (device_id, metric, record_key, measured_at, value, elder_id, wearer_certainty, received_at, "
    "stored_at, gateway_id, epoch, outbox_number) FROM STDIN"
)
_REGISTER = (
    "INSERT INTO region (code, name, level, latitude, longitude) VALUES ('c', 'community', 'community', 32.06, 118.78)",
    # within five kilometres: a hundred blocks, the homes of each beside each other
    "INSERT INTO home (code, region_id, address, latitude, longitude) SELECT 'h' || n, region_id, n || ' Long Street', "
    "32.06 + (mod(mod(n, 100), 10) - 4.5) * 0.006 + mod(n, 7) * 0.0003, "
    "118.78 + (mod(n, 100) / 10 - 4.5) * 0.006 + mod(n, 11) * 0.0003 "
    "FROM region, generate_series(1, %(elders)s) AS n ORDER BY n",
    "INSERT INTO elder (code, home_id, name, born_on, link_hash) SELECT 'e' || substr(code, 2), home_id, "
    "'Elder ' || code, make_date(1932 + mod(home_id, 20), 3, 4), "
    "sha256(convert_to('link-' || substr(code, 2), 'UTF8')) FROM home ORDER BY home_id",
    "INSERT INTO gateway (gateway_id, home_id, online, heard_at) "
    "SELECT 'gw-' || home_id, home_id, true, %(now)s FROM home ORDER BY home_id",
    "INSERT INTO device (gateway_id, name, kind) SELECT gateway_id, 'cuff', 'x' FROM gateway ORDER BY home_id",
    "INSERT INTO staff (login, name, role, region_id, password_hash) SELECT 'nurse' || n, 'Nurse ' || n, 'nurse', "
    "region_id, %(hash)s FROM region, generate_series(1, %(nurses)s) AS n ORDER BY n",
    "INSERT INTO staff (login, name, role, region_id, password_hash) "
    "SELECT 'desk', 'Desk', 'desk', region_id, %(hash)s FROM region",
)


@dataclass(frozen=True)
class Community:
    lives: dict[int, Life]
    """By elder."""
    nurses: tuple[int, ...]
    desk: int


def register(dsn: str, elders: int, nurses: int, now: datetime) -> Community:
    values = {"elders": elders, "nurses": nurses, "now": now, "hash": hash_password("a bench before the door")}
    with psycopg.connect(dsn) as conn:
        for statement in _REGISTER:
            conn.execute(statement.encode(), values)
        rows = conn.execute(
            "SELECT elder_id, device_id, gateway_id FROM elder JOIN gateway USING (home_id) "
            "JOIN device USING (gateway_id) ORDER BY elder_id"
        ).fetchall()
        lives = {elder: create_life(elder, device, gateway) for elder, device, gateway in rows}
        staff = conn.execute("SELECT staff_id, role FROM staff ORDER BY staff_id").fetchall()
        with conn.cursor() as cursor, cursor.copy(COPY_READINGS) as copy:
            for day in range(-BEFORE_DAYS, 0):
                for life in lives.values():
                    for at in life.times(now + timedelta(days=day)):
                        copy.write("".join(sitting(life, at, troubled=0.0)))
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
    return Community(
        lives, tuple(one for one, role in staff if role == "nurse"), next(one for one, role in staff if role == "desk")
    )
