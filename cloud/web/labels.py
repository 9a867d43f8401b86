"""Words of the tables' codes: states, priorities, causes, kinds, wishes, faces, roles, flags."""

from collections.abc import Mapping
from typing import TypeVar

from cloud.web.language import N_, Language

K = TypeVar("K")

ALARM_KINDS = {
    "personal_trigger": N_("Emergency button"),
    "fixed_trigger": N_("Pull cord"),
    "fall": N_("Fall"),
    "panic": N_("Panic button"),
    "inactivity": N_("No movement"),
    "flood": N_("Flood"),
    "long_stay": N_("Long stay in the bathroom"),
    "mains_lost": N_("Power cut: the gateway runs on its battery"),
    "battery_low": N_("The gateway's battery is low"),
    "trigger_battery_low": N_("The button's battery is low"),
    "trigger_silent": N_("The button is not heard"),
    "radio_lost": N_("The gateway's radio is lost"),
    "drill_failed": N_("The daily drill failed"),
    "text_failed": N_("The test text did not arrive"),
    "two_gateways": N_("Two gateways have one identity"),
    "said": N_("A call for help in words"),
}
HEARD_AT_HOME = {
    "at_centre": N_("The centre has your call"),
    "taken": N_("A person has your call"),
    "on_the_way": N_("Help is on the way"),
    "closed": N_("The call is closed"),
}
ALARM_NOTES = {
    "cancelled_at_home": N_("Taken back at home"),
    "not_kept_at_home": N_("Not kept on the gateway's disk: a power cut there forgets the call"),
    "somebody_is_sent": N_("Somebody is sent"),
    "at_receiving_centre": N_("The alarm-receiving centre has it too"),
    "taken_without_database": N_("Was taken here while the database was away; somebody else had it already"),
}
CLOSE_REASONS = {
    "real": N_("Needed help"),
    "test": N_("A test"),
    "mistake": N_("Pressed by mistake"),
    "cancelled": N_("Cancelled at home"),
}
SILENCE_CAUSES = {
    "power_lost": N_("Power lost: it last spoke from its battery"),
    "link_lost": N_("Link lost: its connection broke"),
    "unknown": N_("It is not known why"),
}
VISIT_STATES = {
    "proposed": N_("nobody has it yet"),
    "assigned": N_("asked"),
    "accepted": N_("accepted"),
    "travelling": N_("on the way"),
    "at_the_door": N_("at the door"),
    "no_answer": N_("no answer at the door"),
    "filed": N_("report filed"),
    "assessed": N_("assessed"),
    "closed": N_("closed"),
    "handed_on": N_("handed on"),
    "declined": N_("declined"),
    "cancelled": N_("cancelled"),
}
VISIT_KINDS = {
    "alert": N_("Noticed in readings"),
    "alarm": N_("After a call"),
    "request": N_("Asked for"),
    "follow_up": N_("After another visit"),
    "regular": N_("Regular"),
    "together": N_("With a colleague"),
}
PRIORITIES = {"now": N_("now"), "today": N_("today"), "this_week": N_("this week")}
CAUSES = {
    "blood_pressure": N_("Blood pressure"),
    "pulse": N_("Pulse"),
    "hypoglycaemia": N_("Low glucose"),
    "hyperglycaemia": N_("High glucose"),
    "trend": N_("What is usual changes"),
    "agitation": N_("Restless"),
    "night_bathroom": N_("Often up by night"),
    "routine": N_("No movement as usual"),
    "shower_missed": N_("No shower"),
    "long_stay": N_("Long stay in the bathroom"),
    "silence": N_("No measurements"),
}
MEASURE_AGAIN = {
    "cuff_loose": N_("The cuff sat loosely. Close it so that two fingers fit under it, on the bare upper arm."),
    "body_moved": N_("Something moved. Sit still and do not speak while it measures."),
    "bad_position": N_("The arm lay too high or too low. Rest it on the table, as high as your heart."),
    "strip": N_("The strip did not work. Take a new one, with a full drop."),
    "meter_temperature": N_("The meter was too warm or too cold. Let it lie in the room for a while first."),
    "other_hand": N_("These numbers are not like yours. Was it you who measured?"),
    "jump": N_("This number is far from the one before. Rest for five minutes first."),
    "limit": N_("This number is out of the usual limits. Rest for five minutes first."),
    "irregular_pulse": N_("Your pulse was not even. Rest for five minutes first."),
}
WHY_AGAIN = {
    "cuff_loose": N_("the cuff sat loosely"),
    "body_moved": N_("something moved"),
    "bad_position": N_("the arm lay too high or too low"),
    "strip": N_("the strip did not work"),
    "meter_temperature": N_("the meter was too warm or too cold"),
    "other_hand": N_("perhaps it was somebody else"),
    "jump": N_("far from the one before"),
    "limit": N_("out of the usual limits"),
    "irregular_pulse": N_("the pulse was not even"),
}
"""MEASURE_AGAIN as the staff read it."""
ASKED_ALOUD = {
    "said": N_("said aloud in the home"),
    "quiet_hours": N_("not said: the home does not speak at that hour"),
    "too_late": N_("not said: it came too late"),
    "silent": N_("not said: the home has no voice, or it failed"),
}
VERDICTS = {"right": N_("Right"), "false": N_("False alert"), "technique": N_("Measuring technique")}
WISHES = {
    "unwell": N_("I feel unwell"),
    "medicine": N_("My medicine"),
    "washing": N_("Help with washing"),
    "shopping": N_("Food and shopping"),
    "repair": N_("Something is broken"),
    "company": N_("Somebody to talk to"),
}
ASKED_FOR = {
    "unwell": N_("Feels unwell"),
    "medicine": N_("Medicine"),
    "washing": N_("Help with washing"),
    "shopping": N_("Food and shopping"),
    "repair": N_("Something is broken"),
    "company": N_("To look in and talk"),
}
"""WISHES as the staff say them."""
ASKED_BY = {
    "elder": N_("asked for by the elder"),
    "family": N_("asked for by the family"),
    "doctor": N_("asked for by a doctor"),
    "staff": N_("asked for by the staff"),
}
DEMAND_STATES = {
    "doubt": N_("which kind?"),
    "open": N_("waits for the desk"),
    "calling": N_("a call for help"),
    "visit": N_("somebody comes"),
    "done": N_("done"),
    "assessed": N_("assessed"),
    "closed": N_("closed"),
    "cancelled": N_("cancelled"),
}
DEMAND_WHATS = {
    "said": N_("Said"),
    "said_again": N_("Said again"),
    "sorted": N_("Sorted by the model"),
    "kind_said": N_("Said which kind it is"),
}
MOUTHS = {
    "elder": N_("The elder"),
    "family": N_("The family"),
    "nurse": N_("A nurse"),
    "desk": N_("By telephone"),
    "doctor": N_("A doctor"),
    "detection": N_("Noticed in readings"),
}
ACTORS = {"elder": N_("the elder"), "family": N_("the family"), "staff": N_("staff"), "centre": N_("the centre")}
FOLLOW_UPS = {
    "next_visit": N_("A visit as planned"),
    "low_mark": N_("The elder was not content"),
    "complained_again": N_("The elder was not content again"),
}
MEASURED_WITH = {"own_meter": N_("with the nurse's meter"), "elders_meter": N_("with the elder's meter")}
FACES = {
    1: N_("Very bad"),
    2: N_("Bad"),
    3: N_("All right"),
    4: N_("Good"),
    5: N_("Very good"),
}
FINDINGS = {
    "well": N_("Well, as usual"),
    "unwell": N_("Unwell"),
    "measured_again_usual": N_("Measured again: usual"),
    "measured_again_outside": N_("Measured again: still outside"),
    "medicine_missed": N_("Medicine missed"),
    "fell": N_("Had fallen"),
    "not_at_home": N_("Not at home"),
}
ACTIONS = {
    "talked": N_("Talked it through"),
    "showed_measuring": N_("Showed how to measure"),
    "medicine_given": N_("Medicine given as planned"),
    "doctor_called": N_("Doctor called"),
    "family_called": N_("Family called"),
    "ambulance_called": N_("Ambulance called"),
}
LANGUAGES = {
    "zh": N_("Mandarin"),
    "yue": N_("Cantonese"),
    "wuu": N_("Wu (Shanghai, Suzhou)"),
    "nan": N_("Min Nan"),
    "hak": N_("Hakka"),
    "ug": N_("Uyghur"),
    "bo": N_("Tibetan"),
    "mn": N_("Mongolian"),
    "en": N_("English"),
}
ROLES = {
    "nurse": N_("Nurse"),
    "desk": N_("Desk"),
    "installer": N_("Installer"),
    "doctor": N_("Doctor"),
    "administrator": N_("Administrator"),
    "volunteer": N_("Volunteer"),
}
FLAGS = {
    "body_moved": N_("moved while measuring"),
    "cuff_loose": N_("cuff too loose"),
    "irregular_pulse": N_("irregular pulse"),
    "pulse_above_range": N_("pulse above range"),
    "pulse_below_range": N_("pulse below range"),
    "bad_position": N_("arm in a wrong position"),
    "above_range": N_("HI: above the meter's range"),
    "below_range": N_("LO: below the meter's range"),
    "device_battery_low": N_("battery low"),
    "sensor_fault": N_("sensor fault"),
    "sample_short": N_("too little blood"),
    "strip_error": N_("strip error"),
    "strip_type_wrong": N_("wrong strip"),
    "strip_pulled": N_("strip pulled out"),
    "meter_too_hot": N_("meter too hot"),
    "meter_too_cold": N_("meter too cold"),
    "device_time_fault": N_("meter's time at fault"),
    "clock_missing": N_("meter without a clock"),
    "clock_reset": N_("meter's clock was reset"),
    "clock_jumped": N_("meter's clock had moved"),
    "from_future": N_("meter's clock ahead"),
    "time_ambiguous": N_("in the hour of the clock change"),
    "by_nurse": N_("entered by a nurse"),
}
WEARER_WHYS = {
    "user_slot": N_("by the meter's user number"),
    "by_time": N_("by the time of day"),
    "by_plausibility": N_("by each one's own normal"),
    "said": N_("said by"),
    "ask": N_("this home wants to be asked"),
    "unknown_slot": N_("nobody is registered with this user number"),
    "outside_usual_times": N_("measured at nobody's usual time"),
    "clock_doubtful": N_("the meter's clock is in doubt, so the time of day says nothing"),
    "value_doubtful": N_("the value is doubtful, so it says nothing"),
    "no_normal_yet": N_("not everybody's own normal is known yet"),
    "too_alike": N_("it could be more than one"),
    "like_nobody": N_("it is like nobody's usual"),
}
DEVICE_KINDS = {
    "glucometer": N_("Glucose meter"),
    "sphygmomanometer": N_("Blood pressure meter"),
    "unknown": N_("Unknown device"),
}
MEALS = {
    "before_meal": N_("before a meal"),
    "after_meal": N_("after a meal"),
    "fasting": N_("fasting"),
    "casual": N_("between meals"),
    "bedtime": N_("at bedtime"),
}


def label(language: Language, table: Mapping[K, str], code: K) -> str:
    """The word for `code`; the code itself, spaced, where the table does not know it."""
    word = table.get(code)
    return language.gettext(word) if word is not None else str(code).replace("_", " ")
