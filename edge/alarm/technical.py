"""Conditions of the home that are alarms while they last: each is called once when it begins, and once when it ends."""

from edge.alarm.calling import Calling
from protocols.alarm.kinds import AlarmKind

GATEWAY = "gateway"
"""The device that a technical alarm names where it is none of the configured ones."""


class Conditions:
    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._known: dict[tuple[str, AlarmKind], bool] = {}

    def set(self, kind: AlarmKind, lasts: bool, device: str = GATEWAY) -> None:
        """Say it as often as you look. At first what was open before a restart is taken up, or ended."""
        if self._known.get((device, kind)) is lasts:
            return
        if lasts:
            self._calling.notice(device, kind)
        elif not self._calling.over(device, kind):
            return  # the disk did not take it: with the next look
        self._known[device, kind] = lasts
