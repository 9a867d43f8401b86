"""What goes wrong between a gateway and the authority, by what the person who installs can do about it."""

from edge.errors import Permanent, Temporary


class EnrolmentRefused(Permanent):
    """The centre said no, in a sentence: a wrong, used or expired code, a revoked or expired certificate."""


class NotTheCentre(Permanent):
    """Who answered does not know the code, or has not the authority that is pinned: nothing was kept of it."""


class WrongClock(Permanent):
    """This gateway's clock is so wrong that it could not judge a certificate."""


class CentreAway(Temporary):
    """Nobody answered, or not to the end."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after_s=60.0)


class NoIdentity(Permanent):
    """There is no usable identity in the folder; the message says what to do."""
