"""All SQL of what the staff can do. Each function works in the caller's transaction."""

from typing import Any

import psycopg

from cloud.registry.model import StaffMember

Connection = psycopg.Connection[tuple[Any, ...]]


def set_work(connection: Connection, member: StaffMember) -> None:
    """What a nurse can do and when she works, where the file says it. Her account must stand already."""
    connection.execute(
        "UPDATE staff SET skills = CASE WHEN %(skills)s::text[] = '{}' THEN skills ELSE %(skills)s END, "
        "languages = CASE WHEN %(languages)s::text[] = '{}' THEN languages ELSE %(languages)s END, "
        "sex = coalesce(%(sex)s, sex), works_from = coalesce(%(from)s::time, works_from), "
        "works_to = coalesce(%(to)s::time, works_to) WHERE login = %(login)s",
        {
            "skills": list(member.skills),
            "languages": list(member.languages),
            "sex": member.sex,
            "from": member.works_from,
            "to": member.works_to,
            "login": member.login,
        },
    )
