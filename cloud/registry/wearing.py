"""Who is in question for a reading: what the registry says of its device, user number and time. Pure.

A user number is the device's own, and 0 is one of them: some cuffs count their users from 0. Whoever has no number is
registered without one, which is not the same as 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property

from cloud.registry.model import SharingRule
from cloud.registry.usual_times import Minutes
from cloud.registry.whose import Whose, Why


@dataclass(frozen=True)
class Wearer:
    """One person measures with one device for a while."""

    elder_id: int
    user_slot: int | None = None
    begin: datetime | None = None
    until: datetime | None = None
    usual: tuple[Minutes, ...] = ()

    def wears_at(self, at: datetime) -> bool:
        return (self.begin is None or self.begin <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True)
class DeviceWearing:
    """All that is registered of one device."""

    zone: tzinfo
    """Of its home."""
    rule: SharingRule | None = None
    wearers: tuple[Wearer, ...] = ()

    @cached_property
    def always(self) -> Whose | None:
        """The answer to every reading of the device, where there is but one: nearly always, so it is ready at hand."""
        if not self.wearers:
            return Whose(None, None, Why.NOBODY)
        (wearer, *others) = self.wearers
        simple = wearer.user_slot is None and wearer.begin is None and wearer.until is None
        return Whose(wearer.elder_id, 1.0, Why.ONLY_WEARER) if simple and not others and self.rule is None else None


@dataclass(frozen=True)
class Question:
    """Several may have measured, or the home asked for care: `rule` decides among `wearers`."""

    wearers: tuple[Wearer, ...]
    rule: SharingRule


def whose_or_who(wearing: DeviceWearing, user_slot: int | None, at: datetime) -> Whose | Question:
    """The one who measured, or those among whom it is to be decided.

    A number that is registered says it. A number that is not goes to those without one; where there are none, it is
    somebody whom nobody registered. A reading without a number is theirs who have none; where all have one, the
    device did not ask who it was, so it may be any of them.
    """
    present = [wearer for wearer in wearing.wearers if wearer.wears_at(at)]
    if not present:
        return Whose(None, None, Why.NOBODY)
    if user_slot is not None:
        for wearer in present:
            if wearer.user_slot == user_slot:
                return Whose(wearer.elder_id, 1.0, Why.USER_SLOT)
    unnumbered = tuple(wearer for wearer in present if wearer.user_slot is None)
    if unnumbered:
        return _among(unnumbered, wearing.rule)
    if user_slot is not None:
        return Whose(None, 0.0, Why.UNKNOWN_SLOT)
    return Question(_each_once(present), wearing.rule or SharingRule.ASK)


def _among(wearers: tuple[Wearer, ...], rule: SharingRule | None) -> Whose | Question:
    if rule is None and len(wearers) == 1:
        return Whose(wearers[0].elder_id, 1.0, Why.ONLY_WEARER)
    return Question(wearers, rule or SharingRule.ASK)


def _each_once(wearers: Sequence[Wearer]) -> tuple[Wearer, ...]:
    """A person with two numbers is one candidate."""
    return tuple({wearer.elder_id: wearer for wearer in wearers}.values())
