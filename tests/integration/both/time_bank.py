"""Volunteers and hours of the filled community, and the arguments of the functions that read and write them."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any
from uuid import UUID

from cloud.services.time_bank.model import Deed, Entry, Line
from cloud.services.time_bank.transfers.messages import Letter
from cloud.services.time_bank.transfers.model import Transfer
from cloud.services.volunteers.model import Hours, State
from tests.cloud.web.community import NOW, Community

DAY = timedelta(days=1)
EARNED, SENT = UUID(int=51), UUID(int=52)
LETTER = Letter(body=b"x", signature=bytes(64))


def fill_time_bank(made: Community, visit_id: int) -> int:
    """A volunteer with everything, who made `visit_id`; gives their number."""
    desk, elder = made.staff["desk"], made.elders["home-1"]
    volunteer: int = made.one(
        "INSERT INTO staff (login, name, role, region_id, password_hash, skills) "
        "VALUES ('vol', '李梅', 'volunteer', %s, '-', '{company}') RETURNING staff_id",
        made.regions["community"],
    )
    made.run("INSERT INTO volunteer (staff_id, state, applied_at) VALUES (%s, 'active', %s)", volunteer, NOW)
    made.run(
        "INSERT INTO volunteer_step (staff_id, state, at, by_staff_id) VALUES (%s, 'active', %s, %s)",
        volunteer, NOW, desk,
    )  # fmt: skip
    made.run(
        "INSERT INTO volunteer_paper (staff_id, kind, seen_by, seen_at) "
        "SELECT %s, unnest('{identity,conduct,agreement,basics}'::text[]), %s, %s",
        volunteer, desk, NOW,
    )  # fmt: skip
    made.run("INSERT INTO volunteer_hours SELECT %s, day, '08:00', '20:00' FROM generate_series(0, 6) day", volunteer)
    for system in ("community", "reserved", "expired", "transit", "bank:west"):
        made.run("SELECT time_system_account(%s)", system)
    made.run("INSERT INTO time_account (code, staff_id, opened_at) VALUES ('VVVV', %s, %s)", volunteer, NOW)
    made.run("INSERT INTO time_account (code, elder_id, opened_at) VALUES ('EEEE', %s, %s)", elder, NOW)
    book(made, EARNED, "earn", {"VVVV": 60, "EEEE": 30, "community": -90}, visit_id)
    book(made, UUID(int=53), "reserve", {"EEEE": -10, "reserved": 10}, visit_id)
    book(made, UUID(int=54), "send", {"VVVV": -10, "transit": 10})
    account = made.one("SELECT account_id FROM time_account WHERE code = 'VVVV'")
    made.run(
        "INSERT INTO time_transfer VALUES (%s, 'out', 'west', %s, 'WWWW', 10, 'offered', %s, %s)",
        SENT, account, NOW, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO time_message (transfer_id, way, step, body, signature, ours, at) "
        "VALUES (%s, 'out', 'offer', %s, %s, true, %s)",
        SENT, LETTER.body, LETTER.signature, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO time_dispute (entry_id, account_id, words, said_at) VALUES (%s, %s, 'it was longer', %s)",
        EARNED, account, NOW,
    )  # fmt: skip
    made.run("UPDATE time_account SET opened_at = %s", NOW)
    return volunteer


def book(made: Community, entry_id: UUID, kind: str, moves: Mapping[str, int], visit_id: int | None = None) -> None:
    """One deed, by codes of accounts."""
    made.run(
        "WITH e AS (INSERT INTO time_entry (entry_id, kind, at, visit_id) VALUES (%s, %s, %s, %s) RETURNING entry_id) "
        "INSERT INTO time_line (entry_id, account_id, minutes) SELECT entry_id, account_id, minutes "
        "FROM e, unnest(%s::text[], %s::integer[]) AS move (code, minutes) JOIN time_account USING (code) "
        "ORDER BY account_id",
        entry_id, kind, NOW - DAY, visit_id, list(moves), list(moves.values()),
    )  # fmt: skip


def time_bank_calls(made: Community, day: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    volunteer = made.one("SELECT staff_id FROM volunteer")
    account, elders = (
        made.one("SELECT account_id FROM time_account WHERE code = %s", code) for code in ("VVVV", "EEEE")
    )
    deed = Entry(UUID(int=55), Deed.GIVE, (Line(account, -5), Line(elders, 5)))
    transfer = Transfer(
        transfer_id=UUID(int=56), way="out", bank="west", account_id=account, other_code="WWWW", minutes=5,
        state="offered", asked_at=NOW, ends_at=NOW,
    )  # fmt: skip
    step = {"transfer_id": SENT, "way": "out"}
    us = {"staff_id": volunteer}
    bank, people = "services.time_bank", "services.volunteers"
    calls: dict[str, list[dict[str, Any]]] = {
        f"{bank}.book": [{"entry": deed}, {"entry": Entry(EARNED, Deed.GIVE, deed.lines)}],
        f"{bank}.account": [{"account_id": account}],
        f"{bank}.account_of_staff": [us],
        f"{bank}.open_account": [us, {"elder_id": made.elders["home-1"]}, us | {"elder_id": made.elders["home-2"]}],
        f"{bank}.system_account": [{"name": "community"}],
        f"{bank}.account_with_code": [{"code": "EEEE"}, {"code": "nobody"}],
        f"{bank}.set_aside_for": [{"visit_id": day["before"]}],
        f"{bank}.lines_of": [{"entry_id": EARNED}],
        f"{bank}.kind_of": [{"entry_id": EARNED}],
        f"{bank}.earned_before": [{"visit_id": day["before"]}],
        f"{bank}.statement": [{"account_id": account}],
        f"{bank}.aged": [{"cutoff": NOW}],
        f"{bank}.disputes.say": [{"account_id": elders, "entry_id": EARNED, "words": "x"}],
        f"{bank}.disputes.of_account": [{"account_id": account}],
        f"{bank}.disputes.open_dispute": [{"dispute_id": 1}],
        f"{bank}.disputes.answer": [{"dispute_id": 1, "outcome": "stands", "words": "x"}],
        f"{bank}.transfers.add": [{"one": transfer}],
        f"{bank}.transfers.transfer": [step],
        f"{bank}.transfers.of_account": [{"account_id": account}],
        f"{bank}.transfers.set_state": [step | {"state": "given_back"}],
        f"{bank}.transfers.keep_letter": [step | {"step": "cancel", "letter": LETTER, "ours": True}],
        f"{bank}.transfers.letter": [step | {"step": "offer"}],
        f"{bank}.transfers.note_told": [{"transfer_id": SENT, "step": "offer"}],
        f"{people}.add": [
            {
                "login": "new", "name": "New", "password_hash": "-", "sex": None, "elder_code": "elder-2",
                "by": made.staff["desk"],
            }
        ],
        f"{people}.add_step": [us | {"state": State.PAUSED, "by": made.staff["desk"]}],
        f"{people}.add_paper": [us | {"kind": "health", "by": made.staff["desk"], "expires_on": None}],
        f"{people}.set_offer": [
            us
            | {"skills": ["walking"], "languages": ["zh"], "week_minutes": 60}
            | {"hours": [Hours(0, time(9), time(12))]}
        ],
        f"{people}.volunteer": [us | {"lock": True}],
        f"{people}.papers": [{"staff_ids": [volunteer]}],
        f"{people}.hours": [{"staff_ids": [volunteer]}],
        f"{people}.visits.waiting_visit": [{"visit_id": day["asked"]}],
        f"{people}.visits.need_of": [{"visit_id": day["asked"]}],
        f"{people}.visits.candidates": [{"visit_id": day["asked"]}],
        f"{people}.visits.set_goer": [{"visit_id": day["asked"], "goer": "volunteer"}],
        f"{people}.visits.arrived_at": [us],
        f"{people}.visits.own": [us],
        f"{people}.visits.made": [us],
        "web.volunteers.region_of": [{"code": "320106001001"}],
    }  # fmt: skip
    return calls
