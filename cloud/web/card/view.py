"""The card as one value, from the database or, while that is away, from what is remembered."""

from cloud.alarms.model import Act, Doing
from cloud.db.pool import AsyncConnection
from cloud.web.board.model import BoardAlarm
from cloud.web.card import store
from cloud.web.card.model import Basics, Card, CardStep
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence
from cloud.web.evidence.model import Measured
from cloud.web.evidence.panels import CHARTED
from cloud.web.services import Services

_STATES = {Doing.TAKE: "taken", Doing.SEND: "taken", Doing.ON_THE_WAY: "on_the_way", Doing.CLOSE: "closed"}


async def read_card(conn: AsyncConnection, services: Services, alarm: BoardAlarm, viewer: Viewer) -> Card:
    """The card of an alarm, whose own row may still be on its way. Raises DatabaseAway."""
    basics = None
    latest: list[Measured] = []
    if alarm.elder_id is not None:
        person = await evidence.person(conn, alarm.elder_id, viewer.regions)
        basics = Basics(person, await evidence.contacts(conn, alarm.elder_id))
        latest = await evidence.latest(conn, alarm.elder_id, CHARTED, services.now)
    steps = await store.steps(conn, alarm.alarm_id) or [_heard(alarm)]
    visit_id = await store.visit_of(conn, alarm.alarm_id)
    standing = [_step(act) for act in services.hearing.standing_of(alarm) if act.doing is not Doing.SEE]
    return Card(alarm, basics, latest, steps + standing, visit_id, complete=True)


def remembered_card(services: Services, alarm: BoardAlarm, viewer: Viewer) -> Card:
    """The same without the database: who, where, whom to call, and what was done since."""
    basics = None if alarm.elder_id is None else services.memory.basics(alarm.elder_id, viewer.regions)
    standing = [_step(act) for act in services.hearing.standing_of(alarm) if act.doing is not Doing.SEE]
    return Card(alarm, basics, [], [_heard(alarm), *standing], None, complete=False)


def _heard(alarm: BoardAlarm) -> CardStep:
    """Here, and not told yet as far as is known."""
    return CardStep("at_centre", alarm.heard_at, None, None, "", None, for_home=True)


def _step(act: Act) -> CardStep:
    state = _STATES.get(act.doing, "")
    return CardStep(state, act.at, act.staff_name, act.minutes, act.note, act.told_at, for_home=bool(state))
