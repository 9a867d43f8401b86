"""Forwarding one message: ask the receiver whose turn it is, and decide by its answer what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Counter

from cloud.alarms import store as alarms
from cloud.alarms.scaip import store
from cloud.alarms.scaip.line import Line, LineFails
from cloud.alarms.scaip.model import Forward, What, reference_of, request_of
from cloud.clock import Clock
from cloud.db.jobs import set_timer
from cloud.db.pool import AsyncConnection, AsyncPool
from protocols.alarm.states import AlarmEvent, AlarmState, StepNotAllowed, step
from protocols.scaip.answers import after_answer
from protocols.scaip.messages import StatusNumber

log = structlog.get_logger()

QUEUE = "scaip"
SEND = "send"
AT_RECEIVING_CENTRE = "at_receiving_centre"
"""The note of an event: an alarm-receiving centre has it too."""
GIVE_UP_AFTER = timedelta(hours=1)
"""The desk has the call all the while."""
_PAUSES_S = (2.0, 5.0, 10.0, 30.0)
_HOLD_S = 30.0

ANSWERS = Counter("doorstep_scaip_answers", "Answers of receiving centres", ["snu"])


@dataclass(frozen=True)
class Outcome:
    state: AlarmState
    receiver: int
    answer: str | None
    problem: str
    again_s: float | None
    """None: done."""


def outcome_of(forward: Forward, answer: StatusNumber | None, problem: str, receivers: int) -> Outcome:
    """What follows from an answer, or from none. Pure."""
    pause_s = _PAUSES_S[min(forward.attempts, len(_PAUSES_S) - 1)]
    following = (forward.receiver + 1) % receivers
    number = None if answer is None else answer.value
    state = _after(forward.state, answer)
    match answer:
        case StatusNumber.OK:
            return Outcome(state, forward.receiver, number, "", None)
        case StatusNumber.HOLD:
            return Outcome(state, forward.receiver, number, "held: nobody is free there yet", _HOLD_S)
        case StatusNumber.NOT_TREATED:  # the next one at once; after a round of all, with a pause
            return Outcome(state, following, number, "not treated there", 0.0 if following else pause_s)
        case StatusNumber.BUSY:
            return Outcome(state, forward.receiver, number, "busy", pause_s)
        case None:
            return Outcome(state, following, None, problem, pause_s)
        case _:
            return Outcome(state, following, number, f"the message is refused with {number}", None)


def _after(state: AlarmState, answer: StatusNumber | None) -> AlarmState:
    """By the one table: that the line took it comes before what the centre says."""
    try:
        if answer is None:
            return step(state, AlarmEvent.NO_ANSWER)
        if state in (AlarmState.RAISED, AlarmState.STILL_TRYING):
            state = step(state, AlarmEvent.BROKER_HAS_IT)
        return after_answer(state, answer)
    except StepNotAllowed:
        return state


class Forwarding:
    def __init__(self, pool: AsyncPool, clock: Clock, lines: Sequence[Line], prefix: str) -> None:
        self._pool = pool
        self._clock = clock
        self._lines = lines
        self._prefix = prefix

    async def add_new(self, connection: AsyncConnection, since: datetime, kinds: list[str]) -> int:
        """Sets a timer for each alarm that is new; how many. One transaction."""
        added = 0
        async with connection.transaction():
            for alarm_id, what in await store.new_messages(connection, since, kinds, 100):
                reference = reference_of(alarm_id, what)
                if await store.add(connection, reference, alarm_id, what):
                    await set_timer(connection, QUEUE, SEND, datetime.now(UTC), reference=reference)
                    added += 1
        return added

    async def send(self, reference: str) -> None:
        """The timer's act. Sent twice it is the same message: its reference says so."""
        async with self._pool.connection() as connection:
            forward = await store.open_forward(connection, reference)
        if forward is None:
            return
        answer, problem = None, ""
        try:
            response = await self._lines[forward.receiver % len(self._lines)].ask(request_of(forward, self._prefix))
            answer = response.status
            ANSWERS.labels(answer.value).inc()
        except LineFails as error:
            problem = str(error)
        outcome = outcome_of(forward, answer, problem, len(self._lines))
        async with self._pool.connection() as connection, connection.transaction():
            if await store.open_forward(connection, reference) is not None:
                await self._keep(connection, forward, outcome)

    async def _keep(self, connection: AsyncConnection, forward: Forward, outcome: Outcome) -> None:
        tired = forward.age_s > GIVE_UP_AFTER.total_seconds()
        done = outcome.again_s is None or tired
        await store.note_attempt(
            connection,
            forward.reference,
            outcome.state,
            receiver=outcome.receiver,
            answer=outcome.answer,
            problem=outcome.problem,
            done=done,
        )
        if not done:
            at = datetime.now(UTC) + timedelta(seconds=outcome.again_s or 0.0)
            await set_timer(connection, QUEUE, SEND, at, reference=forward.reference)
        if outcome.state is AlarmState.AT_CENTRE is not forward.state and forward.what is What.RAISED:
            alarm = await alarms.get(connection, forward.alarm_id)
            await alarms.add_event(
                connection, forward.alarm_id, alarm.state, self._clock.now(), note=AT_RECEIVING_CENTRE, tell_home=False
            )
        log.info(
            "scaip",
            alarm=str(forward.alarm_id),
            what=forward.what.value,
            reference=forward.reference,
            snu=outcome.answer,
            state=outcome.state.value,
            done=done,
            problem=outcome.problem or None,
        )
