"""All bytes, exclusive-or."""

from functools import reduce
from operator import xor


def xor8(data: bytes) -> int:
    return reduce(xor, data, 0)
