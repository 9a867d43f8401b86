"""What a meter told while it was paired: on the disk before it is let go, in the outbox at the gateway's next start.

Some cuffs forget what they have told once. A running gateway holds the outbox for itself, so this file goes between.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog

from edge.errors import Temporary
from edge.outbox import Outbox
from edge.whole_file import sync_folder
from protocols.reading import Reading

_log = structlog.get_logger()

FILE_NAME = "paired.jsonl"


def keep(data: Path, readings: Iterable[Reading]) -> None:
    """Durable when it returns. Raises OSError."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data / FILE_NAME
    is_new = not path.exists()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, b"".join(msgspec.json.encode(reading) + b"\n" for reading in readings))
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        sync_folder(data)


def take_up(data: Path, outbox: Outbox) -> int:
    """Puts what was kept into the outbox, and returns how many of it were new; a second time there is nothing.

    Where the disk does not take it, it stays for the next start.
    """
    path = data / FILE_NAME
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return 0
    decode = msgspec.json.Decoder(Reading).decode
    found = []
    for line in lines:
        try:
            found.append(decode(line))
        except msgspec.DecodeError:  # the last line of a power cut
            _log.warning("paired_reading_broken", length=len(line))
    try:
        new = outbox.put(found)
        path.unlink()
        sync_folder(data)
    except (Temporary, OSError) as error:
        _log.error("paired_readings", problem=str(error))
        return 0
    _log.info("paired_readings", new=new)
    return new
