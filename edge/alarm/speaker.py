"""The spoken line, by espeak-ng, in the languages of the home, one after the other.

What became untrue is not said any more: a newer line takes the place of all that wait, and cuts the one being said.
What is no part of a call waits until nothing else is to be said, and gives way.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType

import structlog

from edge.alarm.words import Voice

_log = structlog.get_logger()

PROGRAM = "espeak-ng"
VOICES: Mapping[str, str] = MappingProxyType({"zh": "cmn", "en": "en"})
"""espeak-ng's names of the languages."""
WORDS_PER_MINUTE = 130
"""Slower than its own 175: the listener is old, and afraid."""
LONGEST_LINE_S = 30.0


class Spoken(Enum):
    """How a line ended."""

    TO_ITS_END = auto()
    CUT = auto()
    """A newer line took its place."""
    SILENT = auto()
    """Nothing was heard: the part is in trouble."""


class Speaker:
    def __init__(self, languages: Sequence[str], told: Callable[[str | None], None]) -> None:
        """`told` hears in one sentence why nothing is heard, and None when a line was said; from the speaker's thread.

        `languages`: of `VOICES`, in the order in which they are spoken.
        """
        self._languages = languages
        self._told = told
        self._changed = threading.Condition()
        self._next: Voice | None = None
        self._aside: tuple[Voice, Callable[[Spoken], None]] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def say(self, voice: Voice) -> None:
        """Returns at once."""
        with self._changed:
            self._next = voice
            self._hush()
            self._changed.notify()

    def say_aside(self, voice: Voice, ended: Callable[[Spoken], None]) -> None:
        """When nothing of a call is to be said; `ended` hears from the speaker's thread how that went. One at a time.

        Returns at once.
        """
        with self._changed:
            self._aside = (voice, ended)
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._ended = True
            self._hush()
            self._changed.notify()
        self._thread.join(3.0)

    def _hush(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._next is not None or self._aside is not None)
                if self._ended:
                    return
                if self._next is not None:
                    voice, ended, self._next = self._next, None, None
                elif self._aside is not None:
                    (voice, ended), self._aside = self._aside, None
                else:
                    continue
            spoken, trouble = self._speak(voice)
            if spoken is not Spoken.CUT or ended is None:
                self._told(trouble)
            if ended is not None:
                ended(spoken)

    def _speak(self, voice: Voice) -> tuple[Spoken, str | None]:
        """How it ended, and why it was not heard."""
        texts = {"en": voice.en, "zh": voice.zh}
        for language in self._languages:
            trouble = None if self._is_cut() else self._say_in(VOICES[language], texts[language])
            if trouble is not None:
                return Spoken.SILENT, trouble
            if self._is_cut():
                return Spoken.CUT, None
        return Spoken.TO_ITS_END, None

    def _is_cut(self) -> bool:
        with self._changed:
            return self._ended or self._next is not None

    def _say_in(self, name: str, text: str) -> str | None:
        program = shutil.which(PROGRAM)
        if program is None:
            return f"the voice is silent: {PROGRAM} is not installed"
        try:
            # the text goes by the pipe: it holds a name from the network, which must not become an option
            process = subprocess.Popen(
                [program, "-v", name, "-s", str(WORDS_PER_MINUTE), "--stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            return f"the voice is silent: {PROGRAM} does not start: {error.strerror}"
        with self._changed:
            self._process = process
            if self._ended or self._next is not None:
                self._hush()
        try:
            _, complaint = process.communicate(text.encode(), timeout=LONGEST_LINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return f"the voice is silent: {PROGRAM} did not end within {LONGEST_LINE_S:.0f} s"
        finally:
            with self._changed:
                self._process = None
        if process.returncode > 0:  # below 0: cut short by a newer line
            said = complaint.decode(errors="replace").strip().splitlines()
            _log.warning("voice", code=process.returncode, problem=said[-1:] or None)
            return f"the voice is silent: {PROGRAM} ended with code {process.returncode}; is there a loudspeaker?"
        return None
