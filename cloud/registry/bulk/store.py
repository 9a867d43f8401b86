"""A bulk file into the database: all of it, or nothing and every reason."""

import secrets
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from cloud.identity.store import upsert_staff
from cloud.registry import store
from cloud.registry.bulk.reading import Bulk
from cloud.registry.bulk.table import Row
from cloud.registry.model import Gateway

Connection = psycopg.Connection[tuple[Any, ...]]

_PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Imported:
    homes: int
    elders: int
    passwords: tuple[tuple[str, str], ...]
    """Logins of the staff, each with the password that was drawn for it."""


def import_bulk(connection: Connection, bulk: Bulk, *, dry_run: bool = False) -> Imported | None:
    """None where anything is refused: `bulk.refused` then says all of it, and nothing was changed.

    Each home gets the gateway gw-CODE. Nothing that is there already is changed: its line is refused. With `dry_run`
    everything is tried, and taken back.
    """
    with connection.transaction(force_rollback=dry_run):
        connection.execute("LOCK TABLE home, elder, staff IN SHARE ROW EXCLUSIVE MODE")
        _check(connection, bulk)
        if bulk.refused:
            return None
        passwords = []
        for home in bulk.homes:
            store.upsert_home(connection, home.thing)
            store.upsert_gateway(connection, Gateway(name=f"gw-{home.thing.code}", home=home.thing.code))
        for elder in bulk.elders:
            store.upsert_elder(connection, elder.thing)
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
