import re
from dataclasses import replace
from pathlib import Path

import cloud.db
from cloud.registry.demands.demand import Urgency
from cloud.registry.demands.kinds import EMERGENCY, TREE, leaves
from cloud.registry.demands.tree.model import TreeKind, after, in_order, moved_to_end, sorted_into

MIGRATION = Path(cloud.db.__file__).parent / "migrations" / "0037_demands.sql"
SEEDED = re.compile(r"\((\d+), '(\w+)', (NULL|'\w+'), '([^']+)', '([^']+)', (true|false), '(\w+)'\)")


def seeded() -> list[TreeKind]:
    return [
        TreeKind(code, None if parent == "NULL" else parent.strip("'"), int(place), chinese, english,
                 travels == "true", Urgency(urgency))
        for place, code, parent, chinese, english, travels, urgency in SEEDED.findall(MIGRATION.read_text("utf-8"))
    ]  # fmt: skip


def test_a_house_begins_with_the_tree_that_models_know() -> None:
    assert tuple(kind.plain for kind in seeded()) == TREE
    assert tuple(sorted(sorted_into(seeded()))) == leaves()


def test_a_kind_is_added_renamed_and_ended() -> None:
    pets = moved_to_end(seeded(), TreeKind("pets", "life_care", 0, "宠物", "Pets", True, Urgency.TODAY))
    tree, wrong = after(seeded(), pets)
    assert not wrong
    assert "pets" in sorted_into(tree)
    assert [kind.code for _, kind in in_order(tree)][-1] == "equipment"
    tree, wrong = after(tree, replace(pets, ended=True))
    assert not wrong
    assert "pets" not in sorted_into(tree)


def test_a_tree_that_cannot_be_is_refused() -> None:
    tree = {kind.code: kind for kind in seeded()}
    for changed in (
        replace(tree["life_care"], parent="meals"),
        replace(tree["life_care"], ended=True),
        replace(tree[EMERGENCY], ended=True),
        replace(tree[EMERGENCY], travels=True),
        replace(tree["meals"], parent="nowhere"),
        replace(tree["meals"], chinese=" "),
        replace(tree["meals"], parent=EMERGENCY),
    ):
        assert after(seeded(), changed)[1], changed
