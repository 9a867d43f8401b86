"""The hub: each page hears its own regions, slow ones are dropped, closing ends all streams."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cloud.web.live.hub import PATIENCE_EVENTS, Hub
from cloud.web.live.model import LiveEvent

WAIT_S = 5.0


async def next_of(stream: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(stream), WAIT_S)


def create_event(number: int = 1, region: int | None = 7) -> LiveEvent:
    return LiveEvent("visit", region, {"visit_id": number, "elder_name": "王\n秀英"})


async def test_a_page_hears_its_own_regions_only() -> None:
    hub = Hub()
    stream = hub.listen(frozenset({7, 8}))
    assert (await next_of(stream)).startswith(b"retry:")
    hub.publish(create_event(1, region=9))
    hub.publish(create_event(2, region=8))
    hub.publish(create_event(3, region=None))
    assert b'"visit_id":2' in await next_of(stream)
    assert b'"visit_id":3' in await next_of(stream)


async def test_a_name_cannot_break_the_stream() -> None:
    wire = create_event().wire.decode()
    assert wire.startswith("event: visit\ndata: {")
    assert wire.count("\n") == 3
    assert wire.endswith("\n\n")


async def test_a_slow_page_is_dropped_and_others_go_on() -> None:
    hub = Hub()
    slow, quick = hub.listen(frozenset({7})), hub.listen(frozenset({7}))
    await next_of(slow)
    await next_of(quick)
    for number in range(PATIENCE_EVENTS + 1):
        hub.publish(create_event(number))
        assert f'"visit_id":{number},'.encode() in await next_of(quick)
    assert len(hub) == 1
    hub.publish(create_event(9999))
    assert b'"visit_id":9999,' in await next_of(quick)
    with pytest.raises(StopAsyncIteration):
        await next_of(slow)


async def test_silence_is_filled_with_heartbeats() -> None:
    hub = Hub(heartbeat_s=0.01)
    stream = hub.listen(frozenset())
    await next_of(stream)
    assert (await next_of(stream)).startswith(b":")


async def test_closing_ends_every_stream_and_lets_nobody_in() -> None:
    hub = Hub()
    stream = hub.listen(frozenset({7}))
    await next_of(stream)
    hub.close()
    with pytest.raises(StopAsyncIteration):
        await next_of(stream)
    with pytest.raises(StopAsyncIteration):
        await next_of(hub.listen(frozenset({7})))
    assert len(hub) == 0
