"""`[alarm]` of the gateway's configuration: how a call goes, and what the home is told with."""

from datetime import timedelta
from typing import Literal

from edge.alarm.call import PressRules
from edge.alarm.sms.config import SmsSection
from edge.hours import Hours, parse_hours
from edge.section import NotNegative, Positive, Section
from protocols.configuration import ConfigurationError
from protocols.shower.stay import StayRules

Language = Literal["zh", "en"]


class Alarm(Section, frozen=True):
    resend_s: Positive = 3.0
    no_answer_s: Positive = 10.0
    """The home says "still trying" when the centre was silent for so long."""
    same_press_s: NotNegative = 3.0
    """Presses of one button that follow each other so closely are one call."""
    hold_s: Positive = 2.0
    """A cord or button on a wire that is held for so long is a long press."""
    long_stay_still_min: NotNegative = 15.0
    """The water runs and nobody moved for so long: the home calls. 0: never."""
    long_stay_min: NotNegative = 45.0
    """The water runs for so long, whoever moves: the home calls. 0: never."""
    bathroom_still_min: NotNegative = 0.0
    """Seen in the bathroom last, and nobody moves anywhere since for so long: the home calls. 0: never."""
    cancel_within_s: NotNegative = 60.0
    """A long press so soon after the call's first one takes the call back; 0: never."""
    lamp: str = ""
    """`gpio:27`: a lamp that shows what became of a call; empty: none."""
    buzzer: str = ""
    """`gpio:22`; empty: none."""
    voice: tuple[Language, ...] = ()
    """Languages in which the home is told aloud (espeak-ng), in their order; empty: it is not."""
    feedback: str = "feedback.jsonl"
    """Where lamp and voice are written down; a relative path starts at `data`."""
    drill_hours: str = "00:00-24:00"
    """The daily drill begins within these hours of the home's day."""
    measure_again_hours: str = "07:00-21:00"
    """Within these the voice may ask to measure again; empty: it never does."""
    sms: SmsSection = SmsSection()

    @property
    def drilling(self) -> Hours:
        """Raises ConfigurationError."""
        return _hours("alarm.drill_hours", self.drill_hours)

    @property
    def asking(self) -> Hours | None:
        """Raises ConfigurationError."""
        return _hours("alarm.measure_again_hours", self.measure_again_hours) if self.measure_again_hours else None

    @property
    def stay_rules(self) -> StayRules | None:
        if not self.long_stay_still_min and not self.long_stay_min:
            return None
        return StayRules(
            still=timedelta(minutes=self.long_stay_still_min), longest=timedelta(minutes=self.long_stay_min)
        )

    @property
    def press_rules(self) -> PressRules:
        return PressRules(same_press_s=self.same_press_s, cancel_within_s=self.cancel_within_s)


def _hours(key: str, text: str) -> Hours:
    try:
        return parse_hours(text)
    except ValueError as error:
        raise ConfigurationError(f"{key}: {error}") from error
