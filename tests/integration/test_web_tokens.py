"""Programs with tokens: made once, within scopes, revoked, and in the audit."""

import json

import httpx
import pytest
from typer.testing import CliRunner

from cloud.cli import app
from tests.cloud.web.community import Community, create_day
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration


def new_token(*options: str) -> str:
    made = CliRunner().invoke(app, ["token", "new", *options, "--name", "a dashboard"])
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def program(site: Site, token: str) -> httpx.Client:
    """Without cookies, and without an Origin: it is no browser."""
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=site.address, headers=headers, trust_env=False, timeout=20)


@pytest.fixture(autouse=True)
def database(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_DSN", community.dsn)


def test_a_token_opens_its_scopes_and_no_more(site: Site, community: Community) -> None:
    day = create_day(community)
    token = new_token("nurse", "--scope", "visits", "--scope", "go", "--scope", "letters")
    with program(site, token) as client:
        assert client.get("/api/v1/visits").status_code == 200
        assert client.post(f"/api/v1/visits/{day['severe']}/steps", json={"to": "accepted"}).status_code == 200
        assert client.get("/api/v1/board").status_code == 403  # theirs, and not in its scopes
        assert client.get("/dead-letters").status_code == 403  # in its scopes, and not theirs
        for path in ("/account", "/pushes"):
            assert client.get(path).status_code == 403
        assert client.post("/account/sign-out-everywhere").status_code == 403
    assert community.run("SELECT what, api_token_id IS NOT NULL FROM audit WHERE what <> 'signed_in'") == [
        ("moved_visit", True)
    ]
    assert community.one("SELECT count(*) FROM api_token WHERE token_hash = %s", token.encode()) == 0


def test_a_token_sees_its_persons_region_only(site: Site, community: Community) -> None:
    day = create_day(community)
    with program(site, new_token("stranger", "--scope", "visits")) as client:
        assert client.get("/api/v1/visits").json()["visits"] == []
        assert client.get(f"/api/v1/visits/{day['severe']}").status_code == 404


def test_a_revoked_ended_or_made_up_token_opens_nothing(site: Site, community: Community) -> None:
    with program(site, new_token("desk", "--scope", "board")) as client:
        assert client.get("/api/v1/board").status_code == 200
        listed = CliRunner().invoke(app, ["token", "list", "--json"])
        (one,) = json.loads(listed.stdout)
        assert one["used_at"] is not None
        assert CliRunner().invoke(app, ["token", "revoke", str(one["api_token_id"])]).exit_code == 0
        assert client.get("/api/v1/board").status_code == 401
    assert "revoked" in CliRunner().invoke(app, ["token", "list"]).stdout
    with program(site, new_token("desk", "--scope", "board", "--days", "1")) as client:
        community.run("UPDATE api_token SET ends_at = now() - interval '1 s' WHERE revoked_at IS NULL")
        assert client.get("/api/v1/board").status_code == 401
    with program(site, "doorstep_made-up") as client, site.signed_in("desk") as desk:
        client.cookies.update(desk.cookies)  # a token goes before a cookie
        assert client.get("/api/v1/board").status_code == 401


def test_what_cannot_be_made(community: Community) -> None:
    for options in (["nobody", "--scope", "board"], ["desk", "--scope", "own"], ["desk", "--scope", "everything"]):
        assert CliRunner().invoke(app, ["token", "new", *options, "--name", "x"]).exit_code != 0
