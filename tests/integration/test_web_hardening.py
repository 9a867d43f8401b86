"""What a browser never sends and an intruder does: raw bytes, foreign hosts, planted sessions, patient guessing."""

import secrets
import socket
import time
from urllib.parse import urlsplit

import pytest

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


def test_an_unknown_login_takes_as_long_as_a_known_one(site: Site, community: Community) -> None:
    with site.visitor() as client:

        def ask(login: str) -> float:
            began = time.perf_counter()
            assert client.post("/login", data={"login": login, "password": "wrong"}).status_code == 401
            return time.perf_counter() - began

        took: dict[str, list[float]] = {"known": [], "unknown": []}
        for number in range(_TRIES):  # in turn, so that what else the machine does falls on both
            took["known"].append(ask("nurse"))
            took["unknown"].append(ask(f"nobody{number}"))
            community.run("DELETE FROM try")
    # the fastest of each: noise only adds. An unknown one without the work would take a tenth.
    known, unknown = min(took["known"]), min(took["unknown"])
    assert 0.5 < unknown / known < 2, (known, unknown)
