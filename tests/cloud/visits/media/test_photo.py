"""What is kept of a photo: its points, small enough, and nothing of where it was taken."""

import io

import pytest
from PIL import Image

from cloud.visits.media.model import BadMedium
from cloud.visits.media.photo import LARGEST_BYTES, clean_photo

_GPS = 0x8825
_MAKE, _ORIENTATION = 0x010F, 0x0112


def create_photo(kind: str = "JPEG", size: tuple[int, int] = (300, 200), orientation: int = 1) -> bytes:
    """With a place in its EXIF, a comment, and another picture inside, as a phone's file has them."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[_MAKE], exif[_ORIENTATION] = "a phone of Wu Mei", orientation
    exif.get_ifd(_GPS).update({1: "N", 2: (32.0, 3.0, 30.0), 3: "E", 4: (118.0, 46.0, 40.0)})
    made = io.BytesIO()
    more = {"comment": b"at Wu Mei's"} if kind == "JPEG" else {}
    picture.save(made, kind, exif=exif, xmp=b"<x:xmpmeta>Yihe Road</x:xmpmeta>", **more)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_points_is_kept(kind: str) -> None:
    sent = create_photo(kind)
    kept = clean_photo(sent)
    assert b"Exif" in sent or b"EXIF" in sent or b"eXIf" in sent
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (300, 200)
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for told in (b"Exif", b"phone of", b"Yihe", b"Wu Mei"):
        assert told not in kept


def test_a_photo_taken_upright_stands_upright() -> None:
    with Image.open(io.BytesIO(clean_photo(create_photo(orientation=6)))) as picture:
        assert picture.size == (200, 300)


def test_a_large_one_is_made_small() -> None:
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    made = io.BytesIO()
    noise.save(made, "JPEG", quality=60)
    assert made.tell() <= LARGEST_BYTES
    kept = clean_photo(made.getvalue(), at_most_bytes=400_000)
    assert len(kept) <= 400_000
    with Image.open(io.BytesIO(kept)) as picture:
        assert 400 <= max(picture.size) <= 1600


def create_bomb() -> bytes:
    """A few kilobytes that say they are 100 megapixels."""
    made = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(50),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"%PDF-1.7",
        b"\xff\xd8\xff" + bytes(100),
        create_photo()[:400],
        bytes(LARGEST_BYTES + 1),
        create_bomb(),
    ],
    ids=["empty", "gif", "svg", "pdf", "jpeg of nothing", "cut off", "too many bytes", "too many points"],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(BadMedium):
        clean_photo(data)
