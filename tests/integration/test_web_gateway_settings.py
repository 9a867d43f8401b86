"""The administrator's page of a gateway's settings."""

import pytest

from cloud.remote.model import Version, changed
from protocols.remote.wanted import Wanted
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

PAGE = "/gateways/gw-home-1/settings"


def test_a_form_makes_the_next_version_and_keeps_what_a_command_set(site: Site, community: Community) -> None:
    with site.signed_in("admin") as client:
        assert "the home's own file alone" in words(client.get(PAGE).text).replace("’", "'")
        form = {"after": "0", "alarm.sms.numbers": "+8613800000000\r\n+8613800000009", "alarm.long_stay_min": "30"}
        assert client.post(PAGE, data=form, follow_redirects=False).status_code == 303
        assert client.post(PAGE, data=form, follow_redirects=False).status_code == 409  # from a page left open
        shown = client.get(PAGE).text
        assert "+8613800000000\n+8613800000009" in shown
        assert 'value="30"' in shown
        wrong = client.post(PAGE, data={**form, "after": "1", "alarm.sms.numbers": "<b>110"})
        assert wrong.status_code == 422
        assert "alarm.sms.numbers" in wrong.text
        assert "&lt;b&gt;110" in wrong.text
        assert client.get("/gateways/gw-nowhere/settings").status_code == 404
        assert "设置" in client.get(PAGE + "?lang=zh").text
    document = community.one("SELECT document FROM gateway_configuration WHERE version = 1")
    wanted = Version("gw-home-1", 1, document, NOW, None).wanted
    assert wanted == changed(
        Wanted(), ['alarm.sms.numbers=["+8613800000000", "+8613800000009"]', "alarm.long_stay_min=30"]
    )
    assert community.one("SELECT count(*) FROM gateway_configuration WHERE staff_id IS NOT NULL") == 1
    with site.signed_in("desk") as client:
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, data={"after": "1"}).status_code == 403
