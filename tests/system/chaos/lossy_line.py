"""A line that loses and reorders real IP packets, where the kernel has no netem: `python -m ... TAG HOST PEER`.

Two TUN devices, one here and one in a network namespace of this process's own, and this program between them. What
runs in that namespace (`nsenter --net=/proc/PID/ns/net`) reaches the machine by HOST alone, over this line: TCP then
has to send again and to sort, as over a bad radio link. Needs root. Everything goes with the process.

Each line on standard input sets the line: three fractions and seconds, LOSS REORDERED LATE_S. It prints `ready` once.
"""

import asyncio
import ctypes
import fcntl
import os
import struct
import subprocess
import sys
from random import Random

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
_PACKET_BYTES = 65536
_libc = ctypes.CDLL(None, use_errno=True)


class LossyLine:
    """Carries packets between two TUN devices, given as open files."""

    def __init__(self, here: int, there: int, seed: int) -> None:
        self._random = Random(seed)
        self._files = (here, there)
        self.loss = self.reordered = self.late_s = 0.0

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        here, there = self._files
        for source, target in ((here, there), (there, here)):
            os.set_blocking(source, False)
            loop.add_reader(source, self._carry, source, target)

    def _carry(self, source: int, target: int) -> None:
        packet = os.read(source, _PACKET_BYTES)
        if self._random.random() < self.loss:
            return
        if self._random.random() < self.reordered:
            asyncio.get_running_loop().call_later(self._random.uniform(0, self.late_s), _put, target, packet)
        else:
            _put(target, packet)


def _put(target: int, packet: bytes) -> None:
    try:
        os.write(target, packet)
    except OSError:
        return  # the device's queue is full, or it is not IP: lost, as on any line


def _tun(name: str) -> int:
    """A new TUN device of `name` in the network namespace of the moment. Raises OSError."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return file


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _enter_new_namespace() -> None:
    if _libc.unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


async def _serve(line: LossyLine) -> None:
    line.start()
    print("ready", flush=True)
    while order := await asyncio.to_thread(sys.stdin.readline):
        line.loss, line.reordered, line.late_s = map(float, order.split())


def _main(tag: str, host: str, peer: str) -> None:
    here = _tun(f"{tag}a")
    _ip("addr", "add", host, "peer", peer, "dev", f"{tag}a")
    _ip("link", "set", f"{tag}a", "up")
    _enter_new_namespace()
    there = _tun(f"{tag}b")
    _ip("link", "set", "lo", "up")
    _ip("addr", "add", peer, "peer", host, "dev", f"{tag}b")
    _ip("link", "set", f"{tag}b", "up")
    asyncio.run(_serve(LossyLine(here, there, seed=os.getpid())))


if __name__ == "__main__":
    _main(*sys.argv[1:])
