from cloud.registry.demands.kinds import TREE, Kind, complaints, leaves


def test_the_first_tree_is_in_order() -> None:
    assert complaints(TREE) == []
    assert len(leaves()) == 14


def test_a_kind_may_be_added() -> None:
    assert complaints((*TREE, Kind("pets", "life_care", "宠物", "Pets"))) == []


def test_each_fault_is_a_sentence() -> None:
    first = Kind("first", "second", "一", "One")
    found = complaints((first, Kind("second", "first", "二", ""), Kind("third", "nowhere", "三", "Three"), first))
    assert found == [
        "kind first: stands twice",
        "kind first: lies below itself",
        "kind second: needs a name in both languages",
        "kind second: lies below itself",
        "kind third: parent: there is no kind nowhere",
        "kind first: lies below itself",
        "kind emergency: must stay, with nothing below it: calls for help are told by it",
    ]
