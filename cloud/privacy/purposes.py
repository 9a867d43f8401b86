"""What an elder may agree to, and where each is enforced. docs/privacy.md says it to people."""

from enum import StrEnum


class Purpose(StrEnum):
    CARE = "care"
    """That health data are measured and looked at by the community. Withdrawn, it asks the centre to end the care."""
    FAMILY_READINGS = "family_readings"
    """One of the family sees measurements: cloud.web.family."""
    FAMILY_VISITS = "family_visits"
    FAMILY_ALARMS = "family_alarms"
    INSTITUTIONS = "institutions"
    """Doctors, who are of another house, see visits and records: cloud.web.consent.sharing."""
    RESEARCH = "research"
    """Their history is among those that `doorstep-cloud backtest --consented` reads."""
    PHOTOS = "photos"
    """Nurses may keep photos of a visit: cloud.visits.media. Withdrawn, those that are kept go (migration 0033)."""
    VOICE = "voice"
    """Their own spoken word on a visit may be kept: the same."""


FAMILY = (Purpose.FAMILY_READINGS, Purpose.FAMILY_VISITS, Purpose.FAMILY_ALARMS)
OWN = tuple(purpose for purpose in Purpose if purpose not in FAMILY)
"""Those that are for nobody of the family in particular."""
