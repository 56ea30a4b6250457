"""What columns hold before the first month, written out by hand: 0, but for these."""

from __future__ import annotations

import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from agents.core.declare import FIELDS

#: Until word says otherwise a facility is as good as its standard, and who comes is seen. Staff of -1 mark a facility that has not had a month yet.
#: A price level of 100 is that of 2005; before a first experience half of the seekers are thought to find a job; stocks of 1980 are set by the start.
OTHER_THAN_0 = {
    "place.job_chance": 0.5, "place.place_work": -1, "place.pay_level": 1.0, "place.income_over_pay": 1.0, "place.technique": 1.0, "place.cost_of_living": 100.0,
    "place.exchange": 1.0, "district.road": 0.2, "district.clinic": 0.2, "district.hospital": 0.2, "district.other": 0.2,
    "household.adult_age": -1, "household.child_age": -1, "household.activity": -1, "household.work_sought": -1, "household.trader": -1, "trader.good": -1,
    "village.facility_care": -1, "village.crossing_care": -1, "village.word_care": 1.0, "village.served_share": 1.0,
    "household.care": -1, "household.care_next": -1, "household.care_given": -1, "household.found_care": 1.0, "facility.is_open": 1.0, "facility.beds": 60.0,
    "facility.posts": 5.0, "facility.staff_start": 0.2, "facility.drugs_start": 0.5, "facility.staff": -1.0,
}  # fmt: skip
#: The options of a column of several values, in order, where a number in a rule says which is meant.
AXES = {
    "policy.may_cross": ("work", "undocumented"),
    "policy.may_trade": ("trade", "undeclared", "bribes"),
    "policy.turn": ("id", "my"),
    "trade_link.partner": ("legal", "path"),
    "trade_link.is_open": ("legal", "path"),
    "place.hours_care": ("primary_home", "hospital_home", "primary_across", "hospital_across"),
    "village.facility_care": ("dispensary_home", "centre_home", "hospital_home", "primary_across", "hospital_across"),
    "place.wage": ("farm", "estate", "timber", "services", "public", "pass", "permit", "undocumented"),
    "place.job_slots": ("farm", "estate", "timber", "services", "public", "pass", "permit", "undocumented"),
    "place.schooling_of_pay": ("services", "public"),
    "place.price": ("rice", "sugar", "cooking_oil", "rubber"),
    "place.yields": ("rice", "rubber"),
    "district.split": ("security", "roads", "health", "other"),
    "household.episodes": ("minor", "disrupting", "hospital", "emergency"),
    "household.untreated": ("minor", "disrupting", "hospital", "emergency"),
    "household.care_sought": ("dispensary_home", "centre_home", "hospital_home", "primary_across", "hospital_across"),
    "household.found_care": ("dispensary_home", "centre_home", "hospital_home", "primary_across", "hospital_across"),
    "household.sent_on": ("home", "across"),
    "household.new_patients": ("anywhere", "across"),
    "facility.capacity": ("outpatients", "in_beds"),
    "facility.demand": (
        "emergency_near",
        "emergency_far",
        "hospital_near",
        "hospital_far",
        "disrupting_near",
        "disrupting_far",
        "minor_near",
        "minor_far",
    ),
}


def test_initial_values() -> None:
    found = {f"{entity}.{name}": field.initial for entity, table in FIELDS.items() for name, field in table.items()}
    assert {name: value for name, value in found.items() if value != 0} == OTHER_THAN_0


@pytest.mark.parametrize("name", list(AXES))
def test_options_are_in_the_order_in_which_rules_count_them(name: str) -> None:
    entity, field = name.split(".")
    assert FIELDS[entity][field].options == AXES[name] and FIELDS[entity][field].width == len(AXES[name])
