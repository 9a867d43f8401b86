"""Makes the copies that wait: one file each, sealed part by part. Runs on a thread, beside the pages."""

import tempfile
import threading
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from cloud.db.pool import Connection, own_connection
from cloud.errors import CloudError
from cloud.identity.sealing import Seal
from cloud.privacy.copies import store
from cloud.privacy.copies.model import Wanted
from cloud.privacy.export.family import sheets_for
from cloud.privacy.export.writing import CopyStopped, write_copy

log = structlog.get_logger()

_PART_BYTES = 1 << 20


def make_waiting(dsn: str, seal: Seal, wall_now: Callable[[], datetime], stop: threading.Event) -> int:
    """Makes all that wait, one after the other; gives how many. Ends soon after `stop` is set.

    Raises DatabaseAway; what was begun is then made anew later.
    """
    made = 0
    with own_connection(dsn, "copies") as connection:
        store.forget(connection, wall_now())
        while not stop.is_set() and (wanted := store.begin(connection, wall_now())) is not None:
            try:
                size = _make(connection, seal, wanted, wall_now, stop)
            except CopyStopped:
                store.put_back(connection, wanted.copy_id)
            except (CloudError, OSError) as error:
                log.warning("copy_failed", copy_id=wanted.copy_id, error=str(error))
                store.fail(connection, wanted.copy_id, wall_now())
            else:
                made += 1
                log.info("copy_made", copy_id=wanted.copy_id, elder_id=wanted.elder_id, bytes=size)
    return made


def open_part(seal: Seal, copy_id: int, place: int, sealed: bytes) -> bytes:
    """Raises KeyRefused."""
    return seal.open(sealed, _owner(copy_id, place))


def _make(
    connection: Connection, seal: Seal, wanted: Wanted, wall_now: Callable[[], datetime], stop: threading.Event
) -> int:
    """How many bytes the file has."""
    with tempfile.TemporaryDirectory(prefix="doorstep-copy-") as name:
        folder, packed = Path(name) / "copy", Path(name) / "copy.zip"
        write_copy(
            connection,
            wanted.elder_id,
            wanted.code,
            folder,
            wall_now(),
            sheets=None if wanted.relative_id is None else sheets_for(wanted.relative_id, wanted.purposes),
            stopped=stop.is_set,
        )
        with zipfile.ZipFile(packed, "x", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
        size = packed.stat().st_size
        with connection.transaction(), packed.open("rb") as reading:
            place = 0
            while part := reading.read(_PART_BYTES):
                store.keep_part(connection, wanted.copy_id, place, seal.close(part, _owner(wanted.copy_id, place)))
                place += 1
            store.finish(connection, wanted.copy_id, size, wall_now())
    return size


def _owner(copy_id: int, place: int) -> str:
    return f"data-copy:{copy_id}:{place}"
