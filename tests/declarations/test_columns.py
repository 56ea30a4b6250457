"""Columns have the type, shape and kind that they declare, and rules write no others."""

from __future__ import annotations

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel, Scenario
from abm.results.record import DEALS, STOCKS, SUMS, TIES
from agents.core.compiled import plain
from agents.core.declare import FIELDS, RULES
from agents.official.fields import KINDS
from agents.surroundings import (
    ACTIVITIES,
    CARE_OPTIONS,
    CENTRE,
    CHANNELS,
    CROPS,
    DIRECTIONS,
    DISPENSARY,
    ESTATE,
    FACILITY_KINDS,
    FARM,
    GOODS,
    HOSPITAL,
    LOOKING,
    PASS,
    PERMIT,
    PUBLIC,
    PURPOSES,
    SECTORS,
    SERVICES,
    SEVERITIES,
    SIDES,
    TIMBER,
    UNDOCUMENTED,
    VILLAGE_CARE,
    VILLAGE_CARE_BY_SEVERITY,
    WORK,
)
from tests.declarations import sources
from tests.model.tools import MANY_TRADERS


def test_columns_named_by_rules_exist() -> None:
    for rule in RULES.values():
        for name in (*rule.reads, *rule.writes):
            entity, field = name.split(".")
            assert field in FIELDS.get(entity, {}), f"{rule.name} names {name}, which is not declared"


def test_every_field_is_used() -> None:
    by_rules = {n for r in RULES.values() for n in (*r.reads, *r.writes)}
    by_model = set().union(*(sources.texts(t) | sources.attributes_read(t) for m, t in sources.trees().items() if m.startswith("abm.")))
    unused = [f"{e}.{n}" for e, table in FIELDS.items() for n in table if f"{e}.{n}" not in by_rules and n not in by_model]
    assert not unused


def declared_shape(model: BorderModel, entity: str, name: str) -> tuple[int, ...]:
    """Sizes of the axes that a column says it has: one row for each agent, place or month, unless it names its axes."""
    field = FIELDS[entity][name]
    sizes = {"place": model.world.n_places, "month": model.n_months, "calendar_month": 12, "side": 2, "good": 4, "crop": 2, "direction": 2,
             "channel": 4, "tier": 2, "patient": 2, "sum": len(SUMS), "deal": len(DEALS), "tie_sum": len(TIES),
             "papers": 3, "work": 8, "sector": 4, "sector_beside_estates": 3, "way": 2, "care_option": 4, "crossing": len(model.world.crossing_names),
             "district": len(model.world.district_names), "stock": len(STOCKS), "month_to_2030": 612, "group": len(model.region.groups),
             "pair": model.world.n_places**2}  # fmt: skip
    if field.axes:
        return tuple(sizes[axis] for axis in field.axes)
    values = (field.width,) if field.width > 1 else ()
    if entity == "policy":
        return (field.width,)  # of the whole world: no rows
    if entity == "kin":
        rows = len(model.frames["household"]) if name in ("first", "first_across", "end") else len(model.kin.columns["other"])
        return (1,) if name in ("is_on", "income_gap", "n_new") else (rows,)
    rows = model.n_months if entity == "series" else model.world.n_places if entity == "trade_link" else model.rows_of(entity)
    return (rows, *values)


@pytest.mark.parametrize("name", [f"{entity}.{name}" for entity, table in FIELDS.items() for name in table])
def test_columns_have_the_declared_type_and_shape(model: BorderModel, name: str) -> None:
    entity, field = name.split(".")
    column = getattr(model.record, field)[0] if entity == "record" else model.column(name)
    assert column.dtype == np.dtype(FIELDS[entity][field].dtype)
    assert column.shape == declared_shape(model, entity, field)


def test_axes_that_a_column_names_agree_with_its_width() -> None:
    for entity, table in FIELDS.items():
        for name, field in table.items():
            assert not field.axes or field.width == 1, f"{entity}.{name} names its axes and a width as well"


#: Single precision or small integers, where a million agents would otherwise cost memory; codes of places and of rows.
NARROW = {
    "int8": ("household.side", "household.group", "household.n_adults", "household.n_children", "household.activity", "household.works_home",
             "household.works_across", "kin.is_kin", "kin.feast", "household.episodes", "household.care_sought", "household.care_visits", "household.untreated",
             "household.ill", "household.care", "household.care_next", "household.care_given", "household.serious_visits", "household.turned_away",
             "household.sent_on", "household.insured", "household.new_patients",
             "household.work_sought", "household.n_deported", "household.n_workers", "household.adult_age", "household.child_age", "household.under_employed", "trader.side", "trader.cards", "trader.good", "trader.direction",
             "trader.channel", "official.side", "official.kind"),
    "int16": ("household.place", "household.village", "household.seen_year", "household.seen_across", "trader.place", "official.place", "official.crossing", "official.district",
              "record.care_crossing", "record.work_crossing", "record.trade_crossing", "record.partner"),
    "int32": ("household.trader", "trader.household", "kin.first", "kin.first_across", "kin.end", "kin.other"),
    "uint16": ("kin.pair",),
    "float32": ("household.schooling", "household.opinion_home", "household.opinion_across", "household.heard_across", "household.heard_work",
                "household.trips_across", "household.knows_work", "household.trips_mean", "household.visits_across", "household.days_lost", "household.found_care", "household.deaths_expected", "household.fear", "kin.contact", "kin.strength"),
}  # fmt: skip


def test_numbers_are_of_double_precision_and_codes_whole() -> None:
    narrow = {name: dtype for dtype, names in NARROW.items() for name in names}
    for entity, table in FIELDS.items():
        for name, field in table.items():
            usual = "int64" if field.unit in ("code", "key") or name in ("is_primary",) else "float64"
            assert field.dtype == narrow.pop(f"{entity}.{name}", usual), f"{entity}.{name}"
    assert not narrow


#: Columns that no rule writes and that change nevertheless: by the model itself, in January and when its scenario changes something.
BY_THE_MODEL = {
    "place": {"adults", "workers", "hours_centre", "hours_care", "quality_care", "facility_care", "crossing_care", "hours_work", "crossing_work", "place_work", "road"},
    "trade_link": {"partner", "hours", "crossing"},
    "village": {"facility_care", "hours_by_season", "crossing_care"},
    "crossing": {"is_open", "is_post", "patrol"},
    "facility": {"catchment", "is_open", "progress", "standard"},
    "district": {"population"},
    "household": {"n_adults", "n_children", "n_workers", "adult_age", "child_age", "land", "weight"},
    "trader": {"weight"},
    "policy": {"turn", "enforced", "invests", "has_programme", "prices_move", "may_cross", "may_trade", "may_help"},
    "kin": {"contact", "is_on", "income_gap", "n_new", "first", "first_across", "end", "other", "pair", "is_kin"},
}  # fmt: skip


def test_what_is_not_fixed_has_a_writer() -> None:
    written = {name for rule in RULES.values() for name in rule.writes}
    for entity, table in FIELDS.items():
        for name, field in table.items():
            changes = f"{entity}.{name}" in written or name in BY_THE_MODEL.get(entity, ())
            assert changes == (field.kind != "fixed"), f"{entity}.{name} is {field.kind}"


def test_columns_of_a_month_hold_nothing_from_the_month_before() -> None:
    """Spoilt at the end of every month, they change nothing."""
    usual, spoilt = (BorderModel(Scenario.load("history", end="1981-02"), households=60, rng=7) for _ in range(2))
    taken_over = {"policy", "kin", "record"}  # by the model when something changes
    for _ in range(14):
        usual.step()
        spoilt.step()
        for entity, table in FIELDS.items():
            for name, field in table.items():
                if (
                    field.kind == "month"
                    and entity not in taken_over
                    and (entity, name) not in {("crossing", "is_open"), ("crossing", "is_post")}
                ):
                    spoilt.column(f"{entity}.{name}")[...] = 77
    assert usual.results.monthly.equals(spoilt.results.monthly)
    for name, field in FIELDS["household"].items():
        if field.kind != "month":
            assert np.array_equal(usual.frames["household"][name], spoilt.frames["household"][name]), name


def test_options_are_named_in_the_order_in_which_rules_count_them(model: BorderModel) -> None:
    assert tuple(f"{tier}_{side}" for side in ("home", "across") for tier in ("primary", "hospital")) == CARE_OPTIONS
    assert ACTIVITIES == ("farm", "estate", "timber", "services", "public", "pass", "permit", "undocumented", "looking")
    assert tuple(range(9)) == (FARM, ESTATE, TIMBER, SERVICES, PUBLIC, PASS, PERMIT, UNDOCUMENTED, LOOKING)
    assert (ACTIVITIES[:8], ACTIVITIES[1:5]) == (WORK, SECTORS) and CHANNELS == ("allowance", "declared", "bribe", "path")
    assert (("sell_across", "buy_across"), ("id", "my"), (GOODS[0], GOODS[3])) == (DIRECTIONS, SIDES, CROPS)
    assert tuple(model.region.goods["good"]) == GOODS and PURPOSES == ("security", "roads", "health", "other")
    assert (KINDS, SEVERITIES) == (
        ("post_officer", "patrol_leader", "planner", "health_officer"),
        ("minor", "disrupting", "hospital", "emergency"),
    )
    assert VILLAGE_CARE == ("dispensary_home", "centre_home", "hospital_home", "primary_across", "hospital_across")
    assert (FACILITY_KINDS, DISPENSARY, CENTRE, HOSPITAL) == (("dispensary", "centre", "hospital"), 0, 1, 2)
    assert tuple(f"{option}_{severity}" for option in VILLAGE_CARE for severity in SEVERITIES) == VILLAGE_CARE_BY_SEVERITY
    by_width = {"care": CARE_OPTIONS, "work": WORK}
    for entity, table in FIELDS.items():
        for name, field in table.items():
            if entity == "trade_link" and field.width == 2:
                assert field.options == ("legal", "path"), name
            for end, options in by_width.items():
                if entity == "place" and name.endswith(f"_{end}") and field.width > 1:
                    assert field.options == options, name
            if entity == "village" and name.endswith("_care") and field.width > 1:
                assert field.options == VILLAGE_CARE, name


@pytest.fixture(scope="module")
def changing() -> set[str]:
    """Columns that change in three years: for agents, of those who are there at both ends; rows of others are then told by uid."""
    start = BorderModel(Scenario.load("history", set=MANY_TRADERS, end="1982-12"), households=180, rng=7)
    model = BorderModel(Scenario.load("history", set=MANY_TRADERS, end="1982-12"), households=180, rng=7).run()
    rows = {}
    for entity in ("household", "trader", "official"):
        _, before, after = np.intersect1d(start.column(f"{entity}.uid"), model.column(f"{entity}.uid"), return_indices=True)
        assert len(before) >= 8, entity
        rows[entity] = before, after
    found = set()
    for entity, table in FIELDS.items():
        for name in table:
            if entity == "record":
                continue
            a, b = start.column(f"{entity}.{name}"), model.column(f"{entity}.{name}")
            if entity in rows:
                a, b = a[rows[entity][0]], b[rows[entity][1]]
            if name in ("trader", "household"):  # a row of the other frame: whose it is
                a, b = (np.where(x < 0, -1, m.column(f"{name}.uid")[np.maximum(x, 0)]) for x, m in ((a, start), (b, model)))
            if not np.array_equal(a, b):
                found.add(f"{entity}.{name}")
    return found


def test_fixed_columns_do_not_change(changing: set[str]) -> None:
    assert sorted(name for name in changing if FIELDS[name.split(".")[0]][name.split(".")[1]].kind == "fixed") == []


def test_a_demography_changes_what_people_are(changing: set[str]) -> None:
    """Who they are, where they live, and what they were taught stays for life; their house, their land and how many they stand for do not."""
    of_life = {f"household.{n}" for n in ("uid", "place", "side", "group", "schooling", "ability", "trader")}
    of_life |= {f"trader.{n}" for n in ("uid", "place", "side", "household", "load", "cards", "skill")}
    assert not changing & of_life
    assert {f"household.{n}" for n in ("n_adults", "n_children", "n_workers", "adult_age", "child_age", "land", "weight")} <= changing
    assert {"trader.weight", "district.population", "facility.catchment", "place.adults", "place.workers"} <= changing


def test_no_rule_writes_a_fixed_column() -> None:
    for rule in RULES.values():
        for name in rule.writes:
            entity, field = name.split(".")
            assert FIELDS[entity][field].kind != "fixed", f"{rule.name} writes {name}"


def test_no_rule_writes_what_it_only_reads(model: BorderModel) -> None:
    model.month -= 1  # the record of the last month, to bind the rules that write it
    try:
        for rule in RULES.values():
            bound = model._bind(rule)
            names = (*rule.reads, *rule.writes)
            for name, array in zip(names, bound.columns, strict=True):
                assert np.shares_memory(array, model.column(name)), f"{rule.name}: {name} is a copy"
            copies = [array.copy() for array in bound.columns]
            for name, array in zip(names, copies, strict=True):
                array.flags.writeable = name in rule.writes
            settings = [model.settings.of(c) if c else None for c in (rule.parameters, rule.other_parameters)]
            given = (0, bound.n, 7, model.month, *settings)
            plain(rule.loop)(*(given[k] for k in bound.lead), *copies)  # a write to a read-only array is an error
    finally:
        model.month += 1
