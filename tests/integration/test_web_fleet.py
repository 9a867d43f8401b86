"""The fleet page, and dead letters tried again from theirs."""

from datetime import timedelta

import pytest

from protocols.telemetry.messages import ConfigurationRefused, GivenUp, ReadingsMessage, StatusMessage, encode
from protocols.telemetry.worth import Worth
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.test_ingest_store import create_record
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration


def say(community: Community, gateway: str, status: StatusMessage) -> None:
    community.run(
        "UPDATE gateway SET online = %s, heard_at = %s, status = %s::jsonb WHERE gateway_id = %s",
        status.online, status.at, encode(status).decode(), gateway,
    )  # fmt: skip


def test_the_fleet_shows_what_waits_and_what_was_given_up(site: Site, community: Community) -> None:
    lost = GivenUp(worth=Worth.ENVIRONMENT, readings=512, since=NOW - timedelta(days=2), last_at=NOW)
    status = StatusMessage(
        online=True,
        at=NOW,
        version="0.1.0",
        backlog_rows=1234,
        backlog_bytes=345_678,
        oldest_backlog_at=NOW - timedelta(hours=2),
        given_up=(lost,),
        reason="<b>the broker is away</b>",
        config_version=3,
        config_refused=ConfigurationRefused(version=4, why="no <link> with it"),
    )
    say(community, "gw-home-1", status)
    with site.signed_in("desk") as client:
        shown = client.get("/fleet").text
        text = words(shown)
        assert "1234 346 kB" in text
        assert "512" in text
        assert "its memory was full, readings wait, refused its settings, says a problem" in text
        assert "settings 3" in text
        assert "no &lt;link&gt; with it" in shown
        assert "&lt;b&gt;the broker is away" in shown
        assert 'href="/fleet"' in client.get("/board").text
        assert "gw-home-1" in words(client.get("/fleet?show=given-up").text)
        assert "gw-home-2" not in words(client.get("/fleet?show=waiting").text)
        assert client.get("/fleet?show=x").status_code == 422
        assert "网关" in client.get("/fleet?lang=zh").text
    with site.visitor() as nobody:
        assert nobody.get("/fleet").status_code == 303


def test_a_dead_letter_is_tried_again_from_its_page(site: Site, community: Community) -> None:
    message = ReadingsMessage(epoch=5, first=1, sent_at=NOW, readings=(create_record(1),))
    for gateway, payload in (("gw-home-1", encode(message)), ("gw-home-1", b"broken")):
        community.run(
            "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES (%s, %s, %s, 'a reason of then')",
            f"doorstep/v1/{gateway}/readings", payload, payload[:20],
        )  # fmt: skip
    by_payload = "SELECT dead_letter_id FROM dead_letter WHERE payload = %s"
    good, bad = (community.one(by_payload, payload) for payload in (encode(message), b"broken"))
    before = community.one("SELECT count(*) FROM reading")
    with site.signed_in("desk") as client:
        assert client.post(f"/dead-letters/{good}/replay").status_code == 403
    with site.signed_in("admin") as client:
        assert "2 letters" in words(client.get("/dead-letters").text)
        assert client.post(f"/dead-letters/{good}/replay", headers={"origin": "http://elsewhere"}).status_code == 403
        assert client.post("/dead-letters/999999/replay").status_code == 404
        for letter in (good, bad):
            answer = client.post(f"/dead-letters/{letter}/replay")
            assert answer.headers["location"] == f"/dead-letters#letter-{letter}"
        text = words(client.get("/dead-letters").text)
    assert "1 letter" in text
    assert "not a ReadingsMessage" in text
    assert community.one("SELECT count(*) FROM reading") == before + 1
