"""Which copy of the database this is: a number that grows whenever an older copy was restored.

Gateways keep what was delivered for a while. A receipt of a greater generation tells them that its database may lack
what an earlier one had, and they send that again.
"""

from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

_NEXT = """
UPDATE store_generation
SET generation = GREATEST(generation + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
RETURNING generation
"""  # by the clock too, so that two restores of one back-up are two generations


def generation_of(connection: Connection) -> int:
    row = connection.execute("SELECT generation FROM store_generation").fetchone()
    return 0 if row is None else int(row[0])


def begin_generation(connection: Connection) -> int | None:
    """After an older copy was restored; None where the copy is of a version that does not count yet."""
    found = connection.execute("SELECT to_regclass('store_generation') IS NOT NULL").fetchone()
    if found != (True,):
        return None
    row = connection.execute(_NEXT).fetchone()
    return None if row is None else int(row[0])
