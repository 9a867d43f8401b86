"""What is done each day: erasures that an older copy does not know of, and what is old enough goes."""

from collections.abc import Generator
from datetime import datetime
from pathlib import Path

import structlog

from cloud.config import Retention
from cloud.db.pool import Connection
from cloud.key_file import KeyRefused
from cloud.privacy.copies import store as copies_store
from cloud.privacy.erasure.erasing import apply
from cloud.privacy.erasure.ledger import LedgerRefused, known_ledger
from cloud.privacy.erasure.store import noted
from cloud.privacy.keeping import store

log = structlog.get_logger()


def keep(
    connection: Connection, retention: Retention, erasures: Path, now: datetime, wall_now: datetime
) -> Generator[tuple[str, int], None, None]:
    """Gives what went and how many rows, after each COMMIT; nothing while another process is at it.

    `now` is of the centre's time line, `wall_now` of sessions, messages and letters, which know no other. `connection`
    commits by itself. Raises DatabaseAway.
    """
    with store.alone(connection) as mine:
        if not mine:
            return
        try:
            ledger = known_ledger(erasures)
            if ledger is None and noted(connection):
                log.error("erasures_missing", folder=str(erasures), what="put the folder back from your back-up")
            for erased in [] if ledger is None else apply(connection, ledger):
                yield "erased", sum(erased.rows.values())
        except (KeyRefused, LedgerRefused) as error:  # what is old goes all the same
            log.error("erasures_unread", problem=str(error))  # noqa: TRY400 - the sentence says it
        for name, forget in store.KINDS.items():
            days: int = getattr(retention, f"{name}_days")
            if days and (gone := forget(connection, store.cut_off(now if name == "alarms" else wall_now, days))):
                yield name, gone
        if gone := copies_store.forget(connection, wall_now):
            yield "copies", gone
        if retention.audit_days and (
            gone := store.forget_audit(connection, store.cut_off(now, retention.audit_days), now)
        ):
            yield "audit", gone
