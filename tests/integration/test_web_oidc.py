"""Staff sign in by a provider that somebody else wrote, and whatever does not hold opens nothing."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from typer.testing import CliRunner

from cloud.cli import app
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from cloud.web.entry.oidc import ASK_COOKIE
from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import Community
from tests.cloud.web.running import NO_BROKER, Site, running_site
from tests.integration.oidc_provider import OidcProvider, running_provider

pytestmark = pytest.mark.integration

CENTRE = "https://centre.example"
BACK = f"{CENTRE}/login/oidc/back"


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def oidc_site(
    web_centre: WebCentre, provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A second web process over the same database, which knows the provider."""
    lines = f'address = "{CENTRE}"\n[oidc]\nissuer = "{provider.issuer}"\nname = "City sign-in"\n'
    lines += 'client_id = "doorstep centre"\nclient_secret = "s€cret:%"'
    with running_site(tmp_path_factory.mktemp("oidc"), web_centre.dsn, NO_BROKER, web=lines) as site:
        yield site


@pytest.fixture
def bound(community: Community, provider: OidcProvider) -> Community:
    """The nurse is bound, by an e-mail address that says nothing; the desk is not."""
    provider.knows("nurse-at-city", email="desk@example.org")
    _bind(community, provider, "nurse-at-city", "nurse")
    return community


def _bind(community: Community, provider: OidcProvider, subject: str, login: str) -> None:
    community.run(
        "INSERT INTO oidc_binding SELECT %s, %s, staff_id, now() FROM staff WHERE login = %s",
        provider.issuer, subject, login,
    )  # fmt: skip


def begin(client: httpx.Client, next_path: str = "") -> str:
    """Where the browser is sent."""
    answer = client.get("/login/oidc", params={"next": next_path})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def back(client: httpx.Client, address: str) -> httpx.Response:
    assert address.startswith(BACK), address
    return client.get(address.removeprefix(CENTRE))


def refusals(community: Community, kind: str) -> int:
    """Once the process has written what it counted."""
    for _ in range(100):
        found: int = community.one("SELECT coalesce(sum(times), 0)::int FROM refusal WHERE kind = %s", kind)
        if found:
            return found
        time.sleep(0.1)
    return 0


def test_in_and_out_again(oidc_site: Site, provider: OidcProvider, bound: Community) -> None:
    with oidc_site.visitor() as client:
        assert "Sign in by City sign-in" in client.get("/login?next=/visits/7").text
        out = begin(client, "/fleet")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(out).query).items()}
        assert (asked["redirect_uri"], asked["code_challenge_method"]) == (BACK, "S256")
        assert len(asked["state"]) > 40
        assert len(asked["nonce"]) > 40
        answer = back(client, provider.approve(out, "nurse-at-city"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/fleet")
        assert ASK_COOKIE not in client.cookies
        assert "Fleet" in client.get("/fleet").text
        assert bound.run("SELECT login, by_provider FROM session JOIN staff USING (staff_id)") == [("nurse", True)]
        client.headers[HEADER] = csrf_of(client.cookies[COOKIE])
        left = client.post("/logout")
        assert left.headers["location"] == "/login/oidc/out"
        page = client.get("/login/oidc/out")
        assert page.headers["refresh"].startswith(f"1;url={provider.issuer}/oauth2/end_session?")
        assert bound.one("SELECT count(*) FROM session") == 0


def test_only_the_browser_that_asked_and_only_once(oidc_site: Site, provider: OidcProvider, bound: Community) -> None:
    with oidc_site.visitor() as mine, oidc_site.visitor() as other:
        answer = provider.approve(begin(mine), "nurse-at-city")
        assert back(other, answer).status_code == 401  # no question of its own
        begin(other)
        assert back(other, answer).status_code == 401  # another question's state
        assert back(mine, answer).status_code == 303
        assert back(mine, answer).status_code == 401  # its question is answered
        begin(mine)
        state = parse_qs(urlsplit(begin(mine)).query)["state"][0]
        used = parse_qs(urlsplit(answer).query)["code"][0]
        assert back(mine, f"{BACK}?code={used}&state={state}").status_code == 401  # a code opens once
        state = parse_qs(urlsplit(begin(mine)).query)["state"][0]
        assert back(mine, f"{BACK}?code=x&state={state}&iss=https://elsewhere.example").status_code == 401
    assert bound.one("SELECT count(*) FROM session") == 1
    for kind in ("oidc_state", "oidc_code", "oidc_issuer"):
        assert refusals(bound, kind), kind


@pytest.mark.parametrize(
    ("claims", "kind"),
    [
        ({"nonce": "another"}, "oidc_nonce"),
        ({"aud": "another-centre"}, "oidc_aud"),
        ({"aud": ["another-centre", "doorstep centre"], "azp": "another-centre"}, "oidc_azp"),
        ({"iss": "https://elsewhere.example"}, "oidc_iss"),
        ({"exp": 1_700_000_000}, "oidc_exp"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "oidc_at_hash"),
    ],
)
def test_a_word_that_does_not_hold(
    oidc_site: Site, provider: OidcProvider, bound: Community, claims: dict[str, object], kind: str
) -> None:
    provider.knows("bent", **claims)
    _bind(bound, provider, "bent", "nurse")
    with oidc_site.visitor() as client:
        answer = back(client, provider.approve(begin(client), "bent"))
        assert answer.status_code == 401
        assert "does not hold" in answer.text
        assert COOKIE not in client.cookies
    assert refusals(bound, kind)
    assert bound.one("SELECT count(*) FROM session") == 0


def test_who_is_not_bound_is_nobody_whatever_their_mail_says(
    oidc_site: Site, provider: OidcProvider, bound: Community, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    provider.knows("stranger<b>", email="desk@example.org", email_verified=True, preferred_username="desk")
    with oidc_site.visitor() as client:
        answer = back(client, provider.approve(begin(client), "stranger<b>"))
        assert answer.status_code == 403
        assert re.search(r'<code id="subject">stranger&lt;b&gt;</code>', answer.text)
        assert bound.one("SELECT count(*) FROM session") == 0
        # the administrator asks who it is, and binds them
        monkeypatch.setenv("DOORSTEP_DSN", bound.dsn)
        config = tmp_path / "cloud.toml"
        config.write_text(
            f'[web]\naddress = "{CENTRE}"\n[oidc]\nissuer = "{provider.issuer}"\nclient_id = "x"\n', encoding="utf-8"
        )
        run = CliRunner().invoke
        there = ["--config", str(config)]
        assert run(app, ["staff", "bind-oidc", "desk", "stranger<b>", *there]).exit_code == 0
        assert run(app, ["staff", "bind-oidc", "admin", "stranger<b>", *there]).exit_code == 1  # somebody's already
        assert run(app, ["staff", "bind-oidc", "nobody", "x", *there]).exit_code == 1
        assert back(client, provider.approve(begin(client), "stranger<b>")).status_code == 303
        assert client.get("/board").status_code == 200
        assert run(app, ["staff", "unbind-oidc", "desk", *there]).exit_code == 0
        assert client.get("/api/v1/board").status_code == 401
        assert run(app, ["staff", "unbind-oidc", "desk", *there]).exit_code == 1


def test_somebody_with_a_second_factor_here_shows_it_unless_the_provider_saw_one(
    oidc_site: Site, provider: OidcProvider, bound: Community
) -> None:
    bound.run("INSERT INTO totp (staff_id, secret, confirmed_at) SELECT staff_id, 'x', now() FROM staff")
    with oidc_site.visitor() as client:
        answer = back(client, provider.approve(begin(client, "/fleet"), "nurse-at-city"))
        assert answer.headers["location"] == "/login/code?next=/fleet"
        assert COOKIE not in client.cookies
        provider.knows("nurse-at-city", amr=["pwd", "mfa"])
        assert back(client, provider.approve(begin(client), "nurse-at-city")).headers["location"] == "/"
    assert bound.one("SELECT second_factor FROM session") is True
    provider.knows("nurse-at-city")


def test_a_no_of_the_provider_or_none_there(site: Site, oidc_site: Site, provider: OidcProvider) -> None:
    with oidc_site.visitor() as client:
        assert back(client, provider.deny(begin(client))).status_code == 401
        assert begin(client, "//evil.example").startswith(provider.issuer)
    with site.visitor() as client:  # a centre without a provider
        assert client.get("/login/oidc").status_code == 404
        assert "City sign-in" not in client.get("/login").text


def test_only_the_centres_own_address_is_answered(oidc_site: Site) -> None:
    with oidc_site.visitor() as client:
        for host, code in (("centre.example", 200), ("evil.example", 421), ("centre.example.evil", 421)):
            assert client.get("/login", headers={"host": host}).status_code == code, host


def test_the_challenge_is_the_standards() -> None:
    """RFC 7636, appendix B."""
    made = create_s256_code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert made == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
