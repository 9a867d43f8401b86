"""All SQL of claims."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from cloud.errors import NotFound
from protocols.enrolment.code import ClaimCode, draw_code

Connection = psycopg.Connection[tuple[Any, ...]]

LIFE = timedelta(hours=48)
ATTEMPTS = 10
_KEPT_FOR = timedelta(days=30)
"""So long a claim that ended is known as one that ended."""


@dataclass(frozen=True)
class Claim:
    locator: str
    gateway: str
    home: str
    """Its code."""
    time_zone: str
    verifier: bytes
    ends_at: datetime
    attempts_left: int
    used_by: bytes | None
    """Digest of the public key that used it."""

    def __repr__(self) -> str:
        return f"Claim({self.locator})"  # never the verifier


def draw_claim(connection: Connection, gateway: str, now: datetime) -> tuple[ClaimCode, datetime]:
    """A new claim for the gateway, and when it ends; an older one that nobody used ends now. Raises NotFound.

    The code is not stored and cannot be shown again.
    """
    with connection.transaction():
        known = connection.execute("SELECT 1 FROM gateway WHERE gateway_id = %s FOR UPDATE", (gateway,)).fetchone()
        if known is None:
            raise NotFound(f"there is no gateway {gateway!r}; `doorstep-cloud home new` makes one")
        connection.execute(
            "DELETE FROM claim WHERE (gateway_id = %s AND used_at IS NULL) OR ends_at < %s", (gateway, now - _KEPT_FOR)
        )
        while True:
            code = draw_code()
            made = connection.execute(
                "INSERT INTO claim (locator, gateway_id, verifier, made_at, ends_at, attempts_left) "
                "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (code.locator, gateway, code.key(), now, now + LIFE, ATTEMPTS),
            )
            if made.rowcount:
                return code, now + LIFE


def claim_for_update(connection: Connection, locator: str) -> Claim | None:
    """The claim, locked until the transaction ends."""
    row = connection.execute(
        "SELECT locator, gateway_id, home.code, home.time_zone, verifier, ends_at, attempts_left, key_digest "
        "FROM claim JOIN gateway USING (gateway_id) JOIN home USING (home_id) WHERE locator = %s FOR UPDATE OF claim",
        (locator,),
    ).fetchone()
    return None if row is None else Claim(*row)


def count_attempt(connection: Connection, locator: str) -> None:
    """One wrong proof more."""
    connection.execute("UPDATE claim SET attempts_left = greatest(attempts_left - 1, 0) WHERE locator = %s", (locator,))


def use_claim(connection: Connection, locator: str, key_digest: bytes, now: datetime) -> None:
    connection.execute(
        "UPDATE claim SET used_at = coalesce(used_at, %s), key_digest = %s WHERE locator = %s",
        (now, key_digest, locator),
    )
