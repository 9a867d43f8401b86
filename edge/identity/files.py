"""The names of the files in an identity's folder. Apart, so that the alarm's process need not load what reads them."""

from typing import Final

CHAIN: Final = "identity.pem"
AUTHORITY: Final = "authority.pem"
SETTINGS: Final = "settings.json"
PENDING: Final = "pending.key"
