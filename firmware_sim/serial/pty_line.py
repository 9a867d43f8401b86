"""A serial line as a pseudo-terminal: any program opens the far end by a path that stays.

What a pseudo-terminal is not: it has no baud rate and no parity, so wrong line settings go unnoticed. Linux drops
PARENB but keeps PARODD, and then refuses the next program that opens the line at odd parity; the flag is cleared here
whenever bytes come. This side keeps the far end open too: otherwise the line would report a hang-up, over and over,
while no program has it open.
"""

import asyncio
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

_CHUNK_BYTES = 4096
_CFLAG = 2
_INPUT_SPEED, _OUTPUT_SPEED = 4, 5
_SPEED_OF_NOBODY = termios.B50
"""No meter has it, so it tells a line that was never set up."""
LOST_AFTER_S = 2.0
"""Bytes that nobody takes for so long are gone, as on a wire."""


class PtyLine:
    """The device's end. Made inside a running event loop; `link` is the path that programs open.

    Raises OSError when `link` cannot be made, FileExistsError when something that is no symbolic link is there.
    """

    def __init__(self, link: Path, received: Callable[[bytes], None]) -> None:
        """`received` is called with the bytes of each arrival, never empty."""
        if link.exists() and not link.is_symlink():
            raise FileExistsError(f"{link} exists and is not a serial line of ours; choose another path")
        self.link = link
        self._received = received
        self._device, self._far = os.openpty()
        try:
            tty.setraw(self._far)
            _set_speed(self._far, _SPEED_OF_NOBODY)
            os.fchmod(self._far, 0o600)
            os.set_blocking(self._device, False)
            self._name = os.ttyname(self._far)
            _point(link, self._name)
        except OSError:
            os.close(self._device)
            os.close(self._far)
            raise
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._device, self._readable)
        self._open = True
        self._unsent = bytearray()
        self._loss: asyncio.TimerHandle | None = None

    @property
    def set_up(self) -> bool:
        """A program has opened the line and set its speed, now or earlier."""
        return bool(termios.tcgetattr(self._far)[_OUTPUT_SPEED] != _SPEED_OF_NOBODY)

    def send(self, data: bytes) -> None:
        """Puts `data` on the line; what it cannot hold yet follows as the far end takes it, or is lost."""
        waiting = bool(self._unsent)
        self._unsent += data
        if not waiting:
            self._writable()

    def close(self) -> None:
        """Pulls the plug: the path is gone and a program that has the line open sees a hang-up."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._device)
        self._rest_is_gone()
        if self.link.is_symlink() and os.readlink(self.link) == self._name:
            self.link.unlink()
        os.close(self._device)
        os.close(self._far)

    def _readable(self) -> None:
        data = os.read(self._device, _CHUNK_BYTES)
        self._forget_odd_parity()
        if data:
            self._received(data)

    def _writable(self) -> None:
        try:
            del self._unsent[: os.write(self._device, self._unsent)]
        except BlockingIOError:
            pass
        else:
            self._wait_no_longer()
        if self._unsent and self._loss is None:
            self._loop.add_writer(self._device, self._writable)
            self._loss = self._loop.call_later(LOST_AFTER_S, self._nobody_listens)

    def _nobody_listens(self) -> None:
        self._rest_is_gone()
        termios.tcflush(self._far, termios.TCIFLUSH)

    def _rest_is_gone(self) -> None:
        self._unsent.clear()
        self._wait_no_longer()

    def _wait_no_longer(self) -> None:
        if self._loss is not None:
            self._loss.cancel()
            self._loss = None
            self._loop.remove_writer(self._device)

    def _forget_odd_parity(self) -> None:
        settings = termios.tcgetattr(self._far)
        if settings[_CFLAG] & termios.PARODD:
            settings[_CFLAG] &= ~termios.PARODD
            termios.tcsetattr(self._far, termios.TCSANOW, settings)


def _point(link: Path, name: str) -> None:
    """Makes `link` lead to `name`, whatever line it led to before; there is no moment without a link."""
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(name)
    os.replace(draft, link)


def _set_speed(line: int, speed: int) -> None:
    settings = termios.tcgetattr(line)
    settings[_INPUT_SPEED] = settings[_OUTPUT_SPEED] = speed
    termios.tcsetattr(line, termios.TCSANOW, settings)
