"""SQL of listing and settling dead letters. The ingester buries them by itself (cloud.readings.store)."""

from collections.abc import Iterator
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import Connection
from cloud.readings.letters.model import DeadLetter

_COLUMNS = "dead_letter_id, topic, payload, reason, first_at, last_at, times, replayed_at"


def letters(connection: Connection, *, limit: int) -> list[DeadLetter]:
    """The newest `limit` letters that no replay has taken yet, oldest of them first."""
    with connection.cursor(row_factory=class_row(DeadLetter)) as cursor:
        found = cursor.execute(
            f"SELECT {_COLUMNS} FROM dead_letter WHERE replayed_at IS NULL "  # noqa: S608 - a constant of ours
            "ORDER BY dead_letter_id DESC LIMIT %s",
            (limit,),
        ).fetchall()
    return found[::-1]


def letter(connection: Connection, dead_letter_id: int, *, claim: bool = False) -> DeadLetter | None:
    """One letter; None where there is no such. With `claim` it is ours until the transaction ends."""
    lock = " FOR UPDATE" if claim else ""
    with connection.cursor(row_factory=class_row(DeadLetter)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM dead_letter WHERE dead_letter_id = %s{lock}",  # noqa: S608 - constants of ours
            (dead_letter_id,),
        ).fetchone()


def waiting(connection: Connection) -> Iterator[int]:
    """Ids of the letters that no replay has taken yet, in the order in which they first came."""
    for (dead_letter_id,) in connection.execute(
        "SELECT dead_letter_id FROM dead_letter WHERE replayed_at IS NULL ORDER BY dead_letter_id"
    ).fetchall():
        yield dead_letter_id


def settle(connection: Connection, dead_letter_id: int, at: datetime) -> None:
    """The letter was taken at `at`."""
    connection.execute("UPDATE dead_letter SET replayed_at = %s WHERE dead_letter_id = %s", (at, dead_letter_id))


def refuse(connection: Connection, dead_letter_id: int, reason: str) -> None:
    """The letter stays, with what is wrong with it now."""
    connection.execute(
        "UPDATE dead_letter SET reason = %s WHERE dead_letter_id = %s", (reason.replace("\0", "\\0"), dead_letter_id)
    )
