"""Every page by every role, on a real database and a real web process."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import LINK, NOW, SEVERE, Community, create_day, create_home
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

HOSTILE = "<script>alert('1')</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
ENGLISH_WORD = re.compile(r"[A-Za-z]{4,}")


def words(shown: str) -> str:
    """What a page says, without its marks."""
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def pages(community: Community, visit_id: int) -> list[str]:
    elder = community.elders["home-1"]
    return ["/board", "/today", f"/visits/{visit_id}", f"/elders/{elder}", f"/elders/{elder}?days=365"]


def test_staff_see_their_pages_and_nobody_else_does(site: Site, community: Community) -> None:
    made = create_day(community)
    paths = pages(community, made["severe"])
    for login in ("nurse", "desk", "admin"):
        with site.signed_in(login) as client:
            for path in paths:
                assert client.get(path).status_code == 200, (login, path)
            assert client.get("/dead-letters").status_code == (200 if login == "admin" else 403)
    with site.visitor() as nobody:
        for path in [*paths, "/", "/board/parts", "/dead-letters"]:
            answer = nobody.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/login?next=/")
        for path in ("/api/v1/board", "/api/v1/visits", "/api/v1/figures"):
            assert nobody.get(path).status_code == 401
        assert nobody.get("/events").status_code == 303


def test_another_community_sees_nothing(site: Site, community: Community) -> None:
    made = create_day(community)
    with site.signed_in("stranger") as stranger:
        for path in pages(community, made["severe"])[2:]:
            assert stranger.get(path).status_code == 404, path
        for path in ("/board", "/today", "/board/parts"):
            answer = stranger.get(path)
            assert answer.status_code == 200
            assert "王秀英" not in answer.text
            assert "李德福" not in answer.text
        board = stranger.get("/api/v1/board").json()
        assert board["alarms"] == board["visits"] == board["silent"] == board["closed"] == []
        assert stranger.get("/api/v1/figures").json()["readings_stored"] == 0
        assert stranger.post(f"/api/v1/alarms/{made['calling']}/take", json={}).status_code == 404
        assert stranger.post(f"/api/v1/visits/{made['severe']}/steps", json={"to": "accepted"}).status_code == 404
        assert stranger.post(f"/api/v1/visits/{made['severe']}/report", json={}).status_code == 404


def test_every_answer_carries_the_guards_headers(site: Site, community: Community) -> None:
    with site.signed_in("nurse") as client:
        for path in ("/today", "/visits/999", "/static/page.js", f"/e/{LINK}", "/api/v1/board", "/nowhere"):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_hostile_names_are_only_text(site: Site, community: Community) -> None:
    create_home(
        community, 9, region="community", name=HOSTILE, born_on="1940-01-01", address=HOSTILE, door_note=HOSTILE,
        link="hostile",
    )  # fmt: skip
    visit = community.create_visit("home-9", community.create_alert("home-9", [SEVERE | {"source": HOSTILE}]))
    community.run("UPDATE contact SET name = %s, phone = %s", HOSTILE, "javascript:alert(1)")
    community.create_alarm("gw-home-9")
    community.run("UPDATE staff SET name = %s WHERE login = 'nurse'", HOSTILE)
    community.run(
        "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES (%s, %s, 'd', %s)",
        HOSTILE,
        HOSTILE.encode(),
        HOSTILE,
    )
    elder = community.elders["home-9"]
    with site.signed_in("nurse") as nurse, site.signed_in("admin") as admin, site.visitor() as tablet:
        for client, path in [
            *((nurse, path) for path in ("/board", "/today", f"/visits/{visit}", f"/elders/{elder}")),
            (admin, "/dead-letters"),
            (tablet, "/e/hostile"),
        ]:
            shown = client.get(path).text
            assert "<img src=x" not in shown, path
            assert "<script>alert" not in shown, path
            assert 'href="javascript' not in shown, path
            assert "<style" not in shown
            assert not re.search(r"<[^>]+\s(style|on\w+)=", shown), path
            assert "&lt;script&gt;" in shown or path == "/dead-letters", path


def test_chinese_pages_hold_no_english(site: Site, community: Community) -> None:
    made = create_day(community)
    community.run("UPDATE elder SET data_note = ''")
    allowed = {"Doorstep", "English", "mmHg", "mmol"}
    with site.signed_in("nurse") as nurse, site.visitor() as tablet:
        for client, path in [*((nurse, path) for path in pages(community, made["severe"])), (tablet, f"/e/{LINK}")]:
            shown = client.get(path, headers={"accept-language": "zh-CN,zh;q=0.9"}).text
            assert '<html lang="zh-Hans"' in shown
            body = re.sub(r"<kbd>.*?</kbd>|<title>.*?</title>|<[^>]*>", " ", shown[shown.index("<body") :])
            body = re.sub(r"来源：[^\n]*", " ", body)  # sources keep their own language
            assert set(ENGLISH_WORD.findall(body)) - allowed == set(), path


def test_the_language_is_remembered(site: Site) -> None:
    with site.visitor() as client:
        assert "登录" in client.get("/login?lang=zh").text
        assert "登录" in client.get("/login").text
        assert "Sign in" in client.get("/login?lang=en").text


def test_empty_pages_say_what_will_stand_here(site: Site, community: Community) -> None:
    with site.signed_in("desk") as client:
        board = client.get("/board").text
        assert "Nobody calls" in board
        assert "No visits are promised" in board
        assert "No visits are waiting" in client.get("/today").text
        record = client.get(f"/elders/{community.elders['home-1']}").text
        assert "No readings in this time" in record
        assert "Nothing was noticed" in record
    with site.signed_in("admin") as client:
        assert "No dead letters" in client.get("/dead-letters").text


def test_a_record_says_what_happened_beside_the_readings(site: Site, community: Community) -> None:
    day = create_day(community)
    elder = community.elders["home-1"]
    community.run("UPDATE elder SET language = 'yue' WHERE elder_id = %s", elder)
    community.run("UPDATE visit SET skills = '{wound}' WHERE visit_id = %s", day["severe"])
    community.run(
        "INSERT INTO alarm (alarm_id, gateway_id, elder_id, kind, device, raised_at, heard_at) VALUES "
        "(gen_random_uuid(), 'gw-home-1', %s, 'fall', 'b', %s, %s)",
        elder, NOW - timedelta(days=4), NOW - timedelta(days=4),
    )  # fmt: skip
    community.run(
        "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until, became) "
        "VALUES (%s, 'systolic', 'cuff_loose', %s, %s, %s, 'quiet_hours')",
        elder, *[NOW - timedelta(days=1)] * 2, NOW - timedelta(hours=23),
    )  # fmt: skip
    with site.signed_in("nurse") as nurse:
        record = words(nurse.get(f"/elders/{elder}").text)
        assert "1 call for help" in record
        assert "the cuff sat loosely → not measured again" in record
        assert "the home does not speak at that hour" in record
        listed = words(nurse.get("/today").text)
        assert "speaks Cantonese" in listed
        assert "dressings" in listed
    community.run(
        "INSERT INTO staff (login, name, role, region_id, password_hash) "
        "SELECT 'doctor', 'Dr. Li', 'doctor', region_id, password_hash FROM staff WHERE login = 'nurse'"
    )
    community.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, 'institutions', 'elder', 'signed', %s, %s)",
        elder, community.staff["desk"], NOW,
    )  # fmt: skip
    with site.signed_in("doctor") as doctor:
        assert "call for help" not in words(doctor.get(f"/elders/{elder}").text)


def test_records_do_not_follow_numbers_out_of_the_world(site: Site) -> None:
    with site.signed_in("nurse") as client:
        for path in (
            "/elders/0",
            "/elders/-1",
            f"/elders/{2**70}",
            "/visits/0",
            f"/visits/{2**70}",
            f"/visits/{2**40}",
        ):
            assert client.get(path).status_code == 404, path
        for path in ("/elders/x", "/elders/1?days=8"):
            assert client.get(path).status_code == 422, path
        assert client.get("/dead-letters?before=x").status_code == 403  # not even what was wrong about it
        assert client.get("/nowhere").status_code == 404


def test_an_ended_session_is_said_and_leads_back(site: Site, community: Community) -> None:
    with site.signed_in("desk") as client:
        community.run("DELETE FROM session")
        answer = client.get("/board")
        assert answer.headers["location"] == "/login?next=/board"
        assert "Your session has ended." in client.get("/login?next=/board").text
    with site.visitor() as client:
        assert "Your session has ended." not in client.get("/login").text


def test_a_wrong_link_opens_nothing(site: Site, community: Community) -> None:
    with site.visitor() as tablet:
        for token in ("wrong", "x" * 5000, "%00", "%ff", "王"):
            answer = tablet.get(f"/e/{token}")
            assert answer.status_code == 404, token
            assert "王秀英" not in answer.text
            assert "Please ask the care centre for your link." in answer.text
        good = tablet.get(f"/e/{LINK}")
        assert good.status_code == 200
        assert good.headers["x-robots-tag"].startswith("noindex")


def test_dead_letters_show_bytes_and_reason(site: Site, community: Community) -> None:
    for number in range(52):
        community.run(
            "INSERT INTO dead_letter (topic, payload, digest, reason, times) VALUES ('doorstep/v1/x', %s, %s, %s, 3)",
            b"\x00\x01{broken" * 300, f"d{number}".encode(), f"not a ReadingsMessage: {number}",
        )  # fmt: skip
    with site.signed_in("admin") as client:
        shown = client.get("/dead-letters").text
        assert "not a ReadingsMessage: 51" in shown
        assert "00 01 7b 62" in shown
        assert "Only its beginning is shown" in shown
        older = re.search(r"/dead-letters\?before=\d+", shown)
        assert older is not None
        assert "not a ReadingsMessage: 0" in client.get(older.group()).text


def test_the_elders_page_follows_the_day(site: Site, community: Community) -> None:
    with site.visitor() as tablet:
        assert "No visit is planned for today." in tablet.get(f"/e/{LINK}").text
        community.run(
            "INSERT INTO measure_again (elder_id, metric, why, measured_at, asked_at, until) "
            "VALUES (%s, 'systolic', 'cuff_loose', %s, %s, %s)",
            community.elders["home-1"],
            *(NOW + timedelta(minutes=minutes) for minutes in (-2, -1, 29)),
        )
        asked = words(tablet.get(f"/e/{LINK}").text)
        assert "Please measure your blood pressure again. The cuff sat loosely." in asked
        community.run("UPDATE measure_again SET answered_at = %s", NOW)
        assert "Please measure" not in tablet.get(f"/e/{LINK}").text
        alert = community.create_alert("home-1", [SEVERE])
        visit = community.create_visit("home-1", alert, state="accepted", nurse="nurse")
        assert "陈晓梅 comes by 11:30" in words(tablet.get(f"/e/{LINK}").text)
        community.run("UPDATE visit SET promised_by = %s", NOW - timedelta(minutes=5))
        assert "陈晓梅 comes later than promised" in words(tablet.get(f"/e/{LINK}").text)
        community.run("UPDATE visit SET state = 'travelling'")
        assert "陈晓梅 is on the way to you" in words(tablet.get(f"/e/{LINK}").text)
        community.run("UPDATE visit SET state = 'filed'")
        community.create_report(visit, "nurse", NOW)
        shown = tablet.get(f"/e/{LINK}").text
        assert "How was the visit by 陈晓梅?" in shown
        assert shown.count('name="face"') == 5
        assert "How was the visit" not in tablet.get("/e/another-link").text


def test_away_database_is_said_in_words(own_centre: WebCentre) -> None:
    site = own_centre.site
    with site.signed_in("nurse") as client, site.visitor() as tablet, site.visitor() as watcher:
        name = conninfo_to_dict(own_centre.dsn)["dbname"]
        admin = Community(make_conninfo(own_centre.dsn, dbname="postgres"))
        admin.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        try:
            admin.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
            with ThreadPoolExecutor() as together:  # each waits for the database as long as it may
                page = together.submit(client.get, "/today")
                health = together.submit(watcher.get, "/health")
                wish = together.submit(tablet.post, f"/e/{LINK}/requests", data={"wish": "company"})
            assert page.result().status_code == 503
            assert "The centre&#39;s database does not answer" in page.result().text
            assert health.result().status_code == 503
            assert wish.result().status_code == 503
            assert "If you need help at once, press your button." in wish.result().text
            assert f'href="/e/{LINK}"' in wish.result().text
        finally:
            admin.run(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def test_sigterm_ends_with_0_though_a_page_listens(own_centre: WebCentre) -> None:
    site = own_centre.site
    with site.signed_in("desk") as client, client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        assert site.stop() == 0
        assert not any(line.startswith("event:") for line in lines)
