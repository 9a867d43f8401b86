"""Silent homes on the board: each with its cause, a street as one row."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration


def create_silence(community: Community, scope: str, cause: str, *gateways: str) -> None:
    silence_id = uuid4()
    region = {"street": community.regions["street"], "home": community.regions["community"], "centre": None}[scope]
    community.run(
        "INSERT INTO silence (silence_id, scope, region_id, cause, since, raised_at) VALUES (%s, %s, %s, %s, %s, %s)",
        silence_id, scope, region, cause, NOW, NOW,
    )  # fmt: skip
    for gateway in gateways:
        community.run(
            "UPDATE gateway SET online = false, heard_at = %s WHERE gateway_id = %s", NOW - timedelta(hours=1), gateway
        )
        community.run(
            "INSERT INTO silent_gateway (silence_id, gateway_id, cause, since) VALUES (%s, %s, %s, %s)",
            silence_id, gateway, cause, NOW,
        )  # fmt: skip


def test_silent_street_is_one_row_and_a_home_says_why(site: Site, community: Community) -> None:
    create_silence(community, "home", "link_lost", "gw-home-3")
    create_silence(community, "street", "power_lost", "gw-home-1", "gw-home-2")
    with site.signed_in("desk") as client:
        text = words(client.get("/board/parts").text)
    assert "The whole street is silent Power lost: it last spoke from its battery 2 homes" in text
    assert "Link lost: its connection broke It cannot tell whether its power is lost too." in text


def test_centre_that_hears_nobody_says_to_look_at_itself(site: Site, community: Community) -> None:
    create_silence(community, "centre", "unknown", "gw-home-1", "gw-home-2", "gw-home-3")
    with site.signed_in("desk") as client:
        text = words(client.get("/board/parts").text)
        assert len(client.get("/api/v1/board").json()["silent"]) == 3
    assert "No home is heard Look first at the centre itself" in text
    assert "3 homes" in text
