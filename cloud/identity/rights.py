"""What each role may do, always within the person's region and below. A program's token has some of it: its scopes."""

from collections.abc import Mapping
from enum import StrEnum

from cloud.identity.model import Role


class Right(StrEnum):
    OWN = "own"
    """Their own account and their own browsers."""
    LIVE = "live"
    """Hear that something changed."""
    BOARD = "board"
    """See calls for help, and the cards of who calls."""
    ACT_ON_CALLS = "act-on-calls"
    QUALITY = "quality"
    """See how well promises are kept, and what elders think of each nurse's visits."""
    VISITS = "visits"
    """See visits, and what is known where they lead."""
    GO = "go"
    """Accept visits, make them and report."""
    PICTURES = "pictures"
    """See the photos and hear the spoken words of visits."""
    RECORDS = "records"
    """See an elder's whole record."""
    CONSENTS = "consents"
    """See and write down what an elder agreed to, and let elders and families in by links."""
    COPY = "copy"
    """Get a copy of all that is kept of an elder, for them."""
    UNSURE = "unsure"
    """See measurements that may be one's or another's."""
    SAY_WHOSE = "say-whose"
    FLEET = "fleet"
    """See gateways."""
    LETTERS = "letters"
    """See and replay messages that could not be stored; they may be of any home."""
    INSTALL = "install"
    """Make homes, and draw the codes with which machines become their gateways."""
    CONFIGURE = "configure"
    """Change what gateways do."""
    DEMANDS = "demands"
    """See what elders wish for."""
    ACT_ON_DEMANDS = "act-on-demands"
    """Take wishes in, say of which kind they are, and bring them on their way."""
    DEMAND_KINDS = "demand-kinds"
    """Change the tree of kinds of wishes."""
    REGISTER = "register"
    """See the register of elders, and assess what they can do by themselves."""
    REGISTER_CHANGE = "register-change"
    """Make and change its entries, and move elders to other homes."""
    IDENTITY = "identity"
    """Write identity and card numbers down, find their owners, and uncover them, which is noted."""
    REFUSALS = "refusals"
    """See how often something was refused, wherever."""
    VOLUNTEER = "volunteer"
    """Make the visits that one is asked for as a volunteer, and keep one's own hours."""
    COORDINATE = "coordinate"
    """Keep the register of volunteers, ask them for visits, and judge what is said of hours."""


_ALL = frozenset({Right.OWN, Right.LIVE})
_SEE = _ALL | {Right.BOARD, Right.VISITS, Right.RECORDS, Right.CONSENTS, Right.UNSURE, Right.FLEET, Right.DEMANDS}
_RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.NURSE: _SEE | {Right.ACT_ON_CALLS, Right.ACT_ON_DEMANDS, Right.GO, Right.PICTURES, Right.SAY_WHOSE},
    Role.DESK: _SEE
    | {Right.ACT_ON_CALLS, Right.ACT_ON_DEMANDS, Right.SAY_WHOSE, Right.QUALITY, Right.COPY, Right.COORDINATE},
    Role.DOCTOR: _ALL | {Right.VISITS, Right.PICTURES, Right.RECORDS},
    Role.INSTALLER: frozenset({Right.OWN, Right.FLEET, Right.INSTALL}),
    Role.ADMINISTRATOR: _SEE
    | {
        Right.QUALITY,
        Right.LETTERS,
        Right.REFUSALS,
        Right.DEMAND_KINDS,
        Right.CONFIGURE,
        Right.INSTALL,
        Right.COPY,
        Right.COORDINATE,
    },
    Role.VOLUNTEER: frozenset({Right.OWN, Right.VOLUNTEER}),
}
_CHANGE_REGISTER = frozenset({Right.REGISTER, Right.REGISTER_CHANGE, Right.IDENTITY})
_REGISTER: Mapping[Role, frozenset[Right]] = {
    Role.NURSE: frozenset({Right.REGISTER}),
    Role.DESK: _CHANGE_REGISTER,
    Role.ADMINISTRATOR: _CHANGE_REGISTER,
}
"""Of the register of elders: nurses look and assess, and need neither numbers nor who pays."""
SCOPES = tuple(right for right in Right if right not in (Right.OWN, Right.IDENTITY))
"""What a program's token may be given: all but its owner's account, and identity numbers."""


def rights_of(role: Role) -> frozenset[Right]:
    return _RIGHTS[role] | _REGISTER.get(role, frozenset())
