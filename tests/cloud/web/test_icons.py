"""The app's icons are what the logo says, and the manifest names them as they are."""

import io
import json

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.cloud.web.icons import ICONS, STATIC, draw


@pytest.mark.parametrize("name", ICONS)
def test_icon_is_the_logo(name: str) -> None:
    kept = Image.open(STATIC / name).convert("RGBA")
    drawn = Image.open(io.BytesIO(draw(name))).convert("RGBA")
    assert kept.size == drawn.size == (ICONS[name][0],) * 2
    assert max(ImageStat.Stat(ImageChops.difference(kept, drawn)).mean) < 1, "run python -m tests.cloud.web.icons"


def test_manifest_names_icons_that_phones_take() -> None:
    manifest = json.loads((STATIC / "manifest.webmanifest").read_text(encoding="utf-8"))
    named = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"] if icon["type"] == "image/png"}
    assert {(size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")} <= named
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            picture = Image.open(STATIC / icon["src"].removeprefix("/static/"))
            assert icon["sizes"] == f"{picture.width}x{picture.height}"
            corner = picture.convert("RGBA").getpixel((0, 0))
            assert isinstance(corner, tuple)
            assert (corner[3] == 255) == (icon["purpose"] == "maskable")
