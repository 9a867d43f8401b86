"""Words of purposes and ways of agreeing."""

from cloud.privacy.model import How
from cloud.privacy.purposes import Purpose
from cloud.web.language import N_

PURPOSES = {
    Purpose.CARE.value: N_("Measuring, and being looked after by the care centre"),
    Purpose.FAMILY_READINGS.value: N_("Seeing measurements"),
    Purpose.FAMILY_VISITS.value: N_("Seeing visits"),
    Purpose.FAMILY_ALARMS.value: N_("Seeing calls for help"),
    Purpose.INSTITUTIONS.value: N_("Doctors may see the record"),
    Purpose.RESEARCH.value: N_("Statistics and better detection"),
    Purpose.PHOTOS.value: N_("Photos"),
    Purpose.VOICE.value: N_("Recordings of the voice"),
}
HOWS = {How.SPOKEN.value: N_("spoken"), How.SIGNED.value: N_("signed on paper")}
WISHES = {"export": N_("a copy of all data"), "erase": N_("erasure of all data")}
