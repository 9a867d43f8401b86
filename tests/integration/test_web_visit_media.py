"""Photos and spoken words: who may keep and see them, what is left out, when they go. Elsewhere files stay out."""

import io
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from cloud.privacy.export.writing import write_copy
from tests.cloud.visits.media.test_photo import create_photo
from tests.cloud.visits.media.test_sound import WEBM
from tests.cloud.web.community import LINK, NOW, Community
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

JPEG = {"content-type": "image/jpeg"}


def agree(community: Community, purpose: str) -> int:
    number: int = community.one(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, %s, 'elder', 'signed', %s, %s) RETURNING consent_id",
        community.elders["home-1"], purpose, community.staff["desk"], NOW,
    )  # fmt: skip
    return number


def send(client: httpx.Client, visit_id: int, key: object, data: bytes | None = None) -> httpx.Response:
    path = f"/api/v1/visits/{visit_id}/photos?key={key}"
    return client.post(path, content=create_photo() if data is None else data, headers=JPEG)


def test_a_photo_from_the_door_to_its_end(site: Site, community: Community, tmp_path: Path) -> None:
    visit = community.create_visit("home-1", state="at_the_door", nurse="nurse")
    key = uuid4()
    with site.signed_in("nurse") as nurse, site.signed_in("desk") as desk, site.signed_in("nurse2") as colleague:
        assert send(nurse, visit, key).status_code == 409
        assert "No photos" in nurse.get(f"/visits/{visit}").text
        consent = agree(community, "photos")
        assert send(colleague, visit, key).status_code == 403
        assert send(desk, visit, key).status_code == 403
        assert [send(nurse, visit, key).status_code for _ in range(2)] == [201, 201]
        assert community.run("SELECT medium_id, media_type FROM visit_medium") == [(key, "image/jpeg")]

        shown = colleague.get(f"/visits/{visit}/media/{key}")
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "no-store"
        with Image.open(io.BytesIO(shown.content)) as picture:
            assert not picture.getexif()
        assert desk.get(f"/visits/{visit}/media/{key}").status_code == 403
        assert f"/media/{key}" in colleague.get(f"/visits/{visit}").text
        assert f"/media/{key}" not in desk.get(f"/visits/{visit}").text
        assert community.run(
            "SELECT what, staff_id FROM audit WHERE what = 'saw_picture' OR subject = %s AND what = 'reported'",
            f"visit:{visit}",
        ) == [("reported", community.staff["nurse"])] * 2 + [("saw_picture", community.staff["nurse2"])]

        with psycopg.connect(community.dsn, autocommit=True) as connection:
            write_copy(connection, community.elders["home-1"], "elder-1", tmp_path / "copy", NOW)
        assert (tmp_path / "copy" / "visit_medium-1.jpg").read_bytes() == shown.content
        assert "visit_medium-1.jpg" in (tmp_path / "copy" / "visit_medium.csv").read_text(encoding="utf-8")

        answer = desk.post(f"/elders/{community.elders['home-1']}/consent/{consent}/withdraw")
        assert answer.status_code < 400 or answer.status_code == 403
        community.run("UPDATE consent SET withdrawn_at = %s WHERE consent_id = %s", NOW, consent)
        assert community.run("SELECT FROM visit_medium") == []


def test_what_is_no_photo_or_too_much_is_refused(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1", state="at_the_door", nurse="nurse")
    agree(community, "photos")
    with site.signed_in("nurse") as nurse:
        assert send(nurse, visit, uuid4(), b"<svg onload='x()'/>").status_code == 422
        assert send(nurse, visit, uuid4(), bytes(5_000_000)).status_code == 413
        small = create_photo(size=(8, 8))
        assert [send(nurse, visit, uuid4(), small).status_code for _ in range(7)] == [201] * 6 + [409]
        for path in ("/api/v1/visits/1/report", "/api/v1/visits/1/steps", "/login", f"/e/{LINK}/requests"):
            assert nurse.post(path, content=small, headers=JPEG).status_code == 415, path
        png = nurse.post(f"/api/v1/visits/{visit}/photos", content=small, headers={"content-type": "image/png"})
        assert png.status_code == 415
        evil = {**JPEG, "origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
        assert nurse.post(f"/api/v1/visits/{visit}/photos", content=small, headers=evil).status_code == 403


def test_a_spoken_word_needs_the_elders_consent(site: Site, community: Community) -> None:
    visit = community.create_visit("home-1", state="assessed", nurse="nurse")
    community.create_report(visit, "nurse", NOW)
    community.run("INSERT INTO assessment (visit_id, face, assessed_at) VALUES (%s, 2, %s)", visit, NOW)
    other = community.create_visit("home-2", state="filed", nurse="nurse2")
    sound = {"content-type": "audio/webm;codecs=opus"}
    with site.visitor() as tablet:
        path = f"/e/{LINK}/visits/{visit}/voice"
        assert "microphone=()" in tablet.get(f"/e/{LINK}").headers["permissions-policy"]
        assert tablet.post(path, content=WEBM, headers=sound).status_code == 409
        agree(community, "voice")
        page = tablet.get(f"/e/{LINK}")
        assert "microphone=(self)" in page.headers["permissions-policy"]
        assert "Speak a word" in page.text
        assert tablet.post(path, content=b"<html>", headers=sound).status_code == 422
        assert [tablet.post(path, content=WEBM, headers=sound).status_code for _ in range(2)] == [201, 201]
        assert tablet.post(f"/e/{LINK}/visits/{other}/voice", content=WEBM, headers=sound).status_code == 404
    assert community.run("SELECT kind, staff_id, media_type FROM visit_medium") == [("voice", None, "audio/webm")]
    with site.signed_in("nurse") as nurse:
        assert "<audio" in nurse.get(f"/visits/{visit}").text
        assert "What elders said of your visits" in nurse.get("/today").text


def test_an_elder_sees_who_comes(site: Site, community: Community) -> None:
    community.create_visit("home-1", state="accepted", nurse="nurse")
    me = community.staff["nurse"]
    with site.signed_in("nurse") as nurse, site.visitor() as tablet:
        assert tablet.get(f"/e/{LINK}/staff/{me}/photo").status_code == 404
        assert nurse.post("/api/v1/account/photo", content=create_photo(), headers=JPEG).status_code == 200
        assert nurse.get("/account/photo").status_code == 200
        assert f"/staff/{me}/photo" in tablet.get(f"/e/{LINK}").text
        assert tablet.get(f"/e/{LINK}/staff/{me}/photo").headers["content-type"] == "image/jpeg"
        community.run("INSERT INTO staff_photo SELECT staff_id, 'x', now() FROM staff WHERE login = 'nurse2'")
        assert tablet.get(f"/e/{LINK}/staff/{community.staff['nurse2']}/photo").status_code == 404
