"""The database is stopped while two people look at the board: it goes on, one of them takes the call, rows follow."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from cloud.mqtt import Subscriber
from tests.cloud.web.community import Community, create_community
from tests.cloud.web.running import Site, running_alarms, running_site
from tests.integration.mortal import dsn, mortal, stop
from tests.integration.test_web_live import WAIT_S, listening, next_event, press

__all__ = ["dsn", "mortal"]  # fixtures of a server that may be stopped

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
BACK_S = 40.0


@pytest.fixture
def community(dsn: str) -> Community:
    return create_community(dsn)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The processes of one desk share it, and so its journal."""
    return tmp_path


@pytest.fixture
def gateway(broker: LocalBroker) -> Iterator[Subscriber]:
    with Subscriber(broker.url, "test-gateway") as connected:
        assert connected.wait_connected(WAIT_S)
        yield connected


def until(what: str, look: Callable[[], Any], within_s: float = BACK_S) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s for {what}"
        time.sleep(0.05)
    return found


def well(site: Site) -> bool:
    with site.visitor() as visitor:
        return visitor.get("/health").status_code == 200


def board_of(client: httpx.Client) -> dict[str, dict[str, Any]]:
    alarms: list[dict[str, Any]] = client.get("/api/v1/board").raise_for_status().json()["alarms"]
    return {alarm["alarm_id"]: alarm for alarm in alarms}


def test_the_desk_works_without_the_database(
    mortal: EmbeddedPostgres, community: Community, broker: LocalBroker, folder: Path, gateway: Subscriber
) -> None:
    with running_site(folder, community.dsn, broker.url) as site:
        until("the site", lambda: well(site))
        with (
            running_alarms(folder, community.dsn, broker.url, site.clock),
            site.signed_in("desk") as desk,
            site.signed_in("nurse") as nurse,
            listening(desk) as events,
        ):
            for client in (desk, nurse):
                client.get("/board").raise_for_status()
            stop(mortal)
            alarm, _ = press(gateway)
            assert next_event(events, "alarm")[1]["alarm_id"] == str(alarm)
            page = nurse.get("/board")
            assert page.status_code == 200
            assert "The database is away" in page.text
            assert board_of(nurse)[str(alarm)]["elder_name"] == "王秀英"

            def take(client: httpx.Client) -> httpx.Response:
                return client.post(f"/api/v1/alarms/{alarm}/take", json={})

            with ThreadPoolExecutor(2) as both:
                answers = list(both.map(take, (desk, nurse)))
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            winner, loser = (desk, nurse) if answers[0].status_code == 200 else (nurse, desk)
            name = board_of(loser)[str(alarm)]["who"]
            refusal = next(answer for answer in answers if answer.status_code == 409)
            assert refusal.json()["detail"] == f"{name} has it."
            assert winner.post(f"/api/v1/alarms/{alarm}/on-the-way", json={"minutes": 8}).status_code == 200
            assert winner.post(f"/api/v1/alarms/{alarm}/note", json={"note": "door is open"}).status_code == 200
            card = loser.get(f"/alarms/{alarm}/card")
            assert card.status_code == 200
            for said in ("tel:", "door is open", "Help is on the way", "The database is away"):
                assert said in card.text, said
            with site.visitor() as visitor:
                assert visitor.get("/board", follow_redirects=False).status_code == 303
            second, _ = press(gateway)
            until("the second call", lambda: str(second) in board_of(loser))

            def close(reason: str = "mistake") -> int:
                return loser.post(f"/api/v1/alarms/{second}/close", json={"reason": reason}).status_code

            assert [close(), close(), close("real")] == [200, 200, 409], "its answer was lost: it is sent again"

            mortal.ensure_running()
            rows = "SELECT minutes FROM alarm WHERE state = 'on_the_way'"
            assert until("the rows", lambda: community_rows(community, rows)) == [(8,)]
            until("the board by the database", lambda: not board_of(loser)[str(alarm)]["in_journal"])
            closed = "SELECT close_reason FROM alarm WHERE state = 'closed'"
            assert until("the closed one", lambda: community_rows(community, closed)) == [("mistake",)]
            until("the closed one by the database", lambda: close() == 200)
            assert [close(), close("real")] == [200, 409]
            assert community_rows(community, "SELECT count(*) FROM alarm_event WHERE state = 'closed'") == [(1,)]
            notes = "SELECT count(*) FROM alarm_event WHERE note = 'door is open'"
            until("the note", lambda: community_rows(community, notes) == [(1,)])
            until("the audit", lambda: community_rows(community, "SELECT staff_id FROM alarm_card_view"))
            assert until("the health", lambda: well(site))


def test_a_web_that_starts_without_the_database_remembers(
    mortal: EmbeddedPostgres, community: Community, broker: LocalBroker, folder: Path, gateway: Subscriber
) -> None:
    with running_site(folder, community.dsn, broker.url) as site:
        until("the site", lambda: well(site))
        with site.signed_in("desk") as desk:
            desk.get("/board").raise_for_status()
            cookies = dict(desk.cookies)
        stop(mortal)
        alarm, _ = press(gateway)
        with site.visitor() as desk:
            desk.cookies.update(cookies)
            until("the alarm", lambda: str(alarm) in board_of(desk))
            desk.post(f"/api/v1/alarms/{alarm}/take", json={}).raise_for_status()
        site.process.kill()
    with running_site(folder, community.dsn, broker.url) as again, again.visitor() as desk:
        desk.cookies.update(cookies)
        shown = until("the alarm", lambda: board_of(desk).get(str(alarm)))
        assert (shown["state"], shown["elder_name"], shown["in_journal"]) == ("taken", "王秀英", True)
        assert "tel:" in desk.get(f"/alarms/{alarm}").raise_for_status().text
        with again.visitor() as stranger:
            stranger.cookies.update(dict.fromkeys(cookies, "x" * 43))
            assert stranger.get("/board").status_code == 503


def community_rows(community: Community, query: str) -> list[tuple[Any, ...]]:
    """No rows while the server is on its way up."""
    try:
        return community.run(query)
    except psycopg.OperationalError:
        return []
