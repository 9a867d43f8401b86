"""Which tables a database has."""

from cloud.db.pool import Connection


def tables(connection: Connection) -> frozenset[str]:
    """Of schema public: ours and the job queue's; no views."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return frozenset(str(name) for (name,) in found)
