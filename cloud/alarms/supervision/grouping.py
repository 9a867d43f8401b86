"""Which silent gateways are one event. Pure: what is known in, what changes out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from cloud.alarms.supervision.model import (
    GATHERING,
    LATE_AFTER,
    MANY,
    SILENT_AFTER,
    TOGETHER,
    Changes,
    Opening,
    Scope,
    Silence,
    Watched,
)


def changes(
    watched: Sequence[Watched], silences: Sequence[Silence], now: datetime, listening_since: datetime
) -> Changes:
    """`silences` are the open events; `listening_since`: before that nobody looked, and nobody is blamed for it."""
    return _Look(watched, silences, now, listening_since).changes()


class _Look:
    def __init__(
        self, watched: Sequence[Watched], silences: Sequence[Silence], now: datetime, listening_since: datetime
    ) -> None:
        self._by_name = {gateway.gateway_id: gateway for gateway in watched}
        self._now = now
        self._listening_since = listening_since
        self._open = {silence.silence_id: silence for silence in silences}
        self._present = {silence.silence_id: {m.gateway_id for m in silence.present} for silence in silences}
        self._left: list[tuple[UUID, str]] = []
        self._opened: list[Opening] = []
        self._joined: list[tuple[UUID, Watched]] = []

    def changes(self) -> Changes:
        self._hear_again()
        self._dissolve()
        new = self._join(self._new())
        if self._everybody(new):
            self._open_event(Scope.CENTRE, None, new, self._recent(self._by_name.values()))
        else:
            for street, gateways in _by_street(new).items():
                self._raise_in_street(street, gateways)
        closed = [silence_id for silence_id, present in self._present.items() if not present]
        return Changes(tuple(self._left), tuple(closed), tuple(self._opened), tuple(self._joined))

    def _hear_again(self) -> None:
        for silence in self._open.values():
            for member in silence.present:
                gateway = self._by_name.get(member.gateway_id)
                if gateway is None or gateway.noted_at > member.since:
                    self._leave(silence.silence_id, member.gateway_id)

    def _dissolve(self) -> None:
        """Most of an event's homes are heard again, and the others had their time for a heartbeat: they stay silent
        for reasons of their own, and are looked at anew."""
        for silence in self._open.values():
            present, left = self._present[silence.silence_id], [m.left_at for m in silence.members if m.left_at]
            most_are_back = len(present) * 2 < len(silence.members)
            if silence.scope is not Scope.HOME and most_are_back and left and self._now - min(left) >= SILENT_AFTER:
                for gateway in sorted(present):
                    self._leave(silence.silence_id, gateway)

    def _leave(self, silence_id: UUID, gateway: str) -> None:
        self._left.append((silence_id, gateway))
        self._present[silence_id].discard(gateway)

    def _new(self) -> list[Watched]:
        """Silent, and in no event."""
        counted = set[str]().union(*self._present.values())
        return [
            gateway
            for gateway in self._by_name.values()
            if gateway.gateway_id not in counted and self._quiet_s(gateway) >= SILENT_AFTER.total_seconds()
        ]

    def _join(self, new: list[Watched]) -> list[Watched]:
        """Those of `new` for whom no event is open that they belong to."""
        events: dict[int | None, UUID] = {
            silence.region_id: silence.silence_id
            for silence in self._open.values()
            if silence.scope is not Scope.HOME and self._present[silence.silence_id]
        }
        alone = []
        for gateway in new:
            event = events.get(None) or events.get(gateway.street_id)
            if event is None:
                alone.append(gateway)
            else:
                self._joined.append((event, gateway))
        return alone

    def _everybody(self, new: list[Watched]) -> bool:
        return (
            any(self._is_ripe(gateway) for gateway in new)
            and len(self._by_name) >= MANY
            and len({gateway.street_id for gateway in self._by_name.values()}) > 1
            and all(self._quiet_s(gateway) >= LATE_AFTER.total_seconds() for gateway in self._by_name.values())
        )

    def _raise_in_street(self, street: int, new: list[Watched]) -> None:
        ripe = [gateway for gateway in new if self._is_ripe(gateway)]
        if not ripe:
            return
        neighbours = [gateway for gateway in self._by_name.values() if gateway.street_id == street]
        recent = self._recent(neighbours)
        before = self._long_silent()
        awake = [gateway for gateway in neighbours if gateway.gateway_id not in before]
        late = [gateway for gateway in awake if self._quiet_s(gateway) >= LATE_AFTER.total_seconds()]
        if len(late) >= MANY and len(late) * 2 >= len(awake):
            self._open_event(Scope.STREET, street, new, recent)
            return
        for gateway in ripe:
            self._opened.append(Opening(Scope.HOME, gateway.region_id, (gateway,)))

    def _open_event(
        self, scope: Scope, region: int | None, new: list[Watched], recent: list[tuple[UUID, Watched]]
    ) -> None:
        for silence_id, gateway in recent:
            self._leave(silence_id, gateway.gateway_id)
        self._opened.append(Opening(scope, region, (*new, *(gateway for _, gateway in recent))))

    def _recent(self, among: Iterable[Watched]) -> list[tuple[UUID, Watched]]:
        """Silent lately as homes of their own, or as a street where `among` is more: they become part of the larger
        event."""
        names = {gateway.gateway_id for gateway in among}
        return [
            (silence.silence_id, self._by_name[name])
            for silence in self._open.values()
            if silence.scope is not Scope.CENTRE and self._now - silence.since < TOGETHER
            for name in sorted(self._present[silence.silence_id] & names)
        ]

    def _long_silent(self) -> set[str]:
        return set[str]().union(
            *(
                self._present[silence.silence_id]
                for silence in self._open.values()
                if self._now - silence.since >= TOGETHER
            )
        )

    def _quiet_s(self, gateway: Watched) -> float:
        return (self._now - max(gateway.noted_at, self._listening_since)).total_seconds()

    def _is_ripe(self, gateway: Watched) -> bool:
        return self._quiet_s(gateway) >= (SILENT_AFTER + GATHERING).total_seconds()


def _by_street(gateways: list[Watched]) -> dict[int, list[Watched]]:
    streets: defaultdict[int, list[Watched]] = defaultdict(list)
    for gateway in gateways:
        streets[gateway.street_id].append(gateway)
    return streets
