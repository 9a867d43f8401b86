from cloud.model_files import Kept
from cloud.registry.demands.kinds import EMERGENCY, leaves
from cloud.registry.demands.model import Answer, Model
from cloud.registry.demands.sorting import sort

INTO = leaves()


def test_without_a_model_calls_are_heard_and_the_rest_is_left_to_people() -> None:
    assert sort("我摔了起不来", None, INTO).answer is Answer.CALL
    assert sort("灯坏了", None, INTO).kind is None


def test_a_kind_that_ended_is_left_to_people(model: Model) -> None:
    kept = Kept("0001-x", model)
    assert sort("水龙头一直滴水", kept, INTO).kind == "repair"
    less = sort("水龙头一直滴水", kept, [kind for kind in INTO if kind != "repair"])
    assert (less.answer, less.kind) == (Answer.DOUBT, None)
    assert "repair" not in less.guesses
    call = sort("I fell and can't get up", kept, INTO)
    assert (call.answer, call.kind, call.model) == (Answer.CALL, EMERGENCY, "0001-x")
