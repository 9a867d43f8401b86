"""A spoken word as a browser records it: Opus in WebM or Ogg, or what a phone puts into MP4. Pure.

It is kept as it came: what it is is judged by its first bytes, never by what its sender calls it.
"""

from cloud.visits.media.model import BadMedium, Content

LARGEST_BYTES = 512 * 1024
"""About two minutes at the 32 kbit a second that the page records with; the page stops after one."""
_HEAD = 4096
_EBML, _OGG = b"\x1aE\xdf\xa3", b"OggS"


def known_sound(data: bytes) -> Content:
    """Raises BadMedium where it is none, or too long."""
    if len(data) > LARGEST_BYTES:
        raise BadMedium("a spoken word of more than two minutes is not kept; say it shorter")
    head = data[:_HEAD]
    if head.startswith(_EBML) and b"webm" in head and b"A_OPUS" in head and b"V_" not in head:
        return Content("audio/webm", data)
    if head.startswith(_OGG) and b"OpusHead" in head:
        return Content("audio/ogg", data)
    if head[4:8] == b"ftyp":
        return Content("audio/mp4", data)
    raise BadMedium("this is no spoken word as browsers record it")
