"""The arguments of the functions that read and write demands and their kinds."""

from typing import Any
from uuid import UUID

from cloud.registry.demands.demand import DemandState, Doer, Mouth, NewDemand, SortedBy, Urgency
from cloud.registry.demands.tree.model import TreeKind
from cloud.web.demands.store import Filter
from tests.cloud.web.community import NOW, Community


def fill_demands(made: Community) -> int:
    """One that the elder said, with its history, and one of which a person said the kind; gives the first's id."""
    demand = (
        "INSERT INTO demand (elder_id, mouth, text, kind, sorted_by, urgency, state, said_at, said_last_at) "
        "VALUES (%s, 'elder', %s, %s, %s, 'today', %s, %s, %s) RETURNING demand_id"
    )
    elder = made.elders["home-1"]
    said: int = made.one(demand, elder, "灯坏了", None, None, "doubt", NOW, NOW)
    made.run(demand, elder, "想剪头发", "hair", "person", "open", NOW, NOW)
    made.run(
        "INSERT INTO demand_event (demand_id, at, what, state, actor) VALUES (%s, %s, 'said', 'doubt', 'elder')",
        said, NOW,
    )  # fmt: skip
    return said


def demands_calls(made: Community, demand_id: int) -> dict[str, list[dict[str, Any]]]:
    by = Doer("staff", made.staff["desk"])
    new = NewDemand(
        elder_id=made.elders["home-1"], mouth=Mouth.DESK, by=by, text="午饭", said_at=NOW, urgency=Urgency.TODAY,
        state=DemandState.OPEN, kind="meals", sorted_by=SortedBy.MODEL, certainty=0.8, guesses=("meals",),
    )  # fmt: skip
    one: dict[str, Any] = {"demand_id": demand_id, "by": by}
    kind = TreeKind("hair", "life_care", 8, "理发", "Hair", True, Urgency.TODAY, ended=True)
    return {
        "registry.demands.put": [{"new": new}],
        "registry.demands.of_report": [{}],
        "registry.demands.put_noticed": [{}],
        "registry.demands.said_again": [{**one, "text": "灯"}],
        "registry.demands.get": [{"demand_id": demand_id, "lock": True}],
        "registry.demands.set_kind": [{**one, "kind": "repair", "urgency": Urgency.TODAY}],
        "registry.demands.move": [{**one, "state": DemandState.CANCELLED}],
        "registry.demands.tree.put_kind": [{"kind": kind}],
        "alarms.insert_said": [{"alarm_id": UUID(int=12)}],
        "visits.asked.open_asked": [{"by": "staff"}],
        "web.demands.demands": [
            {"chosen": Filter()},
            {"chosen": Filter(("doubt",), ("repair",), "elder", made.elders["home-1"]), "before": 9},
        ],
        "web.demands.demand": [{"demand_id": demand_id}],
        "web.demands.history": [{"demand_id": demand_id}],
        "web.demands.alarm_of": [{"demand_id": demand_id}],
        "web.demands.find_elders": [{"typed": typed} for typed in ("王", "13800000001", "home-2", "100%")],
    }
