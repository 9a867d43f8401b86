"""Goes over all that a home's gateways ever sent, and says whether it is whole."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from cloud.db.pool import Connection
from cloud.errors import NotFound
from cloud.readings.chain import store
from cloud.readings.chain.model import Findings, Stream
from cloud.readings.chain.walk import walk


def verify(connection: Connection, home: str | None) -> Iterator[Findings]:
    """Of each outbox of the home of code `home` (None: of every home), one after the other, as of one instant.

    Raises NotFound where there is no such home, or no gateway in it, and DatabaseAway.
    """
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        known = store.streams(connection, home)
        if home is not None and not known:
            raise NotFound(f"there is no home {home} with a gateway; its code stands in the community file")
        streams = {(stream.gateway, stream.epoch): stream for stream in known if stream.epoch >= 0}
        gateways = sorted({stream.gateway for stream in known})
        for outbox, blocks in groupby(store.blocks(connection, gateways), key=itemgetter(0)):
            findings = walk(streams.get(outbox, Stream(*outbox)), (block for _, block in blocks))
            if streams.pop(outbox, None) is not None or findings.first is not None:  # else there are hashes alone
                yield findings
        for stream in streams.values():  # of which nothing is left
            yield walk(stream, ())
