"""Statistics with `--consented` rest on those only who agreed to research."""

from datetime import timedelta

import psycopg
import pytest

from cloud.detection.backtest import store
from tests.cloud.web.community import NOW, create_community, create_day

pytestmark = pytest.mark.integration


def test_only_who_agreed_is_read(database: str) -> None:
    made = create_community(database)
    create_day(made)
    begin, agreed = NOW - timedelta(days=40), made.elders["home-3"]
    made.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, 'research', 'elder', 'signed', %s, %s)",
        agreed, made.staff["desk"], NOW,
    )  # fmt: skip
    with psycopg.connect(database) as connection:
        assert set(store.elders(connection, begin, NOW)) == {made.elders["home-1"], agreed}
        assert store.elders(connection, begin, NOW, consented=True) == [agreed]
        assert {alert.elder_id for alert in store.lived(connection, begin, NOW, consented=True)} == {agreed}
        connection.execute("UPDATE consent SET withdrawn_at = now()")
        assert store.elders(connection, begin, NOW, consented=True) == []
