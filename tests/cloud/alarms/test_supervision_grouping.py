"""Silent gateways: one home, one street, or everybody; and what becomes of it when they are heard again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.supervision.grouping import changes
from cloud.alarms.supervision.model import Cause, Changes, Member, Scope, Silence, Watched

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
STREET, OTHER_STREET = 7, 8


def create_watched(name: str, quiet_s: float, street: int = STREET) -> Watched:
    return Watched(name, street * 10, street, NOW - timedelta(seconds=quiet_s), True, None, False)


def create_street(quiet_s: list[float], street: int = STREET) -> list[Watched]:
    return [create_watched(f"gw-{street}-{place}", quiet, street) for place, quiet in enumerate(quiet_s)]


def create_silence(scope: Scope, region: int | None, members: list[Watched], left_s: dict[str, float]) -> Silence:
    return Silence(
        uuid4(),
        scope,
        region,
        min(member.noted_at for member in members),
        tuple(
            Member(
                member.gateway_id,
                Cause.UNKNOWN,
                member.noted_at,
                NOW - timedelta(seconds=left_s[member.gateway_id]) if member.gateway_id in left_s else None,
            )
            for member in members
        ),
    )


def look(watched: list[Watched], *silences: Silence) -> Changes:
    return changes(watched, silences, NOW, LONG_AGO)


def scopes(found: Changes) -> list[tuple[Scope, int | None, int]]:
    return [(opening.scope, opening.region_id, len(opening.gateways)) for opening in found.opened]


def test_one_silent_home_is_an_event_before_180_s_and_not_before_its_neighbours_had_time() -> None:
    others = create_street([5, 20, 40, 59])
    assert scopes(look([create_watched("a", 160), *others])) == []
    assert scopes(look([create_watched("a", 166), *others])) == [(Scope.HOME, STREET * 10, 1)]


def test_street_that_loses_its_line_is_one_event() -> None:
    beats_spread_over_a_minute = [166 - place * 0.6 for place in range(100)]
    found = look([*create_street(beats_spread_over_a_minute), *create_street([10, 20, 30], OTHER_STREET)])
    assert [(scope, region) for scope, region, _ in scopes(found)] == [(Scope.STREET, STREET)]


def test_later_neighbours_join_the_street() -> None:
    gateways = create_street([170, 170, 170, 121])
    silence = create_silence(Scope.STREET, STREET, gateways[:3], {})
    found = look(gateways, silence)
    assert found.opened == ()
    assert found.joined == ((silence.silence_id, gateways[3]),)


def test_homes_that_fell_silent_one_after_the_other_become_their_street() -> None:
    gateways = [*create_street([500, 400, 166]), create_watched("d", 10)]
    alone = [create_silence(Scope.HOME, 70, [gateway], {}) for gateway in gateways[:2]]
    found = look(gateways, *alone)
    assert scopes(found) == [(Scope.STREET, STREET, 3)]
    assert set(found.closed) == {silence.silence_id for silence in alone}


def test_two_homes_of_a_street_are_two_events() -> None:
    assert scopes(look(create_street([170, 170, 10, 20]))) == [(Scope.HOME, 70, 1), (Scope.HOME, 70, 1)]


def test_nobody_heard_is_one_event_of_the_centre() -> None:
    everybody = [*create_street([166, 130, 110]), *create_street([160, 120], OTHER_STREET)]
    assert scopes(look(everybody)) == [(Scope.CENTRE, None, 4)]


def test_heard_again_leaves_and_the_last_one_closes() -> None:
    gateway = create_watched("a", 5)
    silence = create_silence(Scope.HOME, 70, [replace(gateway, noted_at=NOW - timedelta(seconds=300))], {})
    found = look([gateway], silence)
    assert found.left == ((silence.silence_id, "a"),)
    assert found.closed == (silence.silence_id,)


@pytest.mark.parametrize(("back_for_s", "expected"), [(60, []), (121, [(Scope.HOME, 70, 1)])])
def test_who_stays_silent_when_the_street_is_back_becomes_an_event_of_its_own(
    back_for_s: float, expected: list[tuple[Scope, int | None, int]]
) -> None:
    gateways = create_street([700, 5, 5, 5])
    before = [replace(gateway, noted_at=NOW - timedelta(seconds=700)) for gateway in gateways]
    left_s = {gateway.gateway_id: back_for_s for gateway in gateways[1:]}
    found = look(gateways, create_silence(Scope.STREET, STREET, before, left_s))
    assert scopes(found) == expected


def test_nobody_is_blamed_for_the_time_in_which_nobody_looked() -> None:
    gateways = create_street([9000])
    assert changes(gateways, [], NOW, NOW - timedelta(seconds=100)).opened == ()


@pytest.mark.parametrize(
    ("online", "mains", "alarm", "cause"),
    [
        (False, None, False, Cause.LINK_LOST),
        (False, True, False, Cause.LINK_LOST),
        (False, False, False, Cause.POWER_LOST),
        (True, False, False, Cause.POWER_LOST),
        (False, None, True, Cause.POWER_LOST),
        (True, True, False, Cause.UNKNOWN),
        (True, None, False, Cause.UNKNOWN),
    ],
)
def test_cause(online: bool, mains: bool | None, alarm: bool, cause: Cause) -> None:
    assert replace(create_watched("a", 1), online=online, mains=mains, mains_alarm=alarm).cause is cause


@given(
    st.lists(st.tuples(st.floats(0, 2000), st.integers(1, 3)), min_size=1, max_size=30),
    st.lists(st.floats(0, 400), min_size=1, max_size=4),
)
def test_every_silent_gateway_is_in_exactly_one_event_and_no_heard_one_is(
    lives: list[tuple[float, int]], steps_s: list[float]
) -> None:
    """Looks one after the other, their changes done as the store does them."""
    watched = [create_watched(f"gw-{place}", quiet, street) for place, (quiet, street) in enumerate(lives)]
    silences: dict[UUID, Silence] = {}
    now = NOW
    for step_s in steps_s:
        now += timedelta(seconds=step_s)
        found = changes(watched, list(silences.values()), now, LONG_AGO)
        _do(silences, found, now)
        present = [member.gateway_id for silence in silences.values() for member in silence.present]
        assert len(present) == len(set(present))
        quiet_s = {gateway.gateway_id: (now - gateway.noted_at).total_seconds() for gateway in watched}
        assert {name for name, quiet in quiet_s.items() if quiet >= 165} <= set(present)
        assert all(quiet_s[name] >= 120 for name in present)
        assert all(silence.present for silence in silences.values())


def _do(silences: dict[UUID, Silence], found: Changes, now: datetime) -> None:
    for silence_id, name in found.left:
        members = tuple(
            replace(member, left_at=now) if member.gateway_id == name else member
            for member in silences[silence_id].members
        )
        silences[silence_id] = replace(silences[silence_id], members=members)
    for silence_id in found.closed:
        del silences[silence_id]
    for opening in found.opened:
        members = tuple(Member(g.gateway_id, g.cause, g.noted_at, None) for g in opening.gateways)
        silence = Silence(uuid4(), opening.scope, opening.region_id, opening.since, members)
        silences[silence.silence_id] = silence
    for silence_id, gateway in found.joined:
        member = Member(gateway.gateway_id, gateway.cause, gateway.noted_at, None)
        silences[silence_id] = replace(silences[silence_id], members=(*silences[silence_id].members, member))
