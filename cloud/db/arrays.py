"""Long arrays as parameters of a statement, in PostgreSQL's binary format: thousands of values in one piece of bytes.

psycopg's own lists are made element by element. Each class here is the bytes of one type of array, ready to be sent.
"""

import struct
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

Values = Sequence[int] | NDArray[np.int64]


class Array(bytes):
    """A one-dimensional array without NULLs."""

    element_oid: ClassVar[int]
    array_oid: ClassVar[int]

    @classmethod
    def head(cls, count: int) -> bytes:
        if not count:
            return struct.pack(">iii", 0, 0, cls.element_oid)
        return struct.pack(">iiiii", 1, 0, cls.element_oid, count, 1)


class Integers(Array):
    element_oid, array_oid = 23, 1007

    @classmethod
    def of(cls, values: Values) -> "Integers":
        return cls(cls.head(len(values)) + _numbers(values, ">i4", 4))


class Bigints(Array):
    element_oid, array_oid = 20, 1016

    @classmethod
    def of(cls, values: Values) -> "Bigints":
        return cls(cls.head(len(values)) + _numbers(values, ">i8", 8))


class Instants(Array):
    """timestamptz[]"""

    element_oid, array_oid = 1184, 1185

    @classmethod
    def of(cls, microseconds_since_2000: Values) -> "Instants":
        return cls(cls.head(len(microseconds_since_2000)) + _numbers(microseconds_since_2000, ">i8", 8))


class Texts(Array):
    element_oid, array_oid = 25, 1009

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Texts":
        """`values` in UTF-8."""
        return cls(cls.head(len(values)) + b"".join([len(value).to_bytes(4, "big") + value for value in values]))

    @classmethod
    def picked(cls, words: Sequence[bytes], places: Sequence[int]) -> "Texts":
        """Those of the few `words`, in UTF-8, that stand at `places`."""
        elements = [len(word).to_bytes(4, "big") + word for word in words]
        return cls(cls.head(len(places)) + b"".join([elements[place] for place in places]))


class Byteas(Array):
    element_oid, array_oid = 17, 1001

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Byteas":
        return cls(cls.head(len(values)) + b"".join([len(value).to_bytes(4, "big") + value for value in values]))


def _numbers(values: Values, number: str, size: int) -> bytes:
    elements = np.empty(len(values), dtype=[("size", ">i4"), ("value", number)])
    elements["size"] = size
    elements["value"] = values
    return elements.tobytes()


def _dumper(kind: type[Array]) -> type[Dumper]:
    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = kind.array_oid

        def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
            super().__init__(cls, context)

        def dump(self, obj: bytes) -> bytes:
            return obj

    return ArrayDumper


for _kind in (Integers, Bigints, Instants, Texts, Byteas):
    psycopg.adapters.register_dumper(_kind, _dumper(_kind))
