"""All SQL of looking the ledger through."""

from collections.abc import Mapping

from cloud.db.pool import Connection

_FAULTS = """
SELECT 'the lines of deed ' || e.entry_id || ' sum to ' || coalesce(sum(l.minutes)::text, 'nothing')
FROM time_entry e LEFT JOIN time_line l USING (entry_id) GROUP BY e.entry_id HAVING sum(l.minutes) IS DISTINCT FROM 0
UNION ALL
SELECT 'account ' || a.code || ' stands at ' || a.balance || ', and its lines sum to ' || coalesce(sum(l.minutes), 0)
FROM time_account a LEFT JOIN time_line l USING (account_id) GROUP BY a.account_id
HAVING a.balance <> coalesce(sum(l.minutes), 0)
UNION ALL
SELECT 'account ' || code || ' is below zero: ' || balance FROM time_account WHERE balance < 0 AND NOT may_owe
ORDER BY 1
"""


def look_through(connection: Connection) -> tuple[Mapping[str, int], list[str]]:
    """Minutes of each account of nobody, of `people` and of `all`; and each fault in a sentence."""
    sums: dict[str, int] = dict(connection.execute("SELECT what, minutes FROM time_sums()").fetchall())
    return sums, [fault for (fault,) in connection.execute(_FAULTS).fetchall()]
