"""Why somebody should go there, in plain words: the reasons of an alert (data with rule ids) as sentences.

A reason says rule, metric, value and, where they apply, count, since, limit, usual_low, usual_high, source. Whatever a
later rule adds is ignored, and a rule that is not known here still says its value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.web import labels
from cloud.web.charts.reason_scale import ReasonScale, reason_scale
from cloud.web.language import N_, Language
from cloud.web.moments import at_time, clock_time
from cloud.web.values import Measures, short_name

RULES = {
    "hypoglycaemia_level_2": N_("Very low glucose (level 2)"),
    "hypoglycaemia_consecutive": N_("Low glucose several times in a row"),
    "hypoglycaemia_level_1": N_("Low glucose (level 1)"),
    "glucose_too_high_to_read": N_("Glucose too high for the meter"),
    "glucose_above_300_two_days": N_("Very high glucose on days in a row"),
    "glucose_above_250_twice": N_("High glucose twice in a day"),
    "severe_pressure_repeated": N_("Severe pressure, repeated"),
    "severe_pressure": N_("Severe pressure"),
    "high_pressure": N_("High pressure over days"),
    "low_pressure": N_("Low pressure"),
    "fast_pulse": N_("Fast pulse"),
    "slow_pulse": N_("Slow pulse"),
    "raised_pressure": N_("Raised pressure"),
    "raised_pulse": N_("Raised pulse"),
    "raised_pulse_confirmed": N_("Raised pulse, measured again"),
    "lowered_pulse": N_("Lowered pulse"),
    "own_normal": N_("Outside the own normal"),
    "own_step": N_("A sudden change of what is usual"),
    "own_drift": N_("A slow change of what is usual"),
    "own_variability": N_("Less steady than usual"),
    "own_morning_surge": N_("Much higher in the morning than in the evening"),
    "own_standing_fall": N_("Falls from one measurement to the next"),
    "routine_restless": N_("Restless for hours"),
    "routine_night_bathroom": N_("Often in the bathroom by night"),
    "routine_no_movement": N_("No movement in the morning"),
    "routine_no_shower": N_("No shower for longer than usual"),
    "routine_long_stay": N_("Under the shower for too long"),
    "routine_bathroom_stay": N_("Not seen again since the bathroom"),
    "silence": N_("Does not measure as usual"),
}
"""What each rule looks for. The rule ids and their fields stand in docs/detection.md."""
_FORMS = {
    "own_variability": N_("%(name)s sways by %(value)s"),
    "own_morning_surge": N_("%(name)s %(value)s higher in the morning"),
    "own_standing_fall": N_("%(name)s falls by %(value)s"),
    "routine_restless": N_("%(value)s changes of room an hour"),
    "routine_night_bathroom": N_("%(value)s visits to the bathroom in a night"),
    "routine_no_movement": N_("no movement until %(value)s o'clock"),
    "routine_no_shower": N_("no shower for %(value)s days"),
    "routine_long_stay": N_("%(value)s min under the shower"),
    "routine_bathroom_stay": N_("no movement for %(value)s min, last in the bathroom"),
    "silence": N_("%(name)s not measured for %(value)s days"),
}
"""Where a reason's value is no level of the metric."""
_NO_LEVEL = frozenset(_FORMS) - frozenset(
    {"routine_night_bathroom", "routine_no_movement", "routine_no_shower", "routine_bathroom_stay"}
)
"""Where what is usual is no level to compare the value with."""
_MEAN_RULES = frozenset({"high_pressure"})
_SINCE_RULES = frozenset(rule for rule in RULES if rule.startswith("routine_")) | {"silence"}
"""They speak of a stretch of time, not of single values."""


@dataclass(frozen=True)
class Why:
    sentence: str
    """Such as "Sys 184 mmHg, twice since 07:40; usual 138 to 152"."""
    rule: str
    """What the rule looks for, in words."""
    source: str
    """Where the figure comes from."""
    confirmed: bool
    note: str = ""
    """What else a judge of it should know: doubtful readings, a widened band."""
    scale: ReasonScale | None = None
    """The same as a picture; None where there is nothing to compare the value with."""


@dataclass(frozen=True)
class Sayer:
    """Says reasons to one reader: language, units, the home's zone and what time it is."""

    language: Language
    measures: Measures
    zone: ZoneInfo
    now: datetime

    def why(self, reason: Mapping[str, Any]) -> Why:
        rule = str(reason.get("rule", ""))
        head = self.language.gettext(", ").join(
            part for part in (self._value(reason), self._when(reason, rule)) if part
        )
        parts = (head, self._usual(reason), "" if rule == "own_normal" else self._limit(reason))
        sentence = self.language.gettext("; ").join(part for part in parts if part)
        return Why(
            sentence=sentence,
            rule=self.language.gettext(RULES[rule]) if rule in RULES else rule.replace("_", " "),
            source=str(reason.get("source") or ""),
            confirmed=bool(reason.get("confirmed", False)),
            note=self._note(reason),
            scale=self._scale(reason, sentence),
        )

    def all(self, reasons: list[dict[str, Any]] | None) -> list[Why]:
        return [self.why(reason) for reason in reasons or []]

    def first(self, reasons: list[dict[str, Any]] | None) -> str:
        """One sentence: the weightiest reason, which detection puts first."""
        return self.why(reasons[0]).sentence if reasons else ""

    def urgency(self, priority: str, reasons: list[dict[str, Any]] | None) -> str:
        """Why it is as urgent as that: "today, because of: severe pressure". Empty without such a reason."""
        rules = [reason for reason in reasons or [] if reason.get("priority") == priority]
        if not rules:
            return ""
        names = dict.fromkeys(str(reason.get("rule", "")) for reason in rules)
        said = self.language.gettext(", ").join(
            self.language.gettext(RULES[name]) if name in RULES else name.replace("_", " ") for name in names
        )
        word = labels.label(self.language, labels.PRIORITIES, priority)
        text = self.language.gettext("%(priority)s, because of: %(rules)s", priority=word, rules=said)
        if any(reason.get("floor") is True for reason in rules):
            text += self.language.gettext("; ") + self.language.gettext("nothing may hold this back")
        return text

    def _scale(self, reason: Mapping[str, Any], words: str) -> ReasonScale | None:
        value, limit = _number(reason.get("value")), _number(reason.get("limit"))
        if value is None:
            return None
        rule, metric = str(reason.get("rule", "")), str(reason.get("metric", ""))
        shown = "" if rule in _SINCE_RULES else metric
        low, high = _number(reason.get("usual_low")), _number(reason.get("usual_high"))
        usual = None
        if low is not None and high is not None and rule not in _NO_LEVEL:
            usual = (self.measures.scaled(shown, low), self.measures.scaled(shown, high), self._usual(reason))
        at_limit = None
        if limit is not None and rule != "own_normal":
            number = self.measures.number(shown, limit)
            at_limit = (
                self.measures.scaled(shown, limit),
                self.language.gettext("limit %(limit)s", limit=number),
            )
        bound = {"lower": "HI", "upper": "LO"}.get(str(reason.get("bound")), "")
        at_value = (self.measures.scaled(shown, value), bound or self.measures.number(shown, value))
        return reason_scale(at_value, usual, at_limit, words=words, beyond=bound)

    def _value(self, reason: Mapping[str, Any]) -> str:
        metric, value = str(reason.get("metric", "")), _number(reason.get("value"))
        if not metric:
            return ""
        name = short_name(self.language, metric)
        if reason.get("bound") == "lower":  # the value is a lower bound: the meter said HI
            return self.language.gettext("%(name)s too high for the meter (HI)", name=name)
        if reason.get("bound") == "upper":
            return self.language.gettext("%(name)s too low for the meter (LO)", name=name)
        if value is None:
            return name
        rule = str(reason.get("rule", ""))
        text = f"{value:.0f}" if rule in _SINCE_RULES else self.measures.text(metric, value)
        form = _FORMS.get(rule)
        return f"{name} {text}" if form is None else self.language.gettext(form, name=name, value=text)

    def _when(self, reason: Mapping[str, Any], rule: str) -> str:
        count, days = reason.get("count", 1), reason.get("days")
        if isinstance(days, int) and days > 1:
            if rule in _MEAN_RULES:
                return self.language.gettext("mean of %(days)s days", days=days)
            return self.language.gettext("on %(days)s days in a row", days=days)
        since = _moment(reason.get("since")) or _moment(reason.get("at"))
        if since is None:
            return ""
        time = clock_time(self.language, since, self.now, self.zone)
        if rule in _SINCE_RULES:
            return self.language.gettext("since %(time)s", time=time)
        return self._how_often(count, since, time)

    def _how_often(self, count: object, since: datetime, time: str) -> str:
        if not isinstance(count, int) or count <= 1:
            return at_time(self.language, since, self.now, self.zone)
        if count == 2:
            return self.language.gettext("twice since %(time)s", time=time)
        return self.language.gettext("%(count)s times since %(time)s", count=count, time=time)

    def _usual(self, reason: Mapping[str, Any]) -> str:
        low, high = _number(reason.get("usual_low")), _number(reason.get("usual_high"))
        if low is None or high is None or reason.get("rule") in _NO_LEVEL:
            return ""
        metric = "" if reason.get("rule") in _SINCE_RULES else str(reason.get("metric", ""))
        return self.language.gettext(
            "usual %(low)s to %(high)s",
            low=self.measures.number(metric, low),
            high=self.measures.number(metric, high),
        )

    def _limit(self, reason: Mapping[str, Any]) -> str:
        limit = _number(reason.get("limit"))
        if limit is None:
            return ""
        whole = reason.get("rule") in _SINCE_RULES
        number = f"{limit:.0f}" if whole else self.measures.number(str(reason.get("metric", "")), limit)
        if reason.get("comparison") in ("below", "at_most"):
            return self.language.gettext("under the limit of %(limit)s", limit=number)
        return self.language.gettext("limit %(limit)s", limit=number)

    def _note(self, reason: Mapping[str, Any]) -> str:
        parts = []
        doubtful, wider = reason.get("doubtful"), _number(reason.get("wider"))
        if isinstance(doubtful, int) and doubtful > 0:
            parts.append(
                self.language.ngettext("%(n)s of these readings is doubtful", "%(n)s of these are doubtful", doubtful)
            )
        if wider is not None and wider > 1:
            parts.append(
                self.language.gettext(
                    "the band was made %(percent)s %% wider after false alerts", percent=round((wider - 1) * 100)
                )
            )
        return self.language.gettext("; ").join(parts)


def rules_of(reasons: list[dict[str, Any]] | None) -> frozenset[str]:
    """The ids of the rules that `reasons` speak of."""
    return frozenset(str(reason.get("rule", "")) for reason in reasons or [])


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
