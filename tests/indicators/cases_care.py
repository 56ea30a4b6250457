"""What each indicator of who is cared for where must be, worked by hand as those of :mod:`tests.indicators.cases`."""

from __future__ import annotations

from tests.indicators.case import NONE, Case

K = 1000


def _of(name: str, record: dict[str, dict[tuple[str, str], float]], y80: tuple[float, ...], y81: tuple[float, ...]) -> Case:
    """``y80`` and ``y81`` are what id, my, A, B, C and D are."""
    return Case(name, record, yearly={1980: y80[:2], 1981: y81[:2]}, places={1980: y80[2:], 1981: y81[2:]})  # type: ignore[arg-type]


def _share(name: str, part: str, rest: str, *more: str) -> Case:
    """A part of itself and the rest: A 2 of 10 in January and 1 of 5 in July, B nothing of 4; C 3 of 4; in 1981 D all of 2. Others count nothing."""
    record = {
        f"sums.{part}": {("1980-01", "A"): 2, ("1980-07", "A"): 1, ("1980-03", "C"): 3, ("1981-02", "D"): 2},
        f"sums.{rest}": {("1980-01", "A"): 8, ("1980-07", "A"): 4, ("1980-02", "B"): 4, ("1980-03", "C"): 1},
    } | {f"sums.{name}": {("1980-01", "A"): 7} for name in more}  # fmt: skip
    return _of(name, record, (3 / 19, 3 / 4, 3 / 15, 0, 3 / 4, NONE), (NONE, 1, NONE, NONE, NONE, 1))


def _ratio(name: str, part: str, whole: str) -> Case:
    """The same part of a whole that is recorded by itself."""
    record = {
        f"sums.{part}": {("1980-01", "A"): 2, ("1980-07", "A"): 1, ("1980-03", "C"): 3, ("1981-02", "D"): 2},
        f"sums.{whole}": {("1980-01", "A"): 10, ("1980-07", "A"): 5, ("1980-02", "B"): 4, ("1980-03", "C"): 4, ("1981-02", "D"): 2},
    }
    return _of(name, record, (3 / 19, 3 / 4, 3 / 15, 0, 3 / 4, NONE), (NONE, 1, NONE, NONE, NONE, 1))


#: Person-months: A 240 and B 120 in 1980, so 20 and 10 people; C 60, so 5; D 12 in six months of 1981, so 2 people and one person-year.
PERSONS = {("1980-01", "A"): 120, ("1980-07", "A"): 120, ("1980-02", "B"): 120, ("1980-03", "C"): 60, ("1981-01", "D"): 12}
EACH = {
    "sums.visits_dh": {("1980-01", "A"): 1, ("1981-02", "D"): 1}, "sums.visits_ph": {("1980-07", "A"): 2, ("1980-02", "B"): 1},
    "sums.visits_hh": {("1980-01", "A"): 3, ("1980-03", "C"): 2}, "sums.visits_pa": {("1980-02", "B"): 4}, "sums.visits_ha": {("1980-01", "A"): 4, ("1981-02", "D"): 2},
}  # fmt: skip

CARE: tuple[Case, ...] = (
    # A 10 visits of 20 people, B 5 of 10, C 2 of 5; D 3 of one person-year
    _of("contacts_per_1000", EACH | {"sums.persons": PERSONS}, (K * 15 / 30, K * 2 / 5, K * 10 / 20, K * 5 / 10, K * 2 / 5, NONE), (NONE, K * 3, NONE, NONE, NONE, K * 3)),
    _of("visits_dispensary_home", EACH, (1, 0, 1, 0, 0, 0), (0, 1, 0, 0, 0, 1)),
    _of("people_treated", {"sums.persons": PERSONS, "sums.patients": {("1980-01", "A"): 5, ("1980-07", "A"): 3, ("1980-02", "B"): 7, ("1981-02", "D"): 1}},
        (15 / 30, 0, 8 / 20, 7 / 10, 0, NONE), (NONE, 1 / 2, NONE, NONE, NONE, 1 / 2)),
    _of("people_across_per_1000",
        {"sums.persons": PERSONS, "sums.patients_across": {("1980-01", "A"): 5, ("1980-07", "A"): 3, ("1980-02", "B"): 7, ("1981-02", "D"): 1}},
        (K * 15 / 30, 0, K * 8 / 20, K * 7 / 10, 0, NONE), (NONE, K / 2, NONE, NONE, NONE, K / 2)),
    _ratio("people_share_across", "patients_across", "patients"),
    # across: primary facilities and hospitals
    *(_share("care_share_across_serious", part, rest) for part in ("serious_pa", "serious_ha") for rest in ("serious_dh", "serious_ph", "serious_hh")),
    _ratio("care_share_across_line", "line_visits_across", "line_visits"),
    _ratio("care_share_across_line_serious", "line_serious_across", "line_serious"),
    _ratio("people_share_across_line", "line_patients_across", "line_patients"),
    _ratio("people_share_across_serious", "cases_across", "cases"),
    _ratio("people_share_across_line_serious", "line_cases_across", "line_cases"),
    # A 10 visits of the year at home and 11 across, which July decides; B as many at home as across; of C and of D in 1981 all across; 20 of 30, 5 of 5, and 1 of 1
    *(Case("usual_care_across", {"sums.persons": PERSONS, f"sums.{home}": {("1980-01", "A"): 10, ("1980-02", "B"): 3},
        f"sums.{across}": {("1980-01", "A"): 4, ("1980-07", "A"): 7, ("1980-02", "B"): 3, ("1980-03", "C"): 1, ("1981-02", "D"): 1}},
        yearly={1980: (20 / 30, 1), 1981: (NONE, 1)}) for home in ("visits_dh", "visits_ph", "visits_hh") for across in ("visits_pa", "visits_ha")),
    _of("contacts_per_1000_line", {"sums.line_persons": PERSONS, "sums.line_visits": {("1980-01", "A"): 10, ("1980-02", "B"): 5, ("1980-03", "C"): 2, ("1981-02", "D"): 3}},
        (K * 15 / 30, K * 2 / 5, K * 10 / 20, K * 5 / 10, K * 2 / 5, NONE), (NONE, K * 3, NONE, NONE, NONE, K * 3)),
    _ratio("untreated_share_line", "line_untreated", "line_episodes"),
    *(_ratio("hospital_reached", part, whole) for part in ("serious_hh", "serious_ha") for whole in ("episodes_hospital", "episodes_emergency")),
    *(_ratio(f"untreated_{s}", f"untreated_{s}", f"episodes_{s}") for s in ("minor", "disrupting", "hospital", "emergency")),
    *(_share("turned_away_share", f"turned_{k}", f"visits_{k}") for k in ("dh", "ph", "hh", "pa", "ha")),
    *(_share("turned_away_hospital", f"turned_{k}", f"visits_{k}", "turned_ph", "visits_pa", "turned_dh") for k in ("hh", "ha")),
    _of("sent_on", {"sums.sent_on_home": {("1980-01", "A"): 3, ("1980-03", "C"): 2}, "sums.sent_on_across": {("1980-01", "A"): 1, ("1981-02", "D"): 4}},
        (4, 2, 4, 0, 2, 0), (0, 4, 0, 0, 0, 4)),
    _share("sent_on_across", "sent_on_across", "sent_on_home"),
    _ratio("care_cost_share", "cost_share", "households"),
    _of("deaths_expected", {"sums.deaths_expected": {("1980-01", "A"): 0.5, ("1980-07", "A"): 0.25, ("1981-02", "D"): 2}},
        (0.75, 0, 0.75, 0, 0, 0), (0, 2, 0, 0, 0, 2)),
)  # fmt: skip
