"""Live events over a real broker and database: shown before it is stored, confirmed after, and only to their own."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cloud.local.broker import LocalBroker
from cloud.mqtt import Subscriber
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage, encode
from protocols.telemetry.topics import ALARM, topic
from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site, running_alarms

pytestmark = pytest.mark.integration
WAIT_S = 10.0
Event = tuple[str, dict[str, Any], float]


@pytest.fixture
def broker(web_centre: WebCentre) -> LocalBroker:
    return web_centre.broker


@pytest.fixture
def gateway(broker: LocalBroker) -> Iterator[Subscriber]:
    with Subscriber(broker.url, "test-gateway") as connected:
        assert connected.wait_connected(WAIT_S)
        yield connected


def press(gateway: Subscriber, home: str = "gw-home-1", **more: Any) -> tuple[UUID, float]:
    """Publishes an alarm; its id and the time of doing so."""
    alarm_id = uuid4()
    values = {"alarm": str(alarm_id), "kind": AlarmKind.PERSONAL_TRIGGER, "device": "ble:C0:FF:EE:00:01:04"}
    message = AlarmMessage(**values | {"raised_at": NOW} | more)
    at = time.time()
    assert gateway.publish(topic(home, ALARM), encode(message)).wait(WAIT_S)
    return alarm_id, at


@contextmanager
def listening(client: httpx.Client) -> Iterator["Queue[Event]"]:
    """The stream's events as they come, each with the time of its arrival."""
    events: Queue[Event] = Queue()
    ready = threading.Event()
    with client.stream("GET", "/events", timeout=httpx.Timeout(10, read=None)) as answer:
        answer.raise_for_status()

        def read() -> None:
            kind = ""
            try:
                for line in answer.iter_lines():
                    ready.set()
                    if line.startswith("event: "):
                        kind = line[7:]
                    elif line.startswith("data: "):
                        events.put((kind, json.loads(line[6:]), time.time()))
            except httpx.HTTPError:
                return  # the test is over

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert ready.wait(WAIT_S)
        try:
            yield events
        finally:  # wakes the reader, which waits for the next line
            answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            reader.join(WAIT_S)


def next_event(events: "Queue[Event]", kind: str) -> Event:
    deadline = time.monotonic() + WAIT_S
    while (left := deadline - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left)
        except Empty:
            break
        if event[0] == kind:
            return event
    raise AssertionError(f"no {kind} within {WAIT_S} s")


def test_an_alarm_is_shown_before_it_is_stored(site: Site, gateway: Subscriber) -> None:
    with site.signed_in("desk") as desk, site.signed_in("nurse") as other, listening(desk) as events:
        alarm_id, _ = press(gateway)
        _, alarm, _ = next_event(events, "alarm")
        assert alarm["alarm_id"] == str(alarm_id)
        assert (alarm["state"], alarm["stored"], alarm["new"]) == ("at_centre", False, True)
        assert (alarm["elder_name"], alarm["elder_code"]) == ("王秀英", "elder-1")
        assert alarm["address"] == "颐和路 12 号 2 幢 301 室"
        shown = other.get("/api/v1/board").json()["alarms"]
        assert (shown[0]["alarm_id"], shown[0]["stored"]) == (str(alarm_id), False)
        assert "not yet stored" in other.get("/board").text
        answer = other.post(f"/api/v1/alarms/{alarm_id}/take", json={})
        assert answer.status_code == 200, "no worker stores it: the desk's journal keeps call and take"
        assert (answer.json()["state"], answer.json()["stored"]) == ("taken", False)
        shown = desk.get("/api/v1/board").json()["alarms"]
        assert (shown[0]["state"], shown[0]["in_journal"]) == ("taken", True)
        late = desk.post(f"/api/v1/alarms/{alarm_id}/take", json={})
        assert late.status_code == 409
        assert "Li Na" in late.json()["detail"] or "has it" in late.json()["detail"]


def test_it_is_confirmed_and_every_step_follows(
    site: Site, community: Community, gateway: Subscriber, broker: LocalBroker, tmp_path: Path
) -> None:
    with (
        running_alarms(tmp_path, community.dsn, broker.url, site.clock),
        site.signed_in("desk") as listener,
        site.signed_in("desk") as desk,
        listening(listener) as events,
    ):
        alarm_id, _ = press(gateway)
        deadline = time.monotonic() + WAIT_S
        while not community.run("SELECT 1 FROM alarm") and time.monotonic() < deadline:
            press(gateway, alarm=str(alarm_id), attempt=2)  # the worker may still be on its way to the broker
            time.sleep(0.2)
        assert desk.post(f"/api/v1/alarms/{alarm_id}/take", json={}).status_code == 200  # waits for the row
        desk.post(f"/api/v1/alarms/{alarm_id}/on-the-way", json={"minutes": 8}).raise_for_status()
        desk.post(f"/api/v1/alarms/{alarm_id}/close", json={"reason": "real"}).raise_for_status()
        seen: list[tuple[str, bool, bool]] = []
        while not seen or seen[-1][0] != "closed":
            alarm = next_event(events, "alarm")[1]
            seen.append((alarm["state"], alarm["stored"], alarm["new"]))
        assert seen[0][2], "the first of an alarm is new"
        assert [one[2] for one in seen].count(True) == 1
        states = [state for state, _, _ in seen]
        assert states == sorted(states, key=["at_centre", "taken", "on_the_way", "closed"].index)
        assert seen[-1] == ("closed", True, False)


def test_the_way_from_the_broker_to_the_stream_is_short(site: Site, gateway: Subscriber) -> None:
    with site.signed_in("desk") as desk, listening(desk) as events:
        took_ms = []
        for number in range(20):
            alarm_id, pressed_at = press(gateway, f"gw-home-{number % 3 + 1}")
            _, alarm, arrived_at = next_event(events, "alarm")
            assert alarm["alarm_id"] == str(alarm_id)
            took_ms.append((arrived_at - pressed_at) * 1000)
        assert sorted(took_ms)[10] < 50, took_ms  # a few ms alone; the machine may be busy with others


def test_only_the_viewers_own_regions_are_heard(site: Site, gateway: Subscriber) -> None:
    with (
        site.signed_in("stranger") as stranger,
        site.signed_in("desk") as desk,
        listening(stranger) as strange,
        listening(desk) as events,
    ):
        press(gateway)
        next_event(events, "alarm")
        assert strange.empty()


def test_repeated_strange_and_broken_messages_show_nothing_twice(site: Site, gateway: Subscriber) -> None:
    with site.signed_in("desk") as desk, listening(desk) as events:
        for payload in (b"{", b"\xff" * 100, encode(AlarmMessage(
            alarm="not a uuid", kind=AlarmKind.FALL, device="x", raised_at=NOW))):  # fmt: skip
            gateway.publish(topic("gw-home-1", ALARM), payload)
        nobody, _ = press(gateway, "gw-nobody")
        press(gateway, "gw-nobody", alarm=str(nobody), attempt=2)
        press(gateway, "gw-nobody", alarm=str(nobody), attempt=3, cancelled=True)
        first, _ = press(gateway)
        press(gateway, alarm=str(first), attempt=2)
        second, _ = press(gateway, "gw-home-2")
        heard = [next_event(events, "alarm")[1]["alarm_id"] for _ in range(2)]
        assert heard == [str(first), str(second)]
        assert events.empty()
        assert "gw-nobody" not in desk.get("/board/parts").text


def test_rows_are_told_by_notify_and_found_again_without_it(site: Site, community: Community) -> None:
    with site.signed_in("desk") as desk, listening(desk) as events:
        alarm = community.create_alarm("gw-home-2")
        _, told, _ = next_event(events, "alarm")
        assert (told["alarm_id"], told["stored"], told["new"]) == (str(alarm), True, True)
        visit = community.create_visit("home-1")
        community.run("SELECT pg_notify('doorstep_visit', %s)", str(visit))
        _, told, _ = next_event(events, "visit")
        assert (told["visit_id"], told["elder_name"], told["state"]) == (visit, "王秀英", "proposed")
        community.run(
            "UPDATE alarm SET state = 'closed', close_reason = 'test', closed_at = %s", NOW + timedelta(minutes=1)
        )
        _, told, _ = next_event(events, "alarm")  # nobody notified: the sweep finds it
        assert told["state"] == "closed"


def test_an_unknown_home_is_learned_when_it_calls(site: Site, community: Community, gateway: Subscriber) -> None:
    with site.signed_in("desk") as desk, listening(desk) as events:
        stranger, _ = press(gateway, "gw-replaced")
        _, told, _ = next_event(events, "stranger")
        assert (told["alarm_id"], told["gateway_id"]) == (str(stranger), "gw-replaced")
        assert "Gateway gw-replaced is not registered" in desk.get("/board/parts").text
        home = community.one("SELECT home_id FROM home WHERE code = 'home-3'")
        community.run("INSERT INTO gateway (gateway_id, home_id) VALUES ('gw-replaced', %s)", home)
        press(gateway, "gw-replaced", alarm=str(stranger), attempt=2)
        assert next_event(events, "alarm")[1]["elder_name"] == "张桂兰"
        assert "Gateway gw-replaced" not in desk.get("/board/parts").text


def test_an_alarm_that_the_database_lost_is_news_when_the_home_says_it_again(
    site: Site, community: Community, gateway: Subscriber
) -> None:
    with site.signed_in("desk") as desk, listening(desk) as events:
        alarm = community.create_alarm()
        assert next_event(events, "alarm")[1]["stored"]
        community.run("DELETE FROM alarm")  # a copy is restored that is older
        deadline = time.monotonic() + WAIT_S
        while events.empty():
            assert time.monotonic() < deadline, "the sweep did not forget it"
            press(gateway, alarm=str(alarm), attempt=2)
            time.sleep(0.2)
        _, told, _ = next_event(events, "alarm")
        assert (told["alarm_id"], told["stored"], told["new"]) == (str(alarm), False, True)
