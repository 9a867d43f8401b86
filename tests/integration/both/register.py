"""Calls of the functions that keep the register of elders."""

from datetime import date
from typing import Any

from cloud.registry.elders.abilities.scales import Ground, Result, Scale
from cloud.registry.elders.model import Change, Told
from tests.cloud.web.community import NOW, Community

CHANGE = Change(
    name="王秀英",
    born_on=date(1941, 3, 8),
    sex="female",
    language="zh",
    address="颐和路 12 号",
    door_note="ring twice",
    dwelling="flat",
    storey=6,
    lift=False,
    lives_with=("spouse",),
    household="her husband, 84",
    religion="buddhism",
    diet=("little_salt", "soft"),
    food_note="no peanuts",
    payers=("self", "care_insurance"),
    payer_note="",
)


def fill_register(made: Community) -> None:
    """An assessment, and a move within the community."""
    elder = made.elders["home-1"]
    made.run(
        "INSERT INTO ability_assessment (elder_id, scale, assessed_on, answers, points, level, staff_id, stored_at) "
        "VALUES (%s, 'gbt42195', %s, '{}', 80, 1, %s, %s)",
        elder, NOW.date(), made.staff["nurse"], NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO elder_move (elder_id, from_home_id, to_home_id, from_region_id, to_region_id, moved_at) "
        "SELECT elder_id, home_id, home_id, region_id, region_id, %s FROM elder JOIN home USING (home_id) "
        "WHERE elder_id = %s",
        NOW, elder,
    )  # fmt: skip
    made.run("INSERT INTO elder_identity (elder_id, changed_at) VALUES (%s, %s)", elder, NOW)


def register_calls(made: Community) -> dict[str, list[dict[str, Any]]]:
    within = frozenset(made.regions.values())
    assessed = {
        "scale": Scale.GBT42195,
        "answers": {"eating": 4},
        "grounds": frozenset({Ground.DEMENTIA}),
        "result": Result(70, 2, {}),
        "assessed_on": date(2026, 11, 20),
        "beside": "",
    }
    return {
        "registry.elders.find": [
            {"within": within},
            {"within": within, "text": "颐和_%", "least_level": 1, "alone": True, "after": ("王", 1), "at_most": 2},
            {"within": within, "number_hash": b"h" * 32},
        ],
        "registry.elders.change": [
            {"written": CHANGE, "contacts": [Told("王强", "儿子", "025-5550-0101")], "version": version}
            for version in (0, 7)
        ],
        "registry.elders.identity.set_identity": [
            {"which": "number", "sealed": b"x", "number_hash": b"h" * 32},
            {"which": "card", "sealed": None, "number_hash": None},
        ],
        "registry.elders.abilities.assess": [assessed],
        "registry.elders.abilities.strike": [{"ability_id": 1}],
        "registry.moving.move": [
            {"home_code": "home-3", "why": "to her daughter"},
        ],
        "registry.new_home.add_home": [{"community": "320106001001", "address": "A"}],
        "registry.new_home.add_elder": [{"home": "home-1", "name": "B"}],
    }
