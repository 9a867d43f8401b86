"""The role as which the web works, and what it may touch. docs/decisions/0013-rows-that-the-web-may-see.md

Roles belong to the server and grants stand in no back-up, so both are made here and not by a migration: whenever one
was applied, and after a restore.
"""

from contextlib import suppress

from psycopg import sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation

from cloud.db.pool import Connection
from cloud.errors import CloudError

WEB_ROLE = "doorstep_web"

NOT_FOR_THE_WEB = (
    "reading",
    "reading_hourly",
    "reading_daily",
    "reading_hourly_live",
    "reading_daily_live",
    "reading_hourly_kept",
    "reading_daily_kept",
    "contested_reading",
    "reading_identity",
    "chain_head",
    "chain_reading",
    "sms",
    "sms_key",
    "sms_heard",
    "erasure",
    "audit_start",
)
"""Tables and views of schema public. Of readings the web has the views of schema web; of the rest it needs none."""


class RoleMissing(CloudError):
    """The server has no role for the web, and we may not make it; the message says what to do."""


def grant(connection: Connection) -> None:
    """Makes the role where it is missing, and gives it what it may have of this database. May be called again.

    One caller at a time in a database; of roles and members, which are the server's, any number. Raises RoleMissing.
    """
    _make_role(connection)
    role = sql.Identifier(WEB_ROLE)
    with connection.transaction():
        for statement in (
            "GRANT USAGE ON SCHEMA public, web TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA web TO {}",
            "GRANT UPDATE ON web.contested_reading TO {}",
            "REVOKE INSERT, UPDATE, DELETE ON schema_version, region, audit FROM {}",
            "GRANT INSERT ON audit TO {}",
            # a line's digest holds the one before it, which may be of somebody whom its writer must not see
            "ALTER FUNCTION audit_link() SECURITY DEFINER SET search_path = public, pg_temp",
        ):
            connection.execute(sql.SQL(statement).format(role))
        tables = sql.SQL(", ").join(map(sql.Identifier, NOT_FOR_THE_WEB))
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(tables, role))


def _make_role(connection: Connection) -> None:
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s), current_user", (WEB_ROLE,)
    ).fetchone()
    there, user = row or (False, "")
    role = sql.Identifier(WEB_ROLE)
    try:
        if not there:
            with suppress(DuplicateObject, UniqueViolation):  # another database of this server is made just now
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        member = connection.execute("SELECT pg_has_role(%s, 'MEMBER')", (WEB_ROLE,)).fetchone()
        if member != (True,):
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    except InsufficientPrivilege as error:
        raise RoleMissing(
            f"the server lets {user} make no roles; have its administrator run "
            f'`CREATE ROLE {WEB_ROLE} NOLOGIN; GRANT {WEB_ROLE} TO "{user}";` once, and try again'
        ) from error
