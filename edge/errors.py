"""What goes wrong in a home, by what can be done about it."""


class EdgeError(Exception):
    """Base of all. The message is a sentence for the person who looks after the gateway."""


class Temporary(EdgeError):
    """It may be well again by itself: try again after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Permanent(EdgeError):
    """It stays wrong until somebody does what the message says."""
