"""A photo as it is kept: drawn anew from its points, so that nothing else of the file comes along.

Where and with what it was taken stands in a file's EXIF, XMP, comments and previews: none of that is copied. Pure.
"""

import io
import warnings

from PIL import Image, ImageOps

from cloud.visits.media.model import BadMedium

LARGEST_BYTES = 4 * 1024 * 1024
"""Of what is sent; a phone's page sends far less."""
KEPT_BYTES = 512 * 1024
"""More than any photo of a thing has at 1600 points; noise and confetti are made smaller than that."""
_LARGEST_POINTS = 40_000_000
"""A file of few bytes may unfold to gigabytes: its size is looked at before any point is."""
_KINDS = ("JPEG", "PNG", "WEBP")
_QUALITIES = (82, 65, 45)
_WHITE = (255, 255, 255)


def clean_photo(data: bytes, *, edge: int = 1600, at_most_bytes: int = KEPT_BYTES) -> bytes:
    """A JPEG of `edge` points at most on each side, upright. Takes a fraction of a second of a processor.

    Raises BadMedium where `data` is no photo, or a larger one than is read.
    """
    if len(data) > LARGEST_BYTES:
        raise BadMedium(f"a photo of more than {LARGEST_BYTES // 1024 // 1024} MB is not kept; send a smaller one")
    points = _read(data)
    while True:  # a JPEG of a few points is smaller than any bound
        points.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            made = io.BytesIO()
            points.save(made, "JPEG", quality=quality, optimize=True, exif=b"", icc_profile=None)
            if made.tell() <= at_most_bytes:
                return made.getvalue()
        edge = edge * 2 // 3


def _read(data: bytes) -> Image.Image:
    """Its points alone, upright and without transparency."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_KINDS) as opened:
                _check_size(opened)
                upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except BadMedium:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError, Warning) as error:
        raise BadMedium("this is no photo that can be read; JPEG, PNG and WebP are") from error
    clean = Image.new("RGB", upright.size, _WHITE)
    clean.paste(upright, mask=upright.getchannel("A"))
    return clean


def _check_size(opened: Image.Image) -> None:
    if opened.width * opened.height > _LARGEST_POINTS:
        raise BadMedium("a photo of more than 40 megapixels is not kept; send a smaller one")
