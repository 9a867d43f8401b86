"""Which addresses take which files. Everywhere else a file is refused before anything reads it."""

import re

from cloud.visits.media import photo, sound

PHOTO_BYTES = photo.LARGEST_BYTES
VOICE_BYTES = sound.LARGEST_BYTES
_TAKEN = (
    (re.compile(r"/api/v1/visits/\d+/photos|/api/v1/account/photo"), frozenset({"image/jpeg"})),
    (re.compile(r"/e/[^/]+/visits/\d+/voice"), frozenset({"audio/webm", "audio/ogg", "audio/mp4"})),
)


def takes_file(path: str, media_type: str) -> bool:
    """Whether `path` takes a body that its sender calls `media_type`. What it is is judged by its bytes later."""
    return any(pattern.fullmatch(path) and media_type in kinds for pattern, kinds in _TAKEN)
