"""What keeps strangers out before a page is asked: origin, paths after login, tries, and bytes shown safely."""

import pytest
from starlette.datastructures import Headers

from cloud.readings.letters.hexdump import hexdump
from cloud.web.entry.own_path import own_path
from cloud.web.security import same_origin


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin", "host": "centre"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://centre", "host": "centre"}, False),
        ({"sec-fetch-site": "same-site", "host": "centre"}, False),
        ({"sec-fetch-site": "none", "host": "centre"}, False),
        ({"origin": "http://centre:8080", "host": "centre:8080"}, True),
        ({"origin": "https://centre", "host": "centre"}, True),  # behind a proxy that ends TLS
        ({"origin": "http://centre.evil", "host": "centre"}, False),
        ({"origin": "null", "host": "centre"}, False),
        ({"host": "centre"}, False),
        ({"origin": "", "host": ""}, True),  # no browser sends either empty; nothing to protect without a host
    ],
)
def test_origin(headers: dict[str, str], own: bool) -> None:
    assert same_origin(Headers(headers)) is own


@pytest.mark.parametrize("path", ["/board", "/visits/12", "/elders/7"])
def test_own_paths_are_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "//evil.example", "/\\evil", "https://evil.example", "/a?b=//c", "javascript:x", "/a:b"]
)
def test_other_paths_lead_nowhere(path: str) -> None:
    assert own_path(path) == ""


def test_hexdump() -> None:
    assert hexdump(b"<b>\x00\xff").split() == ["000000", "3c", "62", "3e", "00", "ff", "<b>.."]
    assert len(hexdump(bytes(17)).splitlines()) == 2
    assert hexdump(b"") == ""
