"""A browser subscribes on the page, and its service worker's receipt is taken without a session."""

import base64
from uuid import UUID

import pytest

from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.push_service import Browser
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

SERVICE = "https://updates.push.services.mozilla.com"


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def subscription(browser: Browser, endpoint: str = "") -> dict[str, object]:
    """As a browser's `toJSON` says it."""
    keys = {"p256dh": text(browser.p256dh), "auth": text(browser.auth)}
    return {"endpoint": endpoint or browser.endpoint, "expirationTime": None, "keys": keys}


def test_browser_subscribes_and_unsubscribes(site: Site, community: Community) -> None:
    browser = Browser(SERVICE, "one")
    with site.signed_in("nurse") as client:
        shown = client.get("/pushes")
        assert 'data-key="B' in shown.text
        assert client.post("/api/v1/pushes/subscribe", json=subscription(browser)).status_code == 200
        found = community.run("SELECT staff_id, p256dh, auth, language FROM push_subscription")
        assert found == [(community.staff["nurse"], browser.p256dh, browser.auth, "en")]
        assert "1 browser of yours takes pushes" in words(client.get("/pushes").text)
    with site.signed_in("desk") as client:  # a phone that goes round: whoever signs in on it last has it
        assert client.post("/api/v1/pushes/subscribe", json=subscription(browser)).status_code == 200
        assert community.run("SELECT staff_id FROM push_subscription") == [(community.staff["desk"],)]
        assert client.post("/api/v1/pushes/unsubscribe", json={"endpoint": browser.endpoint}).status_code == 200
    assert community.run("SELECT staff_id FROM push_subscription") == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://updates.push.services.mozilla.com/a",
        "https://127.0.0.1/a",
        "https://updates.push.services.mozilla.com.evil.example/a",
        "https://updates.push.services.mozilla.com:8443/a",
        "https://user@updates.push.services.mozilla.com/a",
        "https://push.apple.com/a",
        "not an address",
    ],
)
def test_address_that_is_no_push_service_is_refused(site: Site, community: Community, endpoint: str) -> None:
    with site.signed_in("nurse") as client:
        answer = client.post("/api/v1/pushes/subscribe", json=subscription(Browser(SERVICE, "x"), endpoint))
    assert answer.status_code == 400
    assert "push.services" in answer.json()["detail"]
    assert community.run("SELECT FROM push_subscription") == []


def test_keys_that_are_none_are_refused_and_so_is_who_is_not_signed_in(site: Site, community: Community) -> None:
    asked = subscription(Browser(SERVICE, "x"))
    with site.signed_in("nurse") as client:
        answer = client.post("/api/v1/pushes/subscribe", json=asked | {"keys": {"p256dh": "AAAA", "auth": "???"}})
        assert answer.status_code == 400
        unstorable = client.post("/api/v1/pushes/unsubscribe", json={"endpoint": "a\0b"})
        assert unstorable.status_code == 422
    with site.visitor() as client:
        assert client.post("/api/v1/pushes/subscribe", json=asked).status_code == 401


def test_receipt_of_the_service_worker_is_measured_and_shown(site: Site, community: Community) -> None:
    browser, notice = Browser(SERVICE, "one"), UUID(int=77)
    with site.signed_in("nurse") as client:
        client.post("/api/v1/pushes/subscribe", json=subscription(browser))
        worker = client.get("/service-worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
    community.run(
        "INSERT INTO escalation (subject_id, about, rule, began_at) VALUES (%s, 'alarm', 'r', %s)", notice, NOW
    )
    community.run("INSERT INTO escalation_step VALUES (%s, 0, 0, 's', %s, %s, 1)", notice, NOW, NOW)
    community.run(
        "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, subscription_id, asked_at) "
        "SELECT %s, %s, 0, 0, 'push', staff_id, subscription_id, now() - interval '3 s' FROM push_subscription",
        notice, notice,
    )  # fmt: skip
    with site.visitor() as client:
        for _ in range(2):
            assert client.post(f"/push/receipts/{notice}", json={"opened": False}).status_code == 204
        assert client.post(f"/push/receipts/{UUID(int=78)}", json={}).status_code == 204
        assert client.post("/push/receipts/x", json={}).status_code == 422
    assert community.run("SELECT delivered_at > asked_at, opened_at FROM notice") == [(True, None)]
    with site.signed_in("nurse") as client:
        assert "on the phone after 3." in words(client.get("/pushes").text)
