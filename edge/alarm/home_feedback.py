"""All that a home has to tell with: the written log, and lamp, buzzer and voice where they are configured.

The lamp is one and calls may be several: it shows the one of which least is known to be done.
"""

from collections.abc import Callable
from types import MappingProxyType

import gpiozero
import structlog

from edge.addresses import parse_gpio
from edge.alarm.call import Call
from edge.alarm.feedback import Feedback
from edge.alarm.signal import Signal
from edge.alarm.speaker import Speaker
from edge.alarm.words import LAMP, LAMP_TIMES_S, voice
from edge.alarm_section import Alarm
from protocols.alarm.states import AlarmState

_log = structlog.get_logger()

Trouble = Callable[[str, str | None], None]
"""Which part, and why it tells nothing; None when it does."""

_OVER = frozenset({AlarmState.CANCELLED, AlarmState.CLOSED})
_URGENCY = tuple(AlarmState)

BEEPS: MappingProxyType[AlarmState, int] = MappingProxyType(
    {
        AlarmState.RAISED: 1,
        AlarmState.STILL_TRYING: 3,
        AlarmState.AT_CENTRE: 1,
        AlarmState.TAKEN: 2,
        AlarmState.ON_THE_WAY: 2,
        AlarmState.CANCELLED: 1,
        AlarmState.CLOSED: 1,
    }
)
BEEP_S = (0.12, 0.12)


class HomeFeedback:
    def __init__(
        self,
        log: Feedback,
        trouble: Trouble,
        *,
        lamp: Signal | None = None,
        buzzer: Signal | None = None,
        speaker: Speaker | None = None,
    ) -> None:
        self._log = log
        self._trouble = trouble
        self._lamp = lamp
        self._buzzer = buzzer
        self.speaker = speaker
        self._open: dict[str, AlarmState] = {}

    def show(self, call: Call) -> None:
        if call.state in _OVER:
            self._open.pop(call.alarm, None)
        else:
            self._open[call.alarm] = call.state
        if self._lamp is not None:
            shown = min(self._open.values(), key=_URGENCY.index, default=AlarmState.CLOSED)
            self._lamp.show(LAMP_TIMES_S[LAMP[shown]])
        if self._buzzer is not None and call.state in BEEPS:
            self._buzzer.show(BEEP_S, rounds=BEEPS[call.state])
        if self.speaker is not None:
            self.speaker.say(voice(call))
        try:
            self._log.show(call)
        except OSError as error:
            self._trouble("feedback", f"what the home is told cannot be written down: {error.strerror}")
        else:
            self._trouble("feedback", None)

    def stop(self) -> None:
        for part in (self._lamp, self._buzzer, self.speaker):
            if part is not None:
                part.stop()


def create_feedback(config: Alarm, log: Feedback, trouble: Trouble) -> HomeFeedback:
    """What `config` names; a part that cannot be had is told to `trouble`, and the others do without it."""

    def tell_voice(sentence: str | None) -> None:
        trouble("voice", sentence)

    speaker = Speaker(config.voice, tell_voice) if config.voice else None
    if speaker is not None:
        speaker.start()
    return HomeFeedback(
        log,
        trouble,
        lamp=_signal("lamp", config.lamp, trouble),
        buzzer=_signal("buzzer", config.buzzer, trouble),
        speaker=speaker,
    )


def _signal(name: str, port: str, trouble: Trouble) -> Signal | None:
    pin = parse_gpio(port)
    if pin is None:
        return None
    try:
        line = gpiozero.DigitalOutputDevice(pin)
    except (gpiozero.GPIOZeroError, OSError, ImportError) as error:
        trouble(name, f"the {name} on {port} is dark: {error or type(error).__name__}")
        return None
    trouble(name, None)
    return Signal(line, name)
