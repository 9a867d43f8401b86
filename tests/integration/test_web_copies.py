"""A copy of one's data by one touch: made beside the page, fetched once by who asked, and gone when time is up."""

import csv
import io
import json
import re
import time
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from cloud.privacy.copies import store
from cloud.privacy.export.family import METRICS
from cloud.web.evidence.panels import CHARTED
from tests.cloud.web.community import LINK, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_family import invite, let_in
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

READY = re.compile(r'action="([^"]*/copy/\d+)"')
_PATIENCE_S = 20.0


def made(client: httpx.Client, path: str) -> str:
    """Asks for a copy there, and waits as a browser does; the address from which it is fetched."""
    assert client.post(path).headers["location"] == path
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := READY.search((page := client.get(path)).text)):
        assert page.headers["refresh"] == "3"
        assert time.monotonic() < deadline
        time.sleep(0.05)  # the page is how one waits
    assert "refresh" not in page.headers
    return found[1]


def opened(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(r'attachment; filename="doorstep-[\d-]+\.zip"', answer.headers["content-disposition"])
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_an_elder_gets_their_copy_once(site: Site, community: Community) -> None:
    create_day(community)
    elder = community.elders["home-1"]
    community.run("UPDATE home SET door_note = '=cmd|''/c calc''!A1' WHERE code = 'home-1'")
    with site.visitor() as tablet, site.signed_in("desk") as desk:
        assert tablet.post(f"/e/{LINK}/data", data={"what": "export"}).status_code == 303
        address = made(tablet, f"/e/{LINK}/copy")
        assert address.startswith(f"/e/{LINK}/copy/")
        sealed = community.one("SELECT string_agg(sealed, '') FROM data_copy_part")
        assert b"PK\x03\x04" not in sealed  # nobody reads it out of the database, or of a back-up
        number = address.rsplit("/", 1)[1]
        assert desk.post(f"/elders/{elder}/copy/{number}").status_code == 404  # it is not theirs
        files = opened(tablet.post(address))
        assert tablet.post(address).status_code == 404
        assert "It was fetched" in words(tablet.get(f"/e/{LINK}/copy?lang=en").text)
        assert "Nobody asked" in words(desk.get("/privacy?lang=en").text)
        looked = words(tablet.get(f"/e/{LINK}/looked?lang=en").text)
    everything = json.loads(files["all.json"])["tables"]
    assert everything["elder"][0]["name"] == "王秀英"
    assert len(everything["reading"]) == community.one("SELECT count(*) FROM reading WHERE elder_id = %s", elder)
    assert "王秀英" in files["index.html"]
    assert next(csv.DictReader(io.StringIO(files["home.csv"])))["door_note"].startswith("'=")  # no formula
    assert community.one("SELECT count(*) FROM data_copy_part") == 0
    assert "You asked for a copy of your data" in looked
    assert "You took a copy of your data" in looked


def test_the_family_gets_what_is_agreed_and_nothing_once_it_is_not(site: Site, community: Community) -> None:
    assert set(METRICS) == set(CHARTED)
    create_day(community)
    elder = community.elders["home-1"]
    with site.signed_in("nurse") as nurse, site.visitor() as phone, site.visitor() as tablet:
        path, code = invite(nurse, elder, "family_readings", "family_alarms")
        assert phone.get(f"{path}/copy").headers["location"] == f"{path}/code"
        let_in(phone, path, code)
        files = opened(phone.post(made(phone, f"{path}/copy")))
        assert sorted(files) == ["alarms.csv", "all.json", "index.html", "readings.csv"]
        said = "".join(files.values())
        assert "motion" not in said  # where somebody walks at home
        assert "systolic" in said
        for secret in ("王秀英", "颐和路", "高血压", "13800000001", "换了药盒"):
            assert secret not in said
        address = made(phone, f"{path}/copy")
        assert tablet.post(f"/e/{LINK}/copy/{address.rsplit('/', 1)[1]}").status_code == 404  # another link's
        consent = community.one("SELECT min(consent_id) FROM consent")
        assert tablet.post(f"/e/{LINK}/consent/{consent}/withdraw").status_code == 303
        assert phone.post(address).status_code == 404
        assert "王小明 (family) took a copy of your data" in words(tablet.get(f"/e/{LINK}/looked?lang=en").text)


def test_the_desk_gets_one_for_an_elder_and_a_nurse_does_not(site: Site, community: Community) -> None:
    elder = community.elders["home-2"]
    path = f"/elders/{elder}/copy"
    with site.signed_in("desk") as desk, site.signed_in("admin") as admin, site.signed_in("nurse") as nurse:
        assert nurse.get(path).status_code == 403
        assert path not in nurse.get(f"/elders/{elder}/consent").text
        assert path in desk.get(f"/elders/{elder}/consent").text
        address = made(desk, path)
        assert admin.post(address).status_code == 404
        assert "李德福" in opened(desk.post(address))["index.html"]
        address = made(desk, path)
        community.run("UPDATE data_copy SET ends_at = now() - INTERVAL '1 second'")
        assert desk.post(address).status_code == 404
        assert "Nobody fetched it in time" in words(desk.get(f"{path}?lang=en").text)
    with psycopg.connect(community.dsn) as connection:
        assert store.forget(connection, datetime.now(UTC)) == 1
    lines = community.run(
        "SELECT what, staff_id FROM audit WHERE elder_id = %s AND what LIKE '%%_copy' ORDER BY audit_id", elder
    )
    assert lines == [(what, community.staff["desk"]) for what in ("asked_copy", "took_copy", "asked_copy")]


def test_what_a_killed_maker_began_is_made_anew(site: Site, community: Community) -> None:
    community.run(
        "INSERT INTO data_copy (elder_id, asked_at, begun_at, ends_at) VALUES (%s, %s, %s, %s)",
        community.elders["home-1"], datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=20),
        datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    with site.visitor() as tablet:
        assert opened(tablet.post(made(tablet, f"/e/{LINK}/copy")))
    assert community.one("SELECT count(*) FROM data_copy") == 1
