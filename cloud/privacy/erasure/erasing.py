"""An erasure from beginning to end: it stands in the ledger first, then it happens; to older copies it happens anew."""

from datetime import datetime

import msgspec
import structlog

from cloud.db.pool import Connection
from cloud.errors import Conflict
from cloud.privacy.erasure import store
from cloud.privacy.erasure.ledger import Ledger
from cloud.privacy.erasure.model import Erased
from cloud.registry.model import Community

log = structlog.get_logger()


def erase(connection: Connection, ledger: Ledger, code: str, now: datetime) -> Erased:
    """Erases the elder of this code, for good. `connection` commits by itself.

    Raises NotFound, Conflict while a call of theirs is open, and LedgerRefused; then nothing is erased. One that is
    interrupted is ended by the next `apply`.
    """
    elder_id = store.elder_of(connection, code)
    if store.open_calls(connection, elder_id):
        raise Conflict("a call for help of this elder is open; close it first, so that nobody is left alone")
    erasure = ledger.of(elder_id, code, now)
    ledger.add([erasure])
    return _erase(connection, ledger, elder_id)


def apply(connection: Connection, ledger: Ledger) -> list[Erased]:
    """Erases whoever stands in the ledger and is in the database: an older copy was restored, or an erasure broke off.

    `connection` commits by itself. Raises LedgerRefused.
    """
    known = {one.digest: one for one in ledger.read()}
    if missing := [one for one in store.noted(connection) if one.digest not in known]:
        ledger.add(missing)  # the folder is new, or another machine erased them
        known |= {one.digest: one for one in missing}
    store.note(connection, known.values())
    if not known:
        return []
    return [
        _erase(connection, ledger, elder_id)
        for elder_id, code in store.elders(connection)
        if ledger.digest_of(elder_id, code) in known
    ]


def without_erased(community: Community, ledger: Ledger | None) -> Community:
    """`community` less those who were erased: a file that still names them does not bring them back."""
    if ledger is None:
        return community
    erased = {one.code_digest for one in ledger.read()}
    gone = {elder.code for elder in community.elder if ledger.code_digest_of(elder.code) in erased}
    if not gone:
        return community
    log.warning("elders_were_erased", count=len(gone), what="the community file still names them; take them out of it")
    gateways = tuple(
        msgspec.structs.replace(
            gateway,
            device=tuple(
                msgspec.structs.replace(
                    device,
                    wearer=None if device.wearer in gone else device.wearer,
                    wearing=tuple(one for one in device.wearing if one.elder not in gone),
                )
                for device in gateway.device
            ),
        )
        for gateway in community.gateway
    )
    lived = {elder.home for elder in community.elder if elder.code in gone}
    still = {elder.home for elder in community.elder if elder.code not in gone}
    homes = tuple(
        msgspec.structs.replace(home, address="", door_note="") if home.code in lived - still else home
        for home in community.home
    )
    left = tuple(elder for elder in community.elder if elder.code not in gone)
    return msgspec.structs.replace(community, elder=left, gateway=gateways, home=homes)


def _erase(connection: Connection, ledger: Ledger, elder_id: int) -> Erased:
    with connection.transaction():
        store.note(connection, ledger.read())
        done = store.erase(connection, elder_id)
    if done.measured is not None:
        store.forget_figures(connection, *done.measured)
    log.info("erased", elder_id=elder_id, rows=sum(done.rows.values()))
    return done
