"""Forms carry the mark of their session, on every page; what carries none, or a file, changes nothing."""

import re

import pytest

from cloud.web.entry.csrf import HEADER, csrf_of
from tests.cloud.web.community import LINK, Community, create_day
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration
FORM = re.compile(r'<form\b[^>]*method="post"[^>]*>(<input type="hidden" name="csrf" value="([0-9a-f]{64})">)?')


def test_every_form_on_every_page_is_marked(site: Site, community: Community) -> None:
    day = create_day(community)
    elder = community.elders["home-1"]
    pages = (
        "/board",
        "/today",
        f"/visits/{day['severe']}",
        f"/alarms/{day['calling']}",
        "/unsure",
        "/account",
        "/fleet",
    )
    with site.signed_in("nurse") as client, site.visitor() as tablet:
        mark = csrf_of(client.cookies["doorstep-session"])
        for path in (*pages, f"/elders/{elder}"):
            forms = FORM.findall(client.get(path).text)
            assert forms, path  # the way out is one
            assert {found for _, found in forms} == {mark}, path
        assert {found for _, found in FORM.findall(tablet.get(f"/e/{LINK}/want/company").text)} == {""}


def test_a_form_without_its_mark_changes_nothing(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1")
    path, wish = f"/api/v1/visits/{visit}/steps", {"to": "accepted"}
    with site.signed_in("nurse") as client, site.signed_in("nurse2") as other:
        mark, others = client.headers.pop(HEADER), other.headers[HEADER]
        for body in (wish, wish | {"csrf": others}, wish | {"csrf": ""}, wish | {"csrf": "é" * 64}):
            assert client.post(path, data=body).status_code == 403
        assert client.post(path, content=b"to=accepted&csrf=" + b"&" * 600).status_code == 403
        assert client.post(path).status_code == 403
        assert client.post(path, data={"to": "x" * 70_000}).status_code == 413
        assert community.one("SELECT state FROM visit") == "proposed"
        assert client.post(path, data=wish | {"csrf": mark}).status_code == 303
        assert community.one("SELECT state FROM visit") == "accepted"


def test_files_are_refused(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1")
    with site.signed_in("nurse") as client:
        for path in (f"/api/v1/visits/{visit}/steps", "/login", "/logout", f"/e/{LINK}/requests"):
            assert client.post(path, files={"file": b"x"}, data={"to": "accepted"}).status_code == 415
            headers = {"content-type": "text/plain"}
            assert client.post(path, content=b'{"to": "accepted"}', headers=headers).status_code == 415
    assert community.one("SELECT state FROM visit") == "proposed"
