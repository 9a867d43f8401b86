"""The quality page's figures, counted once more from the rows by other means, and seen only by those who answer."""

import csv
import io
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import quantiles

import pytest

from cloud.web.quality.small import LEAST
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration

BEGIN, END = NOW.replace(hour=16, minute=0) - timedelta(days=21), NOW.replace(hour=16, minute=0)
"""Twenty-one days of Nanjing, up to tonight."""
KINDS = ("alert", "request", "follow_up")


def create_weeks(made: Community, seed: int = 5) -> None:
    """Six weeks of visits, kept and broken, with what followed; in two communities."""
    chance = random.Random(seed)
    made.run("UPDATE home SET region_id = %s WHERE code = 'home-3'", made.regions["street"])
    for number in range(120):
        home = chance.choice(("home-1", "home-2", "home-3"))
        asked = NOW - timedelta(days=chance.uniform(0, 42))
        promised = asked + timedelta(hours=chance.choice((0.5, 4, 72)))
        state = chance.choice(("assessed", "assessed", "assessed", "filed", "cancelled", "proposed"))
        kind = chance.choice(KINDS)
        if kind == "request" and state == "proposed":
            state = "cancelled"  # of each elder one wish is open at most
        nurse = chance.choice(("nurse", "nurse2"))
        alert = None
        if kind == "alert":
            cause = chance.choice(("pulse", "blood_pressure", f"odd_{number % 3}"))
            alert = made.create_alert(home, [], raised_at=asked, cause=cause, state="closed")
        over = state not in ("proposed", "cancelled")
        visit = made.create_visit(
            home, alert, kind=kind, wish="next_visit" if kind == "follow_up" else None,
            state="closed" if over else state, nurse=nurse if over else None, asked_at=asked, promised_by=promised,
            priority=chance.choice(("now", "today", "this_week")),
        )  # fmt: skip
        if not over:
            continue
        accepted = asked + timedelta(minutes=chance.uniform(1, 30))
        came = promised + timedelta(minutes=chance.uniform(-25, 10))
        for step, at in (("accepted", accepted), ("at_the_door", came), ("filed", came + timedelta(minutes=20))):
            made.run("INSERT INTO visit_event (visit_id, state, at) VALUES (%s, %s, %s)", visit, step, at)
        made.create_report(visit, nurse, came + timedelta(minutes=20))
        if alert is not None:
            made.run(
                "UPDATE alert SET verdict = %s WHERE alert_id = %s",
                chance.choice(("right", "right", "false", "technique", None)), alert,
            )  # fmt: skip
        if state == "assessed":
            made.run(
                "INSERT INTO assessment (visit_id, face, assessed_at) VALUES (%s, %s, %s)",
                visit, chance.randint(1, 5), came + timedelta(hours=chance.uniform(1, 30)),
            )  # fmt: skip
    made.run("UPDATE visit SET promised_first = promised_by, promised_by = promised_by + INTERVAL '1 day' "
             "WHERE visit_id %% 10 = 0")  # fmt: skip
    for _ in range(30):
        heard = NOW - timedelta(days=chance.uniform(0, 42))
        made.create_alarm(
            chance.choice(("gw-home-1", "gw-home-3")), "closed", heard_at=heard, taken_by="desk",
            taken_at=heard + timedelta(seconds=chance.uniform(5, 300)),
        )  # fmt: skip


Figures = dict[tuple[str, str, str], float | None]


def exported(text: str) -> Figures:
    """By table, the group's code or else name, and figure."""
    return {
        (line["table"], line["group"] or line["name"], line["figure"]): float(line["value"]) if line["value"] else None
        for line in csv.DictReader(io.StringIO(text))
    }


def within(at: datetime | None) -> bool:
    return at is not None and BEGIN <= at < END


def test_figures_agree_with_the_rows(site: Site, community: Community) -> None:
    create_weeks(community)
    days = f"from={(BEGIN + timedelta(days=1)).date()}&to={END.date()}"  # Nanjing's midnight is 16:00 of the day before
    with site.signed_in("desk") as desk:
        figures = exported(desk.get(f"/quality.csv?{days}").text)
        shown = words(desk.get(f"/quality?{days}").text)
    check_promises(figures, community, shown)
    check_waiting(figures, community)
    check_alerts(figures, community)
    check_marks(figures, community)
    kinds = Counter(kind for kind, asked in community.run("SELECT kind, asked_at FROM visit") if within(asked))
    assert {kind: figures["visits_by_kind", kind, "n"] for kind in kinds} == kinds


def check_promises(figures: Figures, community: Community, shown: str) -> None:
    promised: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for priority, state, promised_by, came in community.run(
        """SELECT priority, state, coalesce(promised_first, promised_by),
                  (SELECT at FROM visit_event e WHERE e.visit_id = v.visit_id AND e.state = 'at_the_door')
           FROM visit v"""
    ):
        if not within(promised_by):
            continue
        if came:
            how = "kept" if came <= promised_by else "late"
        else:
            how = "cancelled" if state == "cancelled" else "missed" if promised_by < NOW else "to_come"
        promised[priority][how] += 1
        promised["all"][how] += 1
    for priority, counts in promised.items():
        due = counts["kept"] + counts["late"] + counts["missed"]
        assert figures["promises_by_priority", priority, "due"] == due
        assert figures["promises_by_priority", priority, "kept_share"] == pytest.approx(counts["kept"] / due, abs=1e-4)
        for how in ("kept", "late", "missed", "to_come", "cancelled"):
            assert figures["promises_by_priority", priority, how] == counts[how], (priority, how)
    kept, due = promised["all"]["kept"], sum(promised["all"][how] for how in ("kept", "late", "missed"))
    assert f"{kept / due * 100:.0f} % of {due} promises kept" in shown


def check_waiting(figures: Figures, community: Community) -> None:
    waits = [
        (accepted - asked).total_seconds()
        for asked, accepted in community.run(
            "SELECT asked_at, at FROM visit JOIN visit_event e USING (visit_id) "
            "WHERE kind = 'alert' AND e.state = 'accepted'"
        )
        if within(asked)
    ]
    assert figures["waiting", "alert_accepted", "n"] == len(waits)
    deciles = quantiles(waits, n=10, method="inclusive")
    assert figures["waiting", "alert_accepted", "median"] == pytest.approx(deciles[4], abs=0.1)
    assert figures["waiting", "alert_accepted", "p90"] == pytest.approx(deciles[8], abs=0.1)
    calls = [heard for (heard,) in community.run("SELECT heard_at FROM alarm") if within(heard)]
    assert figures["waiting", "call_taken", "n"] == len(calls)


def check_alerts(figures: Figures, community: Community) -> None:
    by_cause: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for cause, verdict, raised in community.run("SELECT cause, verdict, raised_at FROM alert"):
        if within(raised):
            by_cause[cause].update(["n", verdict or "none"])
    assert figures["alerts_by_cause", "all", "n"] == sum(counts["n"] for counts in by_cause.values())
    assert figures["alerts_by_cause", "all", "false"] == sum(counts["false"] for counts in by_cause.values())
    for cause, counts in by_cause.items():
        shown = figures["alerts_by_cause", cause, "n"]
        assert shown is None if counts["n"] < LEAST else shown in (None, counts["n"])
        assert figures["alerts_by_cause", cause, "right"] == (None if shown is None else counts["right"])


def check_marks(figures: Figures, community: Community) -> None:
    faces: defaultdict[str, list[int]] = defaultdict(list)
    for nurse, region, face, at in community.run(
        """SELECT s.name, r.name, face, assessed_at FROM assessment JOIN visit_report USING (visit_id)
           JOIN staff s USING (staff_id) JOIN visit USING (visit_id) JOIN elder USING (elder_id)
           JOIN home USING (home_id) JOIN region r ON r.region_id = home.region_id"""
    ):
        if within(at):
            faces[f"nurse {nurse}"].append(face)
            faces[f"community {region}"].append(face)
    assert min(len(given) for given in faces.values()) >= LEAST, "else nothing is to compare"
    for key, given in faces.items():
        of, name = key.split(" ")
        assert figures[f"assessments_by_{of}", name, "n"] == len(given)
        assert figures[f"assessments_by_{of}", name, "mean"] == pytest.approx(sum(given) / len(given), abs=0.01)


def test_a_community_by_itself_and_days_that_make_no_sense(site: Site, community: Community) -> None:
    create_weeks(community)
    street, lane = community.regions["street"], community.regions["community"]
    with site.signed_in("desk") as desk:
        whole, of_lane = (
            exported(desk.get(f"/quality.csv?days=60{region}").text) for region in ("", f"&region={lane}")
        )
        part = of_lane["visits_by_kind", "alert", "n"]
        assert part is not None
        assert 0 < part < (whole["visits_by_kind", "alert", "n"] or 0)
        assert desk.get(f"/quality?region={street}").status_code == 200
        for wrong in (f"region={community.regions['elsewhere']}", "region=-1", f"region={2**40}"):
            assert desk.get(f"/quality?{wrong}").status_code == 404, wrong
        assert desk.get("/quality?from=&to=&region=").status_code == 200
        assert desk.get("/quality?from=2026-13-01").status_code == 422
        assert "Nothing happened in these days" in desk.get("/quality?from=2020-01-01&to=2020-02-01").text


def test_only_the_centre_looks(site: Site, community: Community) -> None:
    create_weeks(community)
    for login, code in (("desk", 200), ("admin", 200), ("nurse", 403), ("stranger", 403)):
        with site.signed_in(login) as client:
            assert client.get("/quality").status_code == code, login
            assert client.get("/quality.csv").status_code == code, login
    community.run("UPDATE staff SET role = 'desk' WHERE login = 'stranger'")
    with site.signed_in("stranger") as client:
        assert exported(client.get("/quality.csv?days=90").text) == {}
        assert "Nothing happened in these days" in client.get("/quality").text
