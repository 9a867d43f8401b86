"""The budget and the outcomes over real rows."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.db.pool import Connection
from cloud.detection.budget.release import release_all
from cloud.detection.budget.settings import Budget
from cloud.detection.limits import load_limits
from cloud.detection.outcomes.settling import settle
from cloud.detection.personal.store import in_force, overrides
from cloud.detection.together import files
from cloud.detection.together.learning import examples
from cloud.detection.together.ranking import learned
from cloud.detection.together.training import train
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.together.test_models import create_examples
from tests.integration.care import NOW, Care, create_care, rows_of

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
BUDGET = Budget(at_least=2)
ALERT = (
    "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, score, held) "
    "VALUES (%s, %s, 'this_week', '[]', %s, %s, %s, %s, %s)"
)
SHOWN = "SELECT cause FROM alert WHERE NOT held ORDER BY cause"


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


def add(connection: Connection, care: Care, cause: str, score: float, *, held: bool = True) -> None:
    connection.execute(ALERT, (care.elder_id, cause, NOW, NOW, NOW, score, held))


def test_a_teams_week_has_its_room_and_the_most_risk_goes_first(database: str, care: Care) -> None:
    connection: Connection
    with psycopg.connect(database) as connection:
        add(connection, care, "pulse", 0.9, held=False)
        for cause, score in (("trend", 0.4), ("blood_pressure", 0.8), ("hyperglycaemia", 0.1)):
            add(connection, care, cause, score)
        connection.commit()
        assert release_all(connection, BUDGET, NOW + timedelta(minutes=1)) == 2
        assert rows_of(database, SHOWN) == [("blood_pressure",), ("pulse",)]
        assert release_all(connection, BUDGET, NOW + DAY) == 2
        assert release_all(connection, BUDGET, NOW + 8 * DAY) == 0
        assert rows_of(database, "SELECT count(*) FROM alert WHERE held") == [(0,)]


def test_a_model_ranks_who_waits_and_learns_from_verdicts_alone(database: str, care: Care, tmp_path: Path) -> None:
    limits = load_limits(LIMITS)
    connection: Connection
    with psycopg.connect(database) as connection:
        add(connection, care, "pulse", 0.9)
        add(connection, care, "trend", 0.1)
        connection.commit()
        ((team,),) = rows_of(database, "SELECT region_id FROM home")
        assert examples(connection, team, limits) == []
        connection.execute("UPDATE alert SET verdict = 'false', verdict_at = %s WHERE cause = 'pulse'", (NOW,))
        (example,) = examples(connection, team, limits)
        assert (example.facts.cause, example.right) == ("pulse", False)
        connection.rollback()
        assert learned(tmp_path, limits)(connection, team) == {}
        model = train("1", create_examples(telling=True))
        files.use(tmp_path, "1", files.keep(tmp_path, model))
        right = learned(tmp_path, limits)(connection, team)
        assert len(right) == 2

        def other_way_round(_: Connection, __: int) -> dict[int, float]:
            first, second = sorted(right)
            return {first: 0.1, second: 0.9}

        one = Budget(at_least=1)
        assert release_all(connection, one, NOW + timedelta(minutes=1), learned=other_way_round) == 1
        connection.commit()
        assert rows_of(database, SHOWN) == [("trend",)]


def test_false_verdicts_move_the_elders_figure_and_their_age_takes_it_back(database: str, care: Care) -> None:
    limits = load_limits(LIMITS)
    connection: Connection
    with psycopg.connect(database) as connection:
        for day in range(3):
            connection.execute(
                "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, state, "
                "closed_at, verdict, verdict_at) VALUES (%(elder)s, 'blood_pressure', 'this_week', %(reasons)s, "
                "%(at)s, %(at)s, %(at)s, 'closed', %(at)s, 'false', %(at)s)",
                {
                    "elder": care.elder_id,
                    "reasons": '[{"rule": "raised_pressure", "metric": "systolic"}]',
                    "at": NOW - day * DAY,
                },
            )
        assert settle(connection, care.elder_id, limits, NOW) == 1
        assert settle(connection, care.elder_id, limits, NOW) == 0
        (figure,) = in_force(connection, care.elder_id)
        assert (figure.rule, figure.value, figure.author) == ("raised_pressure", 171.2, "outcomes")
        assert figure.reason == "3 alerts called false and 0 right in 90 days"
        assert settle(connection, care.elder_id, limits, NOW + 91 * DAY) == 1
        assert in_force(connection, care.elder_id) == []
        assert [one.ended_by for one in overrides(connection, care.elder_id)] == ["outcomes"]
