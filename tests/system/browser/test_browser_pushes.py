"""The page Pushes and its service worker in Chromium: a push that arrives is shown, and its receipt reaches the centre.

The browser's own push service lies outside; the push is handed to the worker as the browser would.
"""

import json
import time
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import expect

from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.system.browser.conftest import PHONE, OpenPage, sign_in
from tests.system.browser.test_browser_access import faults

pytestmark = pytest.mark.system

NOTICE = UUID(int=4711)


def create_notice(community: Community) -> None:
    community.run(
        "INSERT INTO escalation (subject_id, about, rule, began_at) VALUES (%s, 'alarm', 'r', %s)", NOTICE, NOW
    )
    community.run("INSERT INTO escalation_step VALUES (%s, 0, 0, 's', %s, %s, 1)", NOTICE, NOW, NOW)
    community.run(
        "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, asked_at) "
        "VALUES (%s, %s, 0, 0, 'push', %s, now())",
        NOTICE, NOTICE, community.staff["nurse"],
    )  # fmt: skip


def test_push_that_arrives_is_shown_and_sends_its_receipt(
    site: Site, community: Community, open_page: OpenPage
) -> None:
    create_notice(community)
    phone = open_page(PHONE)
    sign_in(phone, site, "nurse")
    phone.goto(f"{site.address}/pushes")
    expect(phone.get_by_role("heading", name="Pushes", exact=True)).to_be_visible()
    assert faults(phone) == []
    address = urlsplit(site.address)
    phone.context.grant_permissions(["notifications"], origin=site.address)
    session = phone.context.new_cdp_session(phone)
    registrations: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(one["registrationId"] for one in said["registrations"]),
    )
    session.send("ServiceWorker.enable")
    phone.evaluate(
        "async () => { await navigator.serviceWorker.register('/service-worker.js');"
        " await navigator.serviceWorker.ready; }"
    )
    while not registrations:
        phone.wait_for_timeout(50)
    said = {
        "title": "Somebody calls for help",
        "body": "Since 09:12. Nobody has it yet.",
        "tag": str(NOTICE),
        "url": f"/alarms/{NOTICE}",
        "receipt": f"/push/receipts/{NOTICE}",
        "urgent": True,
    }
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": f"{address.scheme}://{address.netloc}",
            "registrationId": registrations[0],
            "data": json.dumps(said),
        },
    )
    deadline = time.monotonic() + 20
    while community.one("SELECT delivered_at IS NULL FROM notice") and time.monotonic() < deadline:
        phone.wait_for_timeout(100)
    assert community.one("SELECT delivered_at >= asked_at FROM notice")
    shown: list[str] = []
    while not shown and time.monotonic() < deadline:  # it may be told before it is shown
        shown = phone.evaluate(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((one) => one.title)"
        )
    assert shown == ["Somebody calls for help"]
    phone.reload()
    expect(phone.locator("main")).to_contain_text("on the phone after")
