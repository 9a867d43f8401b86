"""Whose was it? Said on a phone, with a thumb, beside what is usual for each."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from protocols.reading import Flag
from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.integration.test_web_unsure import create_unsure, share_cuff
from tests.system.browser.conftest import PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system


def test_a_thumb_says_whose_it_was(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    share_cuff(community)
    create_unsure(community)
    create_unsure(community, key=7, systolic=131, why="too_alike", certainty=0.6, flags=(Flag.IRREGULAR_PULSE,))
    phone = open_page(PHONE)
    sign_in(phone, site, "nurse")
    phone.goto(f"{site.address}/unsure")
    first = phone.locator("article.unsure").first
    expect(first).to_contain_text("far from everybody's usual")
    expect(first).to_contain_text("usual 138 to 152")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    for button in first.locator("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 48
    phone.screenshot(path=pictures / "unsure.png", full_page=True)

    first.get_by_role("button", name="王大明").click()
    expect(phone.locator("article.sheet.unsure")).to_have_count(1)
    said = community.run("SELECT DISTINCT elder_id, wearer_why FROM reading WHERE record_key <> 7")
    assert said == [(community.elders["guest"], "said")]

    phone.locator("article.sheet.unsure").get_by_role("button", name="Somebody else").click()
    expect(phone.get_by_text("Every measurement has its owner")).to_be_visible()
    phone.locator("#filed > summary").click()
    expect(phone.locator("#filed")).to_contain_text("said by: 陈晓梅")
