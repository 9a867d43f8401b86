"""Words of the register's codes."""

from cloud.web.language import N_

SEXES = {"female": N_("Woman"), "male": N_("Man")}
DWELLINGS = {
    "flat": N_("A flat"),
    "house": N_("A house"),
    "room": N_("A room with others"),
    "care_home": N_("A care home"),
    "other": N_("Something else"),
}
LIVES_WITH = {
    "alone": N_("Alone"),
    "spouse": N_("Husband or wife"),
    "children": N_("Children"),
    "parents": N_("Parents"),
    "siblings": N_("Brothers or sisters"),
    "relatives": N_("Other relatives"),
    "carer": N_("A live-in carer"),
    "others": N_("Others"),
}
RELIGIONS = {
    "none": N_("None"),
    "buddhism": N_("Buddhism"),
    "taoism": N_("Taoism"),
    "islam": N_("Islam"),
    "protestantism": N_("Protestantism"),
    "catholicism": N_("Catholicism"),
    "other": N_("Another one"),
}
DIETS = {
    "halal": N_("Halal"),
    "vegetarian": N_("Vegetarian"),
    "no_pork": N_("No pork"),
    "little_sugar": N_("Little sugar"),
    "little_salt": N_("Little salt"),
    "little_fat": N_("Little fat"),
    "soft": N_("Soft"),
    "pureed": N_("Pureed"),
}
PAYERS = {
    "self": N_("They themselves"),
    "family": N_("The family"),
    "employee_insurance": N_("Employees' medical insurance"),
    "resident_insurance": N_("Residents' medical insurance"),
    "care_insurance": N_("Long-term care insurance"),
    "government": N_("The government"),
    "other_insurance": N_("Another insurance"),
    "other": N_("Somebody else"),
}
SCALES = {"gbt42195": N_("Abilities (GB/T 42195)"), "barthel": N_("Barthel index")}
LEVELS = {
    0: N_("Nothing is lost"),
    1: N_("A little is lost"),
    2: N_("Half is lost"),
    3: N_("Much is lost"),
    4: N_("All is lost"),
}
"""Of GB/T 42195."""
BARTHEL_LEVELS = {
    0: N_("Needs nobody"),
    1: N_("Needs somebody a little"),
    2: N_("Needs somebody often"),
    3: N_("Needs somebody for nearly all"),
}
GROUNDS = {
    "coma": N_("In a coma"),
    "dementia": N_("Dementia, diagnosed (F00 to F03)"),
    "mental_illness": N_("Another mental illness, diagnosed (F04 to F99)"),
    "accidents": N_("Twice or more within 30 days a fall, a choking, getting lost or self-harm"),
}
PARTS = {
    "self_care": N_("Looking after themselves"),
    "movement": N_("Moving"),
    "mind": N_("Mind"),
    "senses_and_society": N_("Senses and society"),
    "daily_life": N_("Daily life"),
}
ITEMS = {
    "eating": N_("Eating"),
    "grooming": N_("Washing face, teeth, hair, nails"),
    "bathing": N_("Bathing"),
    "dressing": N_("Dressing"),
    "upper_dressing": N_("Dressing above"),
    "lower_dressing": N_("Dressing below, with shoes and socks"),
    "urine": N_("Holding water"),
    "stool": N_("Holding stool"),
    "toilet": N_("Going to the toilet"),
    "bed_mobility": N_("Turning, sitting up and lying down in bed"),
    "chair_transfer": N_("From bed to chair"),
    "walking": N_("Walking on the level"),
    "stairs": N_("Stairs"),
    "time": N_("Knowing the time"),
    "place": N_("Knowing the place"),
    "persons": N_("Knowing people"),
    "memory": N_("Memory"),
    "understanding": N_("Understanding others"),
    "expression": N_("Being understood"),
    "aggression": N_("No blows or abuse within a month"),
    "low_mood": N_("No low spirits within a month"),
    "consciousness": N_("Consciousness"),
    "sight": N_("Sight"),
    "hearing": N_("Hearing"),
    "affairs": N_("Daily affairs: washing, small shopping, medicine"),
    "transport": N_("Going out by bus or taxi"),
    "company": N_("Company of others"),
}
