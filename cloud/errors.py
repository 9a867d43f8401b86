"""What goes wrong in the centre, by what the caller can do about it. HTTP codes are mapped once, in cloud.web."""


class CloudError(Exception):
    """Base of all."""


class RejectedMessage(CloudError):
    """A message from a home that cannot be stored; it is kept as a dead letter with this reason."""


class NotFound(CloudError):
    """There is no such thing, or none that this person may see."""


class Conflict(CloudError):
    """The thing is no longer in the state that the action needs: somebody was faster, or it is done already."""


class NotAllowed(CloudError):
    """Known person, but not theirs to do."""
