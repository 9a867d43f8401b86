"""elder_id,kind,location,at[,value] -> columns by elder."""

from dataclasses import dataclass, field
from pathlib import Path

from cloud.detection.columns import EVENT_CODE, EventKind
from cloud.detection.replay.csv_file import elder_of, moment_us, number, rows_of
from cloud.detection.replay.dirt import Dirt, Dirty

_KINDS = {kind.value: EVENT_CODE[kind] for kind in EventKind}
_VALUED = frozenset(EVENT_CODE[kind] for kind in (EventKind.HUMIDITY, EventKind.TEMPERATURE, EventKind.FLOW))
NO_VALUE = float("nan")


@dataclass
class EventRows:
    """Columns of one elder, in the order of the file."""

    kind: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    first: tuple[int, int] = (1 << 62, 0)


def read_events(path: Path, dirt: Dirt, until_us: int | None = None) -> tuple[dict[str, EventRows], tuple[str, ...]]:
    """Rows by elder, and the names of all places, sorted. Raises CloudError where the file is none."""
    elders: dict[str, EventRows] = {}
    places: dict[str, int] = {}
    for line, cells in rows_of(path, ("elder_id", "kind", "location", "at"), ("value",), dirt):
        _, name, location, at_text, value_text = cells
        try:
            elder = elder_of(cells[0])
            at, offset = moment_us(at_text)
            kind, value = _happened(name, value_text)
        except Dirty as dirty:
            dirt.leave_out(str(dirty), line, cells)
            continue
        if until_us is not None and at > until_us:
            dirt.note("after --until")
            continue
        rows = elders.get(elder)
        if rows is None:
            rows = elders[elder] = EventRows()
        rows.kind.append(kind)
        rows.place.append(places.setdefault(location, len(places)))
        rows.value.append(value)
        rows.at_us.append(at)
        if at < rows.first[0]:
            rows.first = (at, offset)
    order = sorted(places)
    number_of = {name: number for number, name in enumerate(order)}
    translated = [number_of[name] for name in places]
    for rows in elders.values():
        rows.place = [translated[one] for one in rows.place]
    return elders, tuple(order)


def _happened(name: str, value: str) -> tuple[int, float]:
    """Kind and value; NO_VALUE where none is needed. Raises Dirty."""
    kind = _KINDS.get(name)
    if kind is None:
        raise Dirty("kind is not one of " + ", ".join(_KINDS))
    if value:
        return kind, number(value)
    if kind in _VALUED:
        raise Dirty("value is missing")
    return kind, NO_VALUE
