"""A bulk file into the database: all of it, or nothing and every reason."""

import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from cloud.identity.store import upsert_staff
from cloud.registry import store
from cloud.registry.bulk.reading import Bulk
from cloud.registry.bulk.register import RegisterLine
from cloud.registry.bulk.table import Row
from cloud.registry.elders.identity.keys import IdentityKeys
from cloud.registry.model import Gateway

Connection = psycopg.Connection[tuple[Any, ...]]

_PASSWORD_BYTES = 12
_HASHES = {
    "number": b"SELECT number_hash FROM elder_identity WHERE number_hash IS NOT NULL",
    "card": b"SELECT card_hash FROM elder_identity WHERE card_hash IS NOT NULL",
}


@dataclass(frozen=True)
class Imported:
    homes: int
    elders: int
    passwords: tuple[tuple[str, str], ...]
    """Logins of the staff, each with the password that was drawn for it."""


def import_bulk(
    connection: Connection, bulk: Bulk, *, keys: IdentityKeys | None = None, dry_run: bool = False
) -> Imported | None:
    """None where anything is refused: `bulk.refused` then says all of it, and nothing was changed.

    Each home gets the gateway gw-CODE. Nothing that is there already is changed: its line is refused. With `dry_run`
    everything is tried, and taken back. Without `keys` no identity number is kept: its line is refused.
    """
    with connection.transaction(force_rollback=dry_run):
        connection.execute("LOCK TABLE home, elder, staff IN SHARE ROW EXCLUSIVE MODE")
        _check(connection, bulk)
        _check_numbers(connection, bulk, keys)
        if bulk.refused:
            return None
        passwords = []
        for home in bulk.homes:
            store.upsert_home(connection, home.thing)
            store.upsert_gateway(connection, Gateway(name=f"gw-{home.thing.code}", home=home.thing.code))
        for elder in bulk.elders:
            store.upsert_elder(connection, elder.thing)
            _register(connection, elder.thing.code, bulk.register[elder.thing.code].thing, keys)
        for member in bulk.staff:
            password = secrets.token_urlsafe(_PASSWORD_BYTES)
            upsert_staff(
                connection,
                login=member.thing.login,
                name=member.thing.name,
                role=member.thing.role,
                region_id=store.id_of(connection, "region", member.thing.region),
                phone=member.thing.phone,
                password=password,
            )
            passwords.append((member.thing.login, password))
        return Imported(len(bulk.homes), len(bulk.elders), tuple(passwords))


def _check(connection: Connection, bulk: Bulk) -> None:
    """Adds to the rows what the database says against them."""
    regions = _known(connection, "region", "code")
    homes = _known(connection, "home", "code")
    for home in bulk.homes:
        _need_new(home.row, "home", homes)
        _need_known(home.row, "community", regions)
    gateways = _known(connection, "gateway", "gateway_id")
    for home in bulk.homes:
        if f"gw-{home.thing.code}" in gateways and home.thing.code not in homes:
            home.row.refuse("code", f"there is a gateway 'gw-{home.thing.code}' already")
    in_file = {home.thing.code for home in bulk.homes}
    elders = _known(connection, "elder", "code")
    for elder in bulk.elders:
        _need_new(elder.row, "elder", elders)
        _need_known(elder.row, "home", homes | in_file)
    logins = _known(connection, "staff", "login")
    for member in bulk.staff:
        _need_new(member.row, "staff", logins)
        _need_known(member.row, "community", regions)


def _check_numbers(connection: Connection, bulk: Bulk, keys: IdentityKeys | None) -> None:
    """Nobody stands in the register twice, nor in the file."""
    for which, column in (("number", "identity_number"), ("card", "card")):
        seen = {bytes(row[0]) for row in connection.execute(_HASHES[which])}
        for line in bulk.register.values():
            number = getattr(line.thing, which)
            if number is None:
                continue
            if keys is None:
                line.row.refuse(column, "cannot be kept: no key of identity numbers is open")
            elif (digest := keys.hash(number)) in seen:
                line.row.refuse(column, "another elder, here or in this file, has this number: one of them was misread")
            else:
                seen.add(digest)


def _register(connection: Connection, code: str, line: RegisterLine, keys: IdentityKeys | None) -> None:
    elder_id = store.id_of(connection, "elder", code)
    if line.says_something:
        connection.execute(
            "INSERT INTO register_entry (elder_id, dwelling, storey, lift, lives_with, household, religion, diet, "
            "food_note, payers, payer_note, changed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now())",
            (
                elder_id, line.dwelling, line.storey, line.lift, list(line.lives_with), line.household, line.religion,
                list(line.diet), line.food_note, list(line.payers), line.payer_note,
            ),
        )  # fmt: skip
    if keys is not None and (line.number or line.card):
        connection.execute(
            "INSERT INTO elder_identity (elder_id, number_sealed, number_hash, card_sealed, card_hash, changed_at) "
            "VALUES (%s, %s, %s, %s, %s, now())",
            (
                elder_id,
                line.number and keys.close(line.number, "number", elder_id),
                line.number and keys.hash(line.number),
                line.card and keys.close(line.card, "card", elder_id),
                line.card and keys.hash(line.card),
            ),
        )


def _need_new(row: Row, what: str, known: set[str]) -> None:
    code = row.cells.get("code", "")
    if code in known:
        row.refuse("code", f"{what} {code!r} is there already; leave the line out")


def _need_known(row: Row, column: str, known: set[str]) -> None:
    code = row.cells.get(column, "")
    if code and code not in known:
        where = "here" if column == "community" else "here, nor in this file"
        row.refuse(column, f"there is no {column} {code!r} {where}")


def _known(connection: Connection, table: str, column: str) -> set[str]:
    query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
    return {row[0] for row in connection.execute(query)}
