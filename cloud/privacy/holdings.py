"""Every table that holds something of an elder: what of it is theirs, what they get of it, and what an erasure does.

In the order in which an erasure goes through them, so that nothing is left pointing at what went. A test follows the
schema's references and finds a table that is missing here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    DELETED = "deleted"
    CLEARED = "cleared"
    """The row stays, and says nothing of the person any more."""
    STAYS = "stays"


@dataclass(frozen=True)
class Holding:
    table: str
    what: str
    """In words, for the copy that the elder gets."""
    theirs: str
    """SQL: which rows `t` are of the elder with the id %(elder)s."""
    fate: Fate = Fate.DELETED
    why: str = ""
    """Why the row stays."""
    clears: str = ""
    """SQL: what is set where the row is cleared."""
    erased: str = ""
    """SQL: which rows an erasure concerns, where that is not `theirs`. %(last)s: nobody else lives in their home."""
    hidden: frozenset[str] = frozenset()
    """Columns that are secrets: not even the elder gets a copy."""
    file: str = ""
    """A column that is a file of its own in a copy."""
    given: bool = True
    """Whether a copy holds it; not where it is nobody's for sure, or says nothing but what another table says."""

    @property
    def gone(self) -> str:
        """SQL: which rows an erasure deletes or clears."""
        return self.erased or self.theirs


_OWN = "t.elder_id = %(elder)s"
_OF_VISIT = "t.visit_id IN (SELECT visit_id FROM visit WHERE elder_id = %(elder)s)"
_OF_ALARM = "t.alarm_id IN (SELECT alarm_id FROM alarm WHERE elder_id = %(elder)s)"
_WORN = "EXISTS (SELECT FROM wearer w WHERE w.device_id = t.device_id AND w.elder_id = %(elder)s)"
_WORN_THEN = (
    "EXISTS (SELECT FROM wearer w WHERE w.device_id = t.device_id AND w.elder_id = %(elder)s "
    "AND w.during @> t.measured_at)"
)
_HOME = "(SELECT home_id FROM elder WHERE elder_id = %(elder)s)"
_OF_HOME = f"t.home_id = {_HOME}"
_GATEWAYS = f"(SELECT gateway_id FROM gateway WHERE home_id = {_HOME})"  # noqa: S608 - a constant of ours
_ACCOUNTS = "(SELECT account_id FROM time_account WHERE elder_id = %(elder)s)"
_OF_ACCOUNT = f"t.account_id IN {_ACCOUNTS}"
_OF_ENTRY = f"t.entry_id IN (SELECT entry_id FROM time_line WHERE account_id IN {_ACCOUNTS})"  # noqa: S608 - ours
_OF_TRANSFER = f"t.transfer_id IN (SELECT transfer_id FROM time_transfer WHERE account_id IN {_ACCOUNTS})"  # noqa: S608
_OF_VOLUNTEER = "t.staff_id IN (SELECT staff_id FROM volunteer WHERE elder_id = %(elder)s)"
_OWN_ACCOUNT = "the volunteer has an account of their own, which goes on"
_LEDGER = "the ledger sums to zero only as a whole; without the account's owner it names nobody"
_PROOF = "that a call came and was answered in time is proven by it; it goes after retention.alarms_days"

READINGS = Holding(
    "reading",
    "measurements",
    _OWN,
    erased=f"({_OWN} OR (t.elder_id IS NULL AND {_WORN_THEN}))",  # and those that may be theirs
)
"""Erased apart from the others: the proof of their gateway is to hold afterwards."""

HOLDINGS: tuple[Holding, ...] = (
    READINGS,
    Holding("reading_hourly_kept", "figures of an hour, of measurements that are gone", _OWN),
    Holding("reading_daily_kept", "figures of a day, of measurements that are gone", _OWN),
    Holding(
        "ruling",
        "who said whose a measurement was",
        "%(elder)s IN (t.from_elder_id, t.to_elder_id)",
    ),
    Holding("detection_due", "that new measurements are to be looked at", _OWN, given=False),
    Holding("unsure_due", "measurements that may be yours or another's, to be looked at", _WORN, given=False),
    Holding("unsure_alert", "alerts of measurements that may be yours or another's", _WORN, given=False),
    Holding("baseline", "your own normal", _OWN),
    Holding("detection_timer", "when your measurements are looked at next", _OWN, given=False),
    Holding("limit_override", "limits that a clinician set for you", _OWN),
    Holding("measure_again", "when you were asked to measure again", _OWN),
    Holding(
        "demand_event",
        "what became of your wishes",
        "t.demand_id IN (SELECT demand_id FROM demand WHERE elder_id = %(elder)s)",
    ),
    Holding("demand", "your wishes", _OWN),
    Holding("assessment", "what you said of visits", _OF_VISIT),
    Holding("visit_report", "reports of visits", _OF_VISIT),
    Holding("visit_medium", "photos and spoken words of visits", _OF_VISIT, file="content"),
    Holding("visit_push", "pushes that asked nurses for visits", _OF_VISIT, given=False),
    Holding("visit_act", "what a nurse's phone told of visits", _OF_VISIT, given=False),
    Holding("visit_event", "steps of visits", _OF_VISIT),
    Holding("visit_moved", "visits for which you were told another time", _OF_VISIT),
    Holding("route_stop", "when visits were expected", _OF_VISIT),
    Holding("unplanned", "visits for which nobody was found", _OF_VISIT, given=False),
    Holding("visit", "visits", _OWN),
    Holding("regular_visit", "how often somebody comes by itself", _OWN),
    Holding("time_dispute", "what you said was not right of your hours", _OF_ACCOUNT),
    Holding("time_message", "what was signed when hours went to another bank", _OF_TRANSFER, Fate.STAYS, _LEDGER),
    Holding("time_transfer", "hours that went to another bank or came from one", _OF_ACCOUNT, Fate.STAYS, _LEDGER),
    Holding("time_line", "your hours, line by line", _OF_ACCOUNT, Fate.STAYS, _LEDGER),
    Holding("time_entry", "what was booked of your hours", _OF_ENTRY, Fate.STAYS, _LEDGER),
    Holding("time_account", "your account of hours", _OWN, Fate.CLEARED, _LEDGER, clears="elder_id = NULL"),
    Holding("volunteer_step", "how you became a volunteer", _OF_VOLUNTEER, Fate.STAYS, _OWN_ACCOUNT),
    Holding("volunteer_paper", "papers that were seen of you as a volunteer", _OF_VOLUNTEER, Fate.STAYS, _OWN_ACCOUNT),
    Holding("volunteer_hours", "when you have time as a volunteer", _OF_VOLUNTEER, Fate.STAYS, _OWN_ACCOUNT),
    Holding(
        "volunteer",
        "that you are a volunteer too",
        _OWN,
        Fate.CLEARED,
        _OWN_ACCOUNT,
        clears="elder_id = NULL",
    ),
    Holding("alert", "what was noticed", _OWN),
    Holding("alarm_card_view", "who opened your card when you called", f"({_OWN} OR {_OF_ALARM})"),
    Holding("sms_alarm", "calls that came by text", _OF_ALARM, hidden=frozenset({"answer_to"})),
    Holding("scaip_forward", "calls that went to another alarm-receiving centre", _OF_ALARM, Fate.STAYS, _PROOF),
    Holding("alarm_event", "steps of calls for help", _OF_ALARM, Fate.CLEARED, _PROOF, clears="note = ''"),
    Holding("alarm", "calls for help", _OWN, Fate.CLEARED, _PROOF, clears="elder_id = NULL"),
    Holding(
        "consent",
        "what you agreed to",
        _OWN,
    ),
    Holding(
        "data_copy_part",
        "copies of your data that wait for you",
        "t.copy_id IN (SELECT copy_id FROM data_copy WHERE elder_id = %(elder)s)",
        given=False,
    ),
    Holding("data_copy", "copies of your data that were asked for", _OWN, given=False),
    Holding("privacy_request", "what you asked of us about your data", _OWN),
    Holding("link_session", "browsers that opened your link", _OWN, hidden=frozenset({"token_hash", "link_hash"})),
    Holding("ability_assessment", "what you can do by yourself, as it was assessed", _OWN),
    Holding(
        "elder_identity",
        "that your numbers are kept, sealed",
        _OWN,
        hidden=frozenset({"number_sealed", "number_hash", "card_sealed", "card_hash"}),
    ),
    Holding("elder_move", "from where to where you moved", _OWN),
    Holding("register_entry", "your entry in the register", _OWN),
    Holding("relative", "your family's ways in", _OWN, hidden=frozenset({"link_hash", "link_code"})),
    Holding("contact", "whom we call", _OWN),
    Holding(
        "dead_letter",
        "messages of your home that could not be stored",
        f"split_part(t.topic, '/', 3) IN {_GATEWAYS}",
        erased=f"%(last)s AND split_part(t.topic, '/', 3) IN {_GATEWAYS}",
        given=False,
    ),
    Holding(
        "device",
        "devices in your home",
        _WORN,
        Fate.CLEARED,
        "the device may go to somebody else",
        clears="label = ''",
        erased=f"(%(last)s AND t.gateway_id IN {_GATEWAYS})",
    ),
    Holding(
        "prove_report",
        "how your home was proven to work",
        f"t.gateway_id IN {_GATEWAYS}",
        erased=f"%(last)s AND t.gateway_id IN {_GATEWAYS}",
    ),
    Holding("wearer", "which device you measured with, and when", _OWN),
    Holding(
        "home",
        "your home",
        _OF_HOME,
        Fate.CLEARED,
        "its gateway goes on until it is collected",
        clears="address = '', door_note = '', latitude = NULL, longitude = NULL",
        erased=f"%(last)s AND {_OF_HOME}",
    ),
    Holding(
        "audit",
        "who looked at you or changed something of yours",
        _OWN,
        Fate.STAYS,
        "who had access has to be provable; it holds numbers and no content, and goes after retention.audit_days",
    ),
    Holding("elder", "you", _OWN, hidden=frozenset({"link_hash", "link_code"})),
)


def holdings_in(tables: Collection[str]) -> list[Holding]:
    """Those of a database with `tables`: one that waits for its migrations has fewer."""
    return [holding for holding in HOLDINGS if holding.table in tables]
