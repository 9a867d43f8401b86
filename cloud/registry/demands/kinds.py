"""The tree of kinds that a new house starts with. Free text is sorted into its leaves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    code: str
    parent: str | None
    chinese: str
    english: str


TREE = (
    Kind("emergency", None, "紧急求助", "Emergency"),
    Kind("life_care", None, "生活照料", "Life care"),
    Kind("meals", "life_care", "助餐", "Meals"),
    Kind("shopping", "life_care", "代购跑腿", "Shopping and errands"),
    Kind("cleaning", "life_care", "保洁", "Cleaning"),
    Kind("repair", "life_care", "维修", "Repair"),
    Kind("bathing", "life_care", "助浴", "Bathing help"),
    Kind("hair", "life_care", "理发修甲", "Hair and nails"),
    Kind("health_care", None, "健康服务", "Health care"),
    Kind("health", "health_care", "健康问题", "Health question"),
    Kind("medicine", "health_care", "用药", "Medicine"),
    Kind("escort", "health_care", "陪诊", "Escort to hospital"),
    Kind("together", None, "精神文化", "Company and culture"),
    Kind("companionship", "together", "陪伴", "Companionship"),
    Kind("activity", "together", "社区活动", "Community activity"),
    Kind("information", None, "政策咨询", "Information and benefits"),
    Kind("equipment", None, "设备问题", "Trouble with our equipment"),
)
EMERGENCY = "emergency"


def leaves(tree: tuple[Kind, ...] = TREE) -> tuple[str, ...]:
    """Codes of the kinds that have no kinds below them, in the order of the alphabet."""
    parents = {kind.parent for kind in tree}
    return tuple(sorted(kind.code for kind in tree if kind.code not in parents))


def complaints(tree: tuple[Kind, ...]) -> list[str]:
    """What is wrong with an edited tree, a sentence each; empty: it may be kept."""
    codes = [kind.code for kind in tree]
    found = [f"kind {code}: stands twice" for code in sorted(set(codes)) if codes.count(code) > 1]
    above = {kind.code: kind.parent for kind in tree}
    for kind in tree:
        if not kind.chinese.strip() or not kind.english.strip():
            found.append(f"kind {kind.code}: needs a name in both languages")
        if kind.parent is not None and kind.parent not in above:
            found.append(f"kind {kind.code}: parent: there is no kind {kind.parent}")
        elif _circles(kind.code, above):
            found.append(f"kind {kind.code}: lies below itself")
    if EMERGENCY not in leaves(tree):
        found.append(f"kind {EMERGENCY}: must stay, with nothing below it: calls for help are told by it")
    return found


def _circles(code: str, above: dict[str, str | None]) -> bool:
    at, seen = above[code], set[str]()
    while at is not None and at not in seen:
        if at == code:
            return True
        seen.add(at)
        at = above.get(at)
    return False
