"""What a spoken word is, is judged by its bytes."""

import pytest

from cloud.visits.media.model import BadMedium
from cloud.visits.media.sound import LARGEST_BYTES, known_sound

WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(40) + b"\x86\x86A_OPUS" + bytes(200)
OGG = b"OggS\x00\x02" + bytes(22) + b"OpusHead\x01\x01" + bytes(60)
MP4 = b"\x00\x00\x00\x1cftypiso5" + bytes(200)


@pytest.mark.parametrize(("data", "kind"), [(WEBM, "audio/webm"), (OGG, "audio/ogg"), (MP4, "audio/mp4")])
def test_a_spoken_word_is_known(data: bytes, kind: str) -> None:
    assert known_sound(data).media_type == kind


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", WEBM.replace(b"A_OPUS", b"V_VP9\x00"), WEBM + bytes(LARGEST_BYTES), b"OggS" + bytes(90)],
    ids=["empty", "a page", "a film", "too long", "another sound"],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadMedium):
        known_sound(data)
