"""An app that shows codes, from its QR code to the sign-in, and roles that must have one."""

import re
import time
from pathlib import Path

import httpx
import psycopg
import pyotp
import pytest

from cloud.identity.second.store import reset
from cloud.identity.tries.model import TRIES
from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import PASSWORD, Community
from tests.cloud.web.running import Site, running_site

pytestmark = pytest.mark.integration
FORM = {"login": "nurse", "password": PASSWORD, "next": "/visits/7"}


def set_up_app(client: httpx.Client) -> pyotp.TOTP:
    client.post("/account/app")
    found = re.search(r"<code>([A-Z2-7]{32})</code>", client.get("/account").text)
    assert found is not None
    return pyotp.TOTP(found[1])


def test_the_way_of_an_app(site: Site, community: Community) -> None:
    with site.signed_in("nurse") as client:
        app = set_up_app(client)
        assert community.one("SELECT count(*) FROM totp WHERE position(%s IN secret) > 0", app.secret.encode()) == 0
        assert client.post("/account/app/code", data={"code": "000000"}).status_code == 422
        with site.visitor() as other:  # shown but not confirmed: nobody is locked out
            assert other.post("/login", data=FORM).headers["location"] == "/visits/7"
        first = app.now()
        assert client.post("/account/app/code", data={"code": first}).status_code == 303
        assert "Remove the app" in client.get("/account").text
        assert client.post("/account/app").status_code == 303
        assert app.secret not in client.get("/account").text  # a confirmed one is not drawn anew
    with site.visitor() as client:
        assert client.post("/login", data=FORM).headers["location"] == "/login/code?next=/visits/7"
        assert client.get("/board").headers["location"].startswith("/login")
        assert "six digits" in client.get("/login/code").text
        assert client.post("/login/code", data={"code": first}).status_code == 401  # each opens once
        answer = client.post("/login/code", data={"code": app.at(time.time(), counter_offset=1), "next": "/visits/7"})
        assert answer.headers["location"] == "/visits/7"
        assert client.get("/board").status_code == 200
        assert community.one("SELECT count(*) FROM half_session") == 0
    assert community.one("SELECT second_factor FROM session ORDER BY began_at DESC LIMIT 1") is True


def test_programs_show_the_code_too_and_guessing_it_is_slowed_down(site: Site, community: Community) -> None:
    with site.signed_in("desk") as client:
        app = set_up_app(client)
        client.post("/account/app/code", data={"code": app.now()})
    login = {"login": "desk", "password": PASSWORD}
    with site.visitor() as client:
        answer = client.post("/api/v1/session", json=login)
        assert (answer.status_code, answer.json()["detail"]) == (401, "A code of your app is needed too.")
        wrong = [client.post("/api/v1/session", json=login | {"code": f"{n:06}"}).status_code for n in range(TRIES + 1)]
        assert wrong[-1] == 429
        assert set(wrong[:-1]) == {401}
        community.run("DELETE FROM try")
        right = app.at(time.time(), counter_offset=1)
        assert client.post("/api/v1/session", json=login | {"code": right}).status_code == 200


def test_how_one_signs_in_is_changed_only_soon_after_signing_in(site: Site, community: Community) -> None:
    with site.signed_in("nurse") as client:
        community.run("UPDATE session SET began_at = began_at - interval '20 minutes'")
        for path in ("/account/app", "/account/app/remove", "/account/passkeys/remove"):
            assert client.post(path).status_code == 403
        assert client.post("/api/v1/account/passkeys/challenge").status_code == 403
        assert "Sign out and in again" in client.get("/account").text


def test_signing_out_everywhere(site: Site) -> None:
    with site.signed_in("nurse") as phone, site.signed_in("nurse") as tablet, site.signed_in("desk") as desk:
        assert phone.post("/account/sign-out-everywhere").headers["location"] == "/login"
        assert tablet.get("/api/v1/board").status_code == 401
        assert desk.get("/api/v1/board").status_code == 200


def test_a_passkeys_answer_must_be_asked_for(site: Site) -> None:
    address = site.address.replace("127.0.0.1", "localhost")
    with httpx.Client(base_url=address, headers={"origin": address}, trust_env=False) as client:
        assert client.post("/api/v1/session/passkey/challenge").json()["rpId"] == "localhost"
        for answer in ({}, {"id": "AAAA", "response": {"clientDataJSON": "W1tbW1s"}}, {"id": 5, "response": []}):
            assert client.post("/api/v1/session/passkey", json=answer).status_code == 401
    with site.visitor() as client:  # an address that is a number has no passkeys
        assert client.post("/api/v1/session/passkey/challenge").status_code == 401
        assert "passkey.js" not in client.get("/login").text


def test_a_role_that_needs_a_second_factor(own_centre: WebCentre, tmp_path: Path) -> None:
    folder = tmp_path / "strict"
    folder.mkdir()
    wanted = 'second_factor_for = ["administrator"]'
    with running_site(folder, own_centre.dsn, web=wanted) as site, site.signed_in("admin") as admin:
        assert admin.get("/board").headers["location"] == "/account"
        assert admin.get("/api/v1/board").status_code == 403
        assert "Your role needs a second factor" in admin.get("/account").text
        app = set_up_app(admin)
        admin.post("/account/app/code", data={"code": app.now()})
        assert admin.get("/board").status_code == 200
        with site.signed_in("desk") as desk:
            assert desk.get("/board").status_code == 200


def test_who_lost_the_phone_is_let_in_again(site: Site, community: Community) -> None:
    with site.signed_in("nurse") as client:
        app = set_up_app(client)
        client.post("/account/app/code", data={"code": app.now()})
        with psycopg.connect(community.dsn, autocommit=True) as connection:
            assert reset(connection, "nurse")
            assert not reset(connection, "nobody")
        assert client.get("/api/v1/board").status_code == 401
    with site.visitor() as client:
        assert client.post("/login", data=FORM).headers["location"] == "/visits/7"
