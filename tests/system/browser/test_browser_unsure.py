"""Whose was it? Said on a phone, with a thumb, beside what is usual for each."""

from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import expect

from cloud.detection.limits import load_limits
from cloud.detection.unsure.look import look_at_next_record
from protocols.reading import Flag
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.web.community import NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_unsure import create_unsure, share_cuff
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in

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


def test_a_severe_one_stands_on_the_desk_until_it_has_an_owner(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    create_day(community)
    community.run("DELETE FROM baseline")  # the shared cuff brings its own
    share_cuff(community)
    act = create_unsure(community, why="ask", certainty=0.0)
    community.run("INSERT INTO unsure_due VALUES (%s, %s, now())", *act.split("-"))
    with psycopg.connect(community.dsn) as connection:
        assert look_at_next_record(connection, load_limits(LIMITS), NOW)
    desk = open_page(DESK)
    sign_in(desk, site, "desk")
    desk.goto(f"{site.address}/board")
    row = desk.locator(f"#severe-{act}")
    expect(row).to_contain_text("It may be 王秀英, 王大明, or somebody else.")
    assert desk.evaluate("document.documentElement.scrollWidth") <= DESK[0]
    desk.screenshot(path=pictures / "board-severe.png", full_page=True)

    row.get_by_role("link", name="Ask, and say whose it was").click()
    article = desk.locator(f"#act-{act}")
    expect(article).to_contain_text("a severe value: call the home and ask who measured")
    board = open_page(DESK)
    sign_in(board, site, "desk")
    board.goto(f"{site.address}/board")
    expect(board.locator(f"#severe-{act}")).to_be_visible()
    article.get_by_role("button", name="王秀英").click()
    expect(board.locator(f"#severe-{act}")).to_have_count(0)  # the other page hears of it
    expect(board.locator("section.severe")).to_be_hidden()
