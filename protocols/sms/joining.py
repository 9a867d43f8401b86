"""Parts of long texts become texts. Time is passed in, as seconds of any clock that never goes back."""

from dataclasses import dataclass, field

from protocols.sms.pdu import Deliver

_Key = tuple[str, int, int]


@dataclass(frozen=True)
class WholeText:
    sender: str
    text: str
    places: tuple[int, ...]
    """Where its parts lie in the modem's memory."""


@dataclass
class _Pending:
    began_s: float
    texts: dict[int, str] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)


class Joiner:
    """Parts may come in any order and twice. What stays incomplete for `patience_s` is given up (`stale_places`)."""

    def __init__(self, *, patience_s: float = 600.0, most_pending: int = 50) -> None:
        self._patience_s = patience_s
        self._most_pending = most_pending
        self._pending: dict[_Key, _Pending] = {}

    def add(self, deliver: Deliver, place: int, now_s: float) -> WholeText | None:
        """The text that `deliver`, which lies at `place`, completes."""
        part = deliver.data.part
        if part is None:
            return WholeText(deliver.sender, deliver.data.text, (place,))
        key = (deliver.sender, part.reference, part.total)
        pending = self._pending.setdefault(key, _Pending(now_s))
        pending.texts[part.number] = deliver.data.text
        if place not in pending.places:
            pending.places.append(place)
        if len(pending.texts) < part.total:
            return None
        del self._pending[key]
        text = "".join(pending.texts[number] for number in range(1, part.total + 1))
        return WholeText(deliver.sender, text, tuple(pending.places))

    def stale_places(self, now_s: float) -> list[int]:
        """Places of parts whose others never came; they are forgotten here. The oldest go first where there are too
        many texts, so that nobody fills the memory with beginnings."""
        by_age = sorted(self._pending, key=lambda key: self._pending[key].began_s)
        surplus = max(0, len(by_age) - self._most_pending)
        stale = [
            key
            for rank, key in enumerate(by_age)
            if rank < surplus or self._pending[key].began_s <= now_s - self._patience_s
        ]
        return [place for key in stale for place in self._pending.pop(key).places]
