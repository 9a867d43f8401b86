"""What a browser never sends and an intruder does: raw bytes, foreign hosts, planted sessions, patient guessing."""

import secrets
import socket
from urllib.parse import urlsplit

import psutil
import pytest

from cloud.web.entry.csrf import HEADER
from cloud.web.entry.current import COOKIE
from tests.cloud.web.community import PASSWORD, Community
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

_TRIES = 15


def raw(site: Site, *lines: bytes) -> tuple[bytes, bytes]:
    """Head and body of what the site answers to exactly these lines."""
    address = urlsplit(site.address)
    request = b"\r\n".join((*lines, b"Connection: close", b"", b""))
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    "path",
    [
        b"/static/../app.py",
        b"/static/%2e%2e/app.py",
        b"/static/..%2fapp.py",
        b"/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd",
        b"/static/....//app.py",
        b"/static//etc/passwd",
        b"/static/%00page.js",
        b"/static/..%5capp.py",
        b"//etc/passwd",
    ],
)
def test_no_path_leads_out_of_static(site: Site, path: bytes) -> None:
    head, body = raw(site, b"GET " + path + b" HTTP/1.1", b"Host: centre")
    assert head.split()[1] in (b"404", b"400", b"307"), head
    assert b"root:" not in body
    assert b"create_app" not in body


@pytest.mark.parametrize(
    "path",
    [
        b"/elders/1%0d%0aSet-Cookie:%20planted=1",
        b"/today%0d%0aSet-Cookie:%20planted=1",
        b"/today?lang=zh%0d%0aSet-Cookie:%20planted=1",
        b"/login?next=/x%0d%0aSet-Cookie:%20planted=1",
        b"/login/code?next=/x%0d%0aSet-Cookie:%20planted=1",
        b"//evil.example/%0d%0aSet-Cookie:%20planted=1",
    ],
)
def test_no_header_is_planted(site: Site, path: bytes) -> None:
    head, _ = raw(site, b"GET " + path + b" HTTP/1.1", b"Host: centre")
    assert b"planted" not in head.lower().replace(b"%20planted", b"")
    assert b"500" not in head.split(b"\r\n")[0]


def test_a_foreign_host_is_repeated_nowhere(site: Site) -> None:
    for path in (b"/login", b"/today", b"/", b"/login?next=/x", b"/nowhere"):
        head, body = raw(site, b"GET " + path + b" HTTP/1.1", b"Host: evil.example")
        assert b"evil.example" not in head, path
        assert b"evil.example" not in body, path


def test_every_answer_tells_the_browser_what_it_may_do(site: Site) -> None:
    """Also those that only say why not."""
    address = urlsplit(site.address)
    strange = b"x" * 70_000
    with site.visitor() as client, site.signed_in("nurse") as nurse:
        answers = [
            client.get("/login"),
            client.get("/nowhere"),
            client.get("/static/nothing.js"),
            client.get("/static/page.js"),
            client.put("/login"),
            client.get("/board"),
            client.get("/api/v1/board"),
            client.post("/login", data={"login": "nurse", "password": "x"}),
            client.post("/login", files={"file": b"x"}),
            client.post("/api/v1/session", content=strange, headers={"content-type": "application/json"}),
            client.post("/api/v1/session", json={}),
            client.post("/api/v1/session", json={}, headers={"origin": "https://evil.example"}),
            client.post("/api/v1/session", json={}, headers={"sec-fetch-site": "cross-site"}),
            client.head("/login"),
            client.options("/login"),
            client.get("/health"),
            client.get("/e/nothing"),
            nurse.get("/refusals"),
            nurse.get("/elders/999999"),
            nurse.get("/elders/x"),
            nurse.post("/logout", headers={HEADER: "0" * 64}),
            nurse.get("/fleet.csv"),
        ]
    codes = {answer.status_code for answer in answers}
    assert {200, 401, 403, 404, 405, 413, 415, 422} <= codes, codes
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "server" not in answer.headers
        assert address.hostname not in answer.headers.get("location", "")


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
        "/%2f/evil.example",
        "/x\t//evil.example",
        "/@evil.example",
        "evil.example",
        "/x?y=//evil.example",
    ],
)
def test_a_login_leads_nowhere_else(site: Site, next: str) -> None:
    with site.visitor() as client:
        form = {"login": "nurse", "password": PASSWORD, "next": next}
        assert client.post("/login", data=form).headers["location"] == "/"
        assert "evil.example" not in client.get("/login", params={"next": next}).text


def test_requests_that_two_readers_read_differently_are_refused(site: Site) -> None:
    for lines in (
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -1",),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding: chunked, identity",),
    ):
        head, _ = raw(site, b"POST /login HTTP/1.1", b"Host: centre", *lines)
        assert head.split()[1] in (b"400", b"403", b"415", b"501"), (lines, head)


def test_a_planted_session_is_not_taken_over(site: Site, community: Community) -> None:
    planted = secrets.token_urlsafe(32)
    with site.visitor() as victim, site.visitor() as intruder:
        victim.cookies.set(COOKIE, planted)
        intruder.cookies.set(COOKIE, planted)
        answer = victim.post("/login", data={"login": "nurse", "password": PASSWORD})
        assert answer.status_code == 303
        assert answer.cookies[COOKIE] != planted
        assert intruder.get("/api/v1/board").status_code == 401


def test_cookies_are_for_the_site_alone(site: Site) -> None:
    with site.visitor() as client:
        answer = client.post("/login", data={"login": "nurse", "password": PASSWORD})
        session = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE))
        assert "httponly" in session.lower()
        assert "samesite=lax" in session.lower()
        assert "domain=" not in session.lower()


def test_an_unknown_login_costs_as_much_as_a_known_one(site: Site, community: Community) -> None:
    """Counted in processor time, which no busy machine lengthens. Without the work it would be a tenth."""
    server = psutil.Process(site.process.pid)

    def cost_s(logins: list[str]) -> float:
        before = server.cpu_times()
        for login in logins:
            assert client.post("/login", data={"login": login, "password": "wrong"}).status_code == 401
            community.run("DELETE FROM try")
        after = server.cpu_times()
        return after.user + after.system - before.user - before.system

    with site.visitor() as client:
        cost_s(["nurse", "nobody"])
        known = cost_s(["nurse"] * _TRIES)
        unknown = cost_s([f"nobody{number}" for number in range(_TRIES)])
    assert 0.5 < unknown / known < 2, (known, unknown)
