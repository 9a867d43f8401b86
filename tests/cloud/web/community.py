"""A small community as rows: a street, three homes, four people of staff, six weeks of readings."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from cloud.identity.passwords import hash_password

NOW = datetime(2026, 11, 22, 1, 12, tzinfo=UTC)
"""09:12 in Nanjing."""
PASSWORD = "a stone before the door"
LINK = "the-link-of-one-elder"
_HASH = hash_password(PASSWORD)


@dataclass
class Community:
    """Ids of what was made, by name."""

    dsn: str
    regions: dict[str, int] = field(default_factory=dict)
    staff: dict[str, int] = field(default_factory=dict)
    elders: dict[str, int] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One committed statement; its rows, where it gives any."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> Any:
        return self.run(statement, *values)[0][0]

    def create_alert(self, elder: str, reasons: list[dict[str, Any]], **more: Any) -> int:
        values = {
            "cause": "blood_pressure",
            "priority": "today",
            "raised_at": NOW - timedelta(minutes=40),
            "state": "open",
            "verdict": None,
        } | more
        alert_id: int = self.one(
            """INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, state,
                                  verdict)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING alert_id""",
            self.elders[elder],
            values["cause"],
            values["priority"],
            Jsonb(reasons),
            values["raised_at"],
            values["raised_at"],
            values["raised_at"],
            values["state"],
            values["verdict"],
        )
        return alert_id

    def create_visit(self, elder: str, alert_id: int | None = None, **more: Any) -> int:
        values = {
            "kind": "request" if alert_id is None else "alert",
            "wish": "medicine" if alert_id is None else None,
            "priority": "today",
            "state": "proposed",
            "nurse": None,
            "asked_at": NOW - timedelta(minutes=39),
            "promised_by": NOW + timedelta(hours=2, minutes=18),
            "at_risk": False,
        } | more
        visit_id: int = self.one(
            """INSERT INTO visit (elder_id, alert_id, kind, wish, priority, state, nurse_id, asked_at, promised_by,
                                  at_risk)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING visit_id""",
            self.elders[elder],
            alert_id,
            values["kind"],
            values["wish"],
            values["priority"],
            values["state"],
            self.staff.get(values["nurse"]),
            values["asked_at"],
            values["promised_by"],
            values["at_risk"],
        )
        return visit_id

    def create_report(self, visit_id: int, nurse: str, filed_at: datetime, note: str = "") -> None:
        self.run(
            """INSERT INTO visit_report (visit_id, staff_id, findings, actions, note, verdict, next_on, filed_at)
               VALUES (%s, %s, '{medicine_missed}', '{talked,showed_measuring}', %s, 'right', %s, %s)""",
            visit_id,
            self.staff[nurse],
            note,
            (NOW + timedelta(days=7)).date(),
            filed_at,
        )

    def create_alarm(self, gateway: str = "gw-home-1", state: str = "at_centre", **more: Any) -> UUID:
        alarm_id = uuid4()
        values = {"taken_by": None, "taken_at": None, "minutes": None, "heard_at": NOW - timedelta(seconds=50)} | more
        elder_id = self.one("SELECT elder_id FROM elder JOIN gateway USING (home_id) WHERE gateway_id = %s", gateway)
        self.run(
            """INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at, state, taken_by,
                                  taken_at, minutes)
               VALUES (%s, %s, %s, 'personal_trigger', 'ble:C0:FF:EE:00:01:04', %s, %s, %s, %s, %s, %s)""",
            alarm_id,
            gateway,
            elder_id,
            values["heard_at"],
            values["heard_at"],
            state,
            self.staff.get(values["taken_by"] or ""),
            values["taken_at"],
            values["minutes"],
        )
        self.run("SELECT pg_notify('doorstep_alarm', %s)", str(alarm_id))
        return alarm_id


def create_community(dsn: str) -> Community:
    made = Community(dsn)
    parent = None
    for code, name, level in (
        ("320106", "鼓楼区", "district"),
        ("320106001", "宁海路街道", "street"),
        ("320106001001", "颐和路社区", "community"),
    ):
        parent = made.one(
            "INSERT INTO region (code, name, level, parent_id) VALUES (%s, %s, %s, %s) RETURNING region_id",
            code, name, level, parent,
        )  # fmt: skip
        made.regions[level] = parent
    made.regions["elsewhere"] = made.one(
        "INSERT INTO region (code, name, level) VALUES ('320104', '秦淮区', 'district') RETURNING region_id"
    )
    for login, name, role, region in (
        ("nurse", "陈晓梅", "nurse", "community"),
        ("nurse2", "赵立新", "nurse", "community"),
        ("desk", "周建国", "desk", "street"),
        ("admin", "吴敏", "administrator", "district"),
        ("stranger", "郑远", "nurse", "elsewhere"),
    ):
        made.staff[login] = made.one(
            """INSERT INTO staff (login, name, role, region_id, phone, password_hash)
               VALUES (%s, %s, %s, %s, '+86 25 0000 0000', %s) RETURNING staff_id""",
            login, name, role, made.regions[region], _HASH,
        )  # fmt: skip
    for number, name, born_on, address, door_note, link in (
        (1, "王秀英", "1941-03-08", "颐和路 12 号 2 幢 301 室", "钥匙在门卫处，门铃不响，请敲门", LINK),
        (2, "李德福", "1938-10-27", "颐和路 30 号 5 幢 102 室", "", "another-link"),
        (3, "张桂兰", "1944-06-15", "北京西路 7 号 604 室", "养狗，先打电话", "a-third-link"),
    ):
        create_home(
            made,
            number,
            region="community",
            name=name,
            born_on=born_on,
            address=address,
            door_note=door_note,
            link=link,
        )
    return made


def create_home(
    made: Community, number: int, *, region: str, name: str, born_on: str, address: str, door_note: str, link: str
) -> None:
    """Home, gateway, four devices and one elder who wears them all."""
    code = f"home-{number}"
    home_id = made.one(
        "INSERT INTO home (code, region_id, address, door_note) VALUES (%s, %s, %s, %s) RETURNING home_id",
        code, made.regions[region], address, door_note,
    )  # fmt: skip
    elder_id = made.elders[code] = made.one(
        """INSERT INTO elder (code, home_id, name, born_on, sex, conditions, risks, plan, data_note, link_hash)
           VALUES (%s, %s, %s, %s, 'female', '{高血压,2 型糖尿病}', '{曾经跌倒}',
                   '每日早晚测血压，每周一次随访', 'Blood pressure: made for this test', %s) RETURNING elder_id""",
        f"elder-{number}", home_id, name, born_on, sha256(link.encode()).digest(),
    )  # fmt: skip
    made.run(
        "INSERT INTO contact (elder_id, place, name, relation, phone) VALUES (%s, 1, '王强', '儿子', '+8613800000001')",
        elder_id,
    )
    made.run(
        "INSERT INTO gateway (gateway_id, home_id, online, heard_at) VALUES (%s, %s, true, %s)",
        f"gw-{code}", home_id, NOW,
    )  # fmt: skip
    for place, kind in enumerate(("glucometer", "sphygmomanometer", "shower_sensor", "emergency_button"), 1):
        device_id = made.one(
            "INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, %s) RETURNING device_id",
            f"gw-{code}", f"ble:C0:FF:EE:00:0{number}:0{place}", kind,
        )  # fmt: skip
        made.devices[f"{code}/{kind}"] = device_id
        made.run("INSERT INTO wearer (device_id, elder_id) VALUES (%s, %s)", device_id, elder_id)


def create_readings(made: Community, home: str = "home-1", days: int = 60, seed: int = 7) -> None:
    """Pressure twice a day with a gap, a doubtful one and a HI, glucose, pulse, and bathroom nights."""
    chance = random.Random(seed)
    rows: list[tuple[Any, ...]] = []

    def add(kind: str, metric: str, at: datetime, value: float, *flags: str) -> None:
        device = made.devices[f"{home}/{kind}"]
        number = len(rows) + 1
        rows.append((device, metric, number, at, value, made.elders[home], list(flags), at, f"gw-{home}", 1, number))

    for back in range(days, -1, -1):
        if 20 < back < 25:
            continue
        for hour in (7, 19):
            at = (NOW - timedelta(days=back)).replace(hour=0, minute=0) + timedelta(
                hours=hour - 8, minutes=chance.randint(0, 50)
            )
            if at > NOW - timedelta(hours=2):
                continue
            loose = ("cuff_loose",) if chance.random() < 0.04 else ()
            systolic = chance.gauss(145, 5)
            add("sphygmomanometer", "systolic", at, round(systolic), *loose)
            add("sphygmomanometer", "diastolic", at, round(systolic * 0.55 + chance.gauss(0, 3)), *loose)
            add("sphygmomanometer", "pulse", at, round(chance.gauss(71, 4)))
            add("glucometer", "glucose", at, round(chance.gauss(132 if hour == 7 else 158, 16)))
        for _ in range(chance.randint(1, 4)):
            add("shower_sensor", "motion", NOW - timedelta(days=back, hours=chance.uniform(4, 9)), 1.0)
    for minutes, value in ((92, 182), (70, 184)):
        add("sphygmomanometer", "systolic", NOW - timedelta(minutes=minutes), value)
        add("sphygmomanometer", "diastolic", NOW - timedelta(minutes=minutes), 96)
        add("sphygmomanometer", "pulse", NOW - timedelta(minutes=minutes), 78)
    add("glucometer", "glucose", NOW - timedelta(days=9), 600.0, "above_range")
    with psycopg.connect(made.dsn, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, flags, received_at,
                                    gateway_id, epoch, outbox_number)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            rows,
        )
    for metric, low, high in (("systolic", 138, 152), ("diastolic", 74, 86), ("pulse", 63, 79), ("glucose", 108, 178)):
        made.run(
            """INSERT INTO baseline (elder_id, metric, centre, low, high, count, computed_at)
               VALUES (%s, %s, %s, %s, %s, 74, %s)""",
            made.elders[home], metric, (low + high) / 2, low, high, NOW - timedelta(hours=3),
        )  # fmt: skip


SEVERE = json.loads("""
{"rule": "severe_pressure_repeated", "priority": "now", "metric": "systolic", "value": 184.0, "unit": "mm[Hg]",
 "comparison": "at_least", "limit": 180.0, "at": "2026-11-22T00:02:00Z", "since": "2026-11-21T23:40:00Z", "count": 2,
 "usual_low": 138.0, "usual_high": 152.0, "usual_count": 74, "floor": true,
 "source": "Severe, 180 or 110 and more, repeated after 5 min: American Family Physician 2017", "confirmed": true}
""")
OUTSIDE = {
    "rule": "own_normal",
    "priority": "this_week",
    "metric": "systolic",
    "value": 168.0,
    "unit": "mm[Hg]",
    "comparison": "above",
    "limit": 152.0,
    "at": "2026-11-22T00:02:00Z",
    "since": "2026-11-21T23:40:00Z",
    "count": 2,
    "usual_low": 138.0,
    "usual_high": 152.0,
    "source": "Own normal band",
}


def create_day(made: Community) -> dict[str, Any]:
    """A morning with something of everything."""
    create_readings(made, "home-1")
    create_readings(made, "home-3", seed=11)
    old = made.create_alert(
        "home-1", [OUTSIDE | {"at": "2026-11-05T00:02:00Z", "since": "2026-11-04T23:40:00Z"}],
        raised_at=NOW - timedelta(days=17), state="closed", verdict="right",
    )  # fmt: skip
    before = made.create_visit(
        "home-1", old, state="assessed", nurse="nurse", asked_at=NOW - timedelta(days=17),
        promised_by=NOW - timedelta(days=16),
    )  # fmt: skip
    made.create_report(before, "nurse", NOW - timedelta(days=16, hours=20), "换了药盒，下次看看是否按时服药")
    made.run(
        "INSERT INTO assessment (visit_id, face, assessed_at) VALUES (%s, 4, %s)", before, NOW - timedelta(days=16)
    )
    alert = made.create_alert("home-1", [SEVERE, OUTSIDE], priority="now")
    severe = made.create_visit("home-1", alert, priority="now", promised_by=NOW + timedelta(minutes=18), at_risk=True)
    outside = made.create_visit("home-3", made.create_alert("home-3", [OUTSIDE], priority="this_week"))
    asked = made.create_visit(
        "home-2", wish="medicine", state="accepted", nurse="nurse2", promised_by=NOW + timedelta(hours=3, minutes=40)
    )
    calling = made.create_alarm("gw-home-2")
    coming = made.create_alarm(
        "gw-home-3", "on_the_way", taken_by="desk", taken_at=NOW - timedelta(minutes=4), minutes=8,
        heard_at=NOW - timedelta(minutes=5),
    )  # fmt: skip
    made.run(
        "UPDATE gateway SET online = false, heard_at = %s WHERE gateway_id = 'gw-home-3'", NOW - timedelta(hours=5)
    )
    return {"severe": severe, "outside": outside, "asked": asked, "calling": calling, "coming": coming}
