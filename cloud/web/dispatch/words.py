"""What routes say in words: why a visit is in none, and why one was moved."""

from cloud.web.language import N_

WHY_NOT = {
    "no_nurse": N_("Nobody works in these days"),
    "no_skill": N_("Nobody who works has what it needs"),
    "pin_away": N_("The nurse who is to go does not work"),
    "nobody_wished": N_("Those who could go declined, or are not wished for"),
    "one_alone": N_("Two people are needed, and one alone could go"),
    "too_many": N_("More than two people at one door are not planned"),
    "day_full": N_("Nobody has the time"),
}
MOVED = {
    "urgent": N_("an urgent visit came between"),
    "later": N_("a visit before it takes longer"),
    "nurse": N_("the nurse who was to come does not"),
    "away": N_("the nurse who was to come is away"),
    "desk": N_("the desk moved it"),
    "better": N_("all routes were made anew"),
}
RISK_CLASSES = {"high": N_("high risk"), "raised": N_("raised risk"), "usual": N_("usual risk")}
