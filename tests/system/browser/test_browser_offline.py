"""A nurse's phone where there is no net: the list, the visit, its steps and its report; and what came of it after."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.cloud.visits.media.test_photo import create_photo
from tests.cloud.web.community import Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system


def open_today(page: Page, site: Site) -> None:
    """The list, with the service worker in charge and the pages behind it on the phone."""
    sign_in(page, site, "nurse")
    page.goto(f"{site.address}/today")
    page.evaluate("navigator.serviceWorker.ready")
    page.goto(f"{site.address}/today")
    expect(page.locator("body[data-kept]")).to_be_attached()


def test_a_visit_without_a_net(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    made = create_day(community)
    visit, elder = made["severe"], community.elders["home-1"]
    community.run(
        "UPDATE visit SET state = 'accepted', nurse_id = %s WHERE visit_id = %s", community.staff["nurse"], visit
    )
    phone = open_page(PHONE)
    open_today(phone, site)
    phone.context.set_offline(True)

    phone.goto(f"{site.address}/elders/{elder}")
    expect(phone.locator("svg.paper").first).to_be_attached()
    phone.goto(f"{site.address}/today")
    expect(phone.get_by_role("status")).to_contain_text("No net since")
    phone.locator(f"a.card[href='/visits/{visit}']").click()
    phone.get_by_role("button", name="Start").click()
    phone.get_by_role("button", name="At the door").click()
    expect(phone.get_by_role("status")).to_contain_text("Kept on this phone, to be sent: 2.")
    phone.get_by_label("the alert told the truth").check()
    phone.get_by_label("Medicine missed").check()
    phone.get_by_label("Systolic").fill("176")
    phone.get_by_label("One line for the next who comes").fill("药盒空了")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.screenshot(path=pictures / "visit-offline.png")
    phone.get_by_role("button", name="File report").click()
    expect(phone.get_by_role("status")).to_contain_text("to be sent: 3.")
    assert community.one("SELECT state FROM visit WHERE visit_id = %s", visit) == "accepted"

    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Report filed")).to_be_visible()
    expect(phone.get_by_text("Measured at the door: Systolic pressure 176 mmHg")).to_be_visible()
    expect(phone.get_by_role("status")).to_be_hidden()
    assert community.run("SELECT note, measured FROM visit_report WHERE visit_id = %s", visit) == [
        ("药盒空了", [{"metric": "systolic", "value": 176.0}])
    ]
    assert community.run("SELECT metric, value, elder_id FROM reading WHERE device_id = 0") == [
        ("systolic", 176.0, elder)
    ]
    assert community.one("SELECT count(*) FROM visit_act WHERE visit_id = %s", visit) == 3


def test_what_a_colleague_did_meanwhile_is_said_and_nothing_is_lost(
    site: Site, community: Community, open_page: OpenPage
) -> None:
    alert = community.create_alert("home-1", [])
    visit = community.create_visit("home-1", alert, state="at_the_door", nurse="nurse")
    phone = open_page(PHONE)
    open_today(phone, site)
    phone.context.set_offline(True)
    phone.goto(f"{site.address}/visits/{visit}")
    phone.get_by_label("there was nothing").check()
    phone.get_by_label("One line for the next who comes").fill("Tea was good")
    phone.get_by_role("button", name="File report").click()
    expect(phone.get_by_role("status")).to_contain_text("to be sent: 1.")
    community.run(
        "UPDATE visit SET state = 'travelling', nurse_id = %s WHERE visit_id = %s", community.staff["nurse2"], visit
    )
    phone.context.set_offline(False)
    refused = phone.locator(".refused")
    expect(refused).to_contain_text("the centre did not take it")
    expect(refused).to_contain_text("has this visit")
    expect(refused).to_contain_text("Tea was good")
    assert community.one("SELECT count(*) FROM visit_report WHERE visit_id = %s", visit) == 0
    refused.get_by_role("button", name="I have read it").click()
    expect(refused).to_be_hidden()


def test_a_photo_waits_for_the_net(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    visit = community.create_visit("home-1", state="at_the_door", nurse="nurse")
    community.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, 'photos', 'elder', 'signed', %s, now())",
        community.elders["home-1"], community.staff["desk"],
    )  # fmt: skip
    phone = open_page(PHONE)
    open_today(phone, site)
    phone.context.set_offline(True)
    phone.goto(f"{site.address}/visits/{visit}")
    taken = create_photo(size=(2400, 1200))
    phone.locator("#photos-at-door input[type=file]").set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": taken}
    )
    expect(phone.locator(".photos-here img")).to_have_count(1)
    expect(phone.get_by_role("status")).to_contain_text("Kept on this phone, to be sent: 1.")
    phone.locator("#photos-at-door").scroll_into_view_if_needed()
    phone.screenshot(path=pictures / "visit-photo.png")
    assert community.run("SELECT FROM visit_medium") == []
    phone.context.set_offline(False)
    expect(phone.get_by_role("status")).to_be_hidden()
    (kept,) = community.run("SELECT content FROM visit_medium WHERE visit_id = %s", visit)
    with Image.open(io.BytesIO(bytes(kept[0]))) as picture:
        assert max(picture.size) == 1600
        assert not picture.getexif()


def test_who_signs_out_leaves_nothing_on_the_phone(site: Site, community: Community, open_page: OpenPage) -> None:
    community.create_visit("home-1", state="accepted", nurse="nurse")
    phone = open_page(PHONE)
    open_today(phone, site)
    phone.get_by_role("button", name="Sign out").click()
    phone.wait_for_url("**/login**")
    assert not phone.evaluate("caches.has('doorstep-pages')")
