"""What is declared is used, what is used is declared, and the month's order gives every rule what it reads."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel, Scenario
from abm.month import MONTH, Step
from abm.results.record import DEALS, SUMS
from agents.core.compiled import plain
from agents.core.declare import (
    CALL_ARGUMENTS,
    FIELDS,
    OUTPUTS,
    PARAMETER_CLASSES,
    PARAMETERS,
    RULES,
    SWITCHES,
    UNITS,
    Source,
    argument_names,
)
from agents.core.draws import STREAMS
from agents.household.fields import SEVERITIES
from agents.official.fields import KINDS
from agents.surroundings import ACTIVITIES, CARE_OPTIONS, CHANNELS, CROPS, DIRECTIONS, GOODS, PURPOSES, SIDES
from tests.declarations import sources


@pytest.fixture(scope="module")
def model() -> BorderModel:
    """Two years of a small run."""
    return BorderModel(Scenario.load("history", end="1981-12"), households=60, rng=7).run()


# ---- everything is described ----------------------------------------------------------------------------------------

DECLARED: dict[str, Any] = {
    **{f"parameter {n}": x for n, x in PARAMETERS.items()},
    **{f"field {e}.{n}": x for e, table in FIELDS.items() for n, x in table.items()},
    **{f"output {n}": x for n, x in OUTPUTS.items()},
}


@pytest.mark.parametrize("what", DECLARED)
def test_unit_label_and_source(what: str) -> None:
    said = DECLARED[what]
    assert said.unit in UNITS
    assert said.label.strip() == said.label and not said.label.endswith(".")
    assert said.label[0].isupper() or said.label[0].isdigit()
    assert isinstance(said.source, Source) and said.source.reference.strip()


def test_names_are_keys() -> None:
    assert all(p.name == n for n, p in PARAMETERS.items())
    assert all(f.name == n for table in FIELDS.values() for n, f in table.items())
    assert {n.rsplit(".", 1)[0] for n in PARAMETERS} == set(PARAMETER_CLASSES)
    assert all(cls._fields == tuple(n.rsplit(".", 1)[1] for n in PARAMETERS if n.rsplit(".", 1)[0] == rule)  # type: ignore[attr-defined]
               for rule, cls in PARAMETER_CLASSES.items())  # fmt: skip
    assert all(cls() == tuple(PARAMETERS[f"{rule}.{f}"].default for f in cls._fields) for rule, cls in PARAMETER_CLASSES.items())  # type: ignore[attr-defined]


def test_rules_and_their_functions_are_described() -> None:
    for rule in RULES.values():
        assert (plain(rule.loop).__doc__ or "").strip(), rule.name
        for function in rule.decide:
            assert (plain(function).__doc__ or "").strip(), f"{rule.name}: {plain(function).__name__}"
        if rule.parameters is not None:
            assert (rule.parameters.__doc__ or "").strip()


#: The functions of one agent that are in agents/, by their names.
OF_ONE_AGENT = {
    f"{plain(f).__module__}.{plain(f).__name__}": plain(f)
    for r in RULES.values()
    for f in r.decide
    if plain(f).__module__.startswith("agents.")
}


def test_functions_of_one_agent_are_found() -> None:
    assert len(OF_ONE_AGENT) >= 25 and {"agents.household.seek_care.choose_care", "agents.trader.settle_deal.is_stopped"} <= set(
        OF_ONE_AGENT
    )


@pytest.mark.parametrize("name", OF_ONE_AGENT)
def test_every_argument_of_one_agent_says_its_unit_and_meaning(name: str) -> None:
    function = OF_ONE_AGENT[name]
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    said = dict(
        re.fullmatch(r"(\w+)(?: \[(.+)\])?:? .*", line).groups()
        for line in lines
        if re.match(r"\w+( \[.+\])?: \S|returns \[.+\]: \S", line)
    )  # type: ignore[union-attr]
    for argument in (*argument_names(function), "returns"):
        assert argument in said, f"nothing is said of {argument}"
        assert said[argument] in UNITS or argument in ("p", "q"), f"{argument}: unit '{said[argument]}'"
    assert set(said) == {*argument_names(function), "returns"}, "something is said of what is no argument"
    assert set(function.__annotations__) == {*argument_names(function), "return"}, "an argument without a type"


@pytest.mark.parametrize("rule", [r for r, x in RULES.items() if plain(x.loop).__module__.startswith("agents.")])
def test_every_argument_of_a_loop_has_a_type(rule: str) -> None:
    loop = plain(RULES[rule].loop)
    columns = {a for a in argument_names(loop) if a not in CALL_ARGUMENTS}
    assert {a: t for a, t in loop.__annotations__.items() if a in columns} == dict.fromkeys(columns, "Column")
    assert set(loop.__annotations__) == {*argument_names(loop), "return"}


# ---- what is declared is used ------------------------------------------------------------------------------------------


def users_of(rule: str, cls: type) -> list[ast.Module]:
    """Modules that can see a class of parameters: its own, and those that import it or name its rule."""
    found = []
    for name, tree in sources.trees().items():
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == cls.__module__]
        if (
            name == cls.__module__
            or any(a.name == cls.__name__ for n in imports for a in n.names)
            or rule in sources.texts(tree)
            or (
                any(isinstance(n, ast.ImportFrom) and n.module == cls.__module__.rsplit(".", 1)[0] for n in ast.walk(tree))
                and any(isinstance(n, ast.Attribute) and n.attr == cls.__name__ for n in ast.walk(tree))
            )
        ):
            found.append(tree)
    # functions of other modules that are handed the parameters as `p`, `care` or `rule`
    if cls.__module__ in (
        "agents.household.seek_care",
        "agents.household.keep_ties",
        "abm.world.kinship",
        "abm.world.travel",
        "abm.world.populate",
    ):
        found += [sources.trees()[m] for m in ("abm.world.access", "abm.world.kinship", "abm.world.populate", "abm.year", "abm.start")]
    return found


@pytest.mark.parametrize("rule", PARAMETER_CLASSES)
def test_every_parameter_is_used(rule: str) -> None:
    cls = PARAMETER_CLASSES[rule]
    read = set().union(*(sources.attributes_read(tree) for tree in users_of(rule, cls)))
    unused = [f for f in cls._fields if f not in read]  # type: ignore[attr-defined]
    assert not unused, f"{rule}: declared but never read: {', '.join(unused)}"


@pytest.mark.parametrize("rule", [r for r, x in RULES.items() if x.parameters])
def test_the_parameters_of_a_rule_move_its_result_through_p(rule: str) -> None:
    # a loop that takes p reads it or hands it on to its functions
    declared = RULES[rule]
    assert "p" in sources.names_read(sources.function_tree(declared.loop))
    if declared.other_parameters is not None:
        assert "q" in sources.names_read(sources.function_tree(declared.loop))


@pytest.mark.parametrize("rule", RULES)
def test_every_argument_of_a_loop_is_used(rule: str) -> None:
    declared, tree = RULES[rule], sources.function_tree(RULES[rule].loop)
    arguments = argument_names(declared.loop)
    columns = [a for a in arguments if a not in CALL_ARGUMENTS]
    used = sources.names_read(tree) | sources.names_stored_into(tree)
    assert not [a for a in arguments if a not in used], f"{rule}: arguments that nothing uses"
    stored = sources.names_stored_into(tree)
    n = len(declared.reads)
    assert not set(columns[:n]) & stored, f"{rule} writes what it says it reads"
    # what is written is stored into by the loop, or by nobody
    missing = [a for a in columns[n:] if a not in stored]
    assert not missing, f"{rule} says it writes {missing} and does not"


@pytest.mark.parametrize("rule", RULES)
def test_every_function_that_decides_is_called(rule: str) -> None:
    declared = RULES[rule]
    names = {plain(f).__name__ for f in declared.decide}
    called = sources.functions_called(sources.function_tree(declared.loop))
    for f in declared.decide:
        called |= sources.functions_called(sources.function_tree(f))
    other_loops = {plain(r.loop).__name__ for r in RULES.values()}
    # a module may hold two rules: a function of the first step (the share that fits) counts for the second, which hands its result on
    shared = {
        plain(f).__name__
        for r in RULES.values()
        for f in r.decide
        if plain(r.loop).__module__ == plain(declared.loop).__module__ and r is not declared
    }
    assert not names - called - shared, f"{rule}: never called: {names - called - shared}"
    assert not names & other_loops


@pytest.mark.parametrize("rule", RULES)
def test_streams_are_drawn_from(rule: str) -> None:
    declared = RULES[rule]
    module = plain(declared.loop).__module__
    constants = {n.targets[0].id: n.value.args[0].value for n in ast.walk(sources.trees()[module])  # type: ignore[attr-defined]
                 if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call) and getattr(n.value.func, "id", "") == "stream"}  # fmt: skip
    read = sources.names_read(sources.function_tree(declared.loop))
    drawn = {text for name, text in constants.items() if name in read}
    assert drawn == set(declared.streams) <= set(STREAMS)
    assert ("seed" in argument_names(declared.loop)) == bool(declared.streams)


def test_streams_belong_to_one_rule() -> None:
    said = [s for r in RULES.values() for s in r.streams]
    assert len(said) == len(set(said)) and len(set(STREAMS.values())) == len(STREAMS)


def test_every_switch_is_read() -> None:
    asked = {n.slice.value for tree in sources.trees().values() for n in ast.walk(tree)
             if isinstance(n, ast.Subscript) and isinstance(n.slice, ast.Constant) and isinstance(n.slice.value, str)}  # fmt: skip
    assert not set(SWITCHES) - asked
    assert {r.switch for r in RULES.values() if r.switch} <= set(SWITCHES)


# ---- columns -----------------------------------------------------------------------------------------------------------


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
             "channel": 4, "tier": 2, "patient": 2, "sum": len(SUMS), "deal": len(DEALS), "pair": model.world.n_places**2}  # fmt: skip
    if field.axes:
        return tuple(sizes[axis] for axis in field.axes)
    values = (field.width,) if field.width > 1 else ()
    if entity == "policy":
        return (field.width,)  # of the whole world: no rows
    if entity == "kin":
        rows = len(model.frames["household"]) if name in ("first", "first_across", "end") else len(model.kin.columns["other"])
        return (1,) if name in ("is_on", "income_gap") else (rows,)
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
             "household.works_across", "household.episodes", "household.care_sought", "household.care_visits", "household.untreated",
             "household.work_sought", "household.n_refused", "household.n_deported", "trader.side", "trader.cards", "trader.good", "trader.direction",
             "trader.channel", "official.side", "official.kind"),
    "int16": ("household.place", "trader.place", "official.place", "official.crossing", "official.district"),
    "int32": ("household.trader", "trader.household", "kin.first", "kin.first_across", "kin.end", "kin.other"),
    "uint16": ("kin.pair",),
    "float32": ("household.schooling", "household.opinion_home", "household.opinion_across", "household.heard_across", "household.heard_work",
                "household.trips_across", "household.days_lost", "household.idle", "kin.contact", "kin.strength"),
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
    "place": {"hours_centre", "income_last", "hours_care", "quality_care", "facility_care", "crossing_care", "hours_work", "crossing_work", "road",
              "output_last"},
    "trade_link": {"partner", "hours", "crossing"},
    "crossing": {"is_open", "is_post", "patrol"},
    "facility": {"quality"},
    "policy": {"turn", "enforced", "invests", "has_programme", "prices_move", "may_cross", "may_trade"},
    "kin": {"contact", "is_on", "income_gap"},
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
    assert (ACTIVITIES, CHANNELS) == (("farm", "wage", "pass", "undocumented"), ("allowance", "declared", "bribe", "path"))
    assert (("sell_across", "buy_across"), ("id", "my"), (GOODS[0], GOODS[3])) == (DIRECTIONS, SIDES, CROPS)
    assert tuple(model.region.goods["good"]) == GOODS and PURPOSES == ("security", "roads", "health", "other")
    assert (KINDS, SEVERITIES) == (("post_officer", "patrol_leader", "planner", "health_officer"), ("minor", "disrupting", "hospital"))
    by_width = {"care": CARE_OPTIONS, "work": ACTIVITIES}
    for entity, table in FIELDS.items():
        for name, field in table.items():
            if entity == "trade_link" and field.width == 2:
                assert field.options == ("legal", "path"), name
            for end, options in by_width.items():
                if entity == "place" and name.endswith(f"_{end}"):
                    assert field.options == options, name


def test_fixed_columns_do_not_change(model: BorderModel) -> None:
    start = BorderModel(Scenario.load("history", end="1981-12"), households=60, rng=7)
    for entity, table in FIELDS.items():
        for name, field in table.items():
            if field.kind == "fixed" and entity != "record":
                assert np.array_equal(start.column(f"{entity}.{name}"), model.column(f"{entity}.{name}")), f"{entity}.{name}"


def test_no_rule_writes_a_fixed_column() -> None:
    for rule in RULES.values():
        for name in rule.writes:
            entity, field = name.split(".")
            assert FIELDS[entity][field].kind != "fixed", f"{rule.name} writes {name}"


def test_reads_are_enforced(model: BorderModel) -> None:
    model.month -= 1  # the record of the last month, to bind the rules that write it
    try:
        for rule in RULES.values():
            arguments = model._bind(rule).columns
            for name, array in zip((*rule.reads, *rule.writes), arguments, strict=True):
                assert array.flags.writeable == (name in rule.writes), f"{rule.name}: {name}"
                assert np.shares_memory(array, model.column(name)), f"{rule.name}: {name} is a copy"
    finally:
        model.month += 1


# ---- the month -----------------------------------------------------------------------------------------------------------

STEPS: list[tuple[Step, Any]] = [(s, s.rule) for s in MONTH if s.rule is not None]


def test_steps_are_numbered_and_named() -> None:
    assert [s.number for s in MONTH] == list(range(1, len(MONTH) + 1))
    assert len({s.name for s in MONTH}) == len(MONTH)
    assert all((s.rule is None) != (s.function is None) for s in MONTH)
    named = {s.name for s in MONTH if s.rule} | {n for s in MONTH for n in RULES if n in s.note}
    assert named == set(RULES), "every rule runs in the month, or a step's note names it"


def test_one_writer_for_each_column() -> None:
    writers: dict[str, list[Step]] = {}
    for step, rule in STEPS:
        for name in rule.writes:
            writers.setdefault(name, []).append(step)
    for name, steps in writers.items():
        if len(steps) == 1:
            continue
        # sums are emptied at the start of the month, and filled once
        assert len(steps) == 2 and steps[0].name == "world.set_month" and "empties the month's sums" in steps[0].note, (
            f"{name}: {[s.name for s in steps]}"
        )
        tree = sources.function_tree(steps[1].rule.loop)  # type: ignore[union-attr]
        added = {n.target.value.id for n in ast.walk(tree)
                 if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Subscript) and isinstance(n.target.value, ast.Name)}  # fmt: skip
        assert name.split(".")[1] in added, f"{steps[1].name} does not add to {name}"


def test_every_column_of_the_month_is_written_before_it_is_read() -> None:
    done: set[str] = set()
    for step in MONTH:
        if step.rule is None:
            if step.name == "begin":
                # switches and openings of crossings, taken over in the first step
                done |= {f"policy.{n}" for n, f in FIELDS["policy"].items() if f.kind == "month"} | {"crossing.is_open", "crossing.is_post"}
                done |= {"kin.is_on"}
            if step.name == "january":
                done |= set(RULES["official.spend_budget"].writes) | {"kin.income_gap"}
            continue
        for name in step.rule.reads:
            entity, field = name.split(".")
            if FIELDS[entity][field].kind == "month":
                assert name in done, f"step {step.number} {step.name} reads {name}, which is written later"
        done |= set(step.rule.writes)


def test_profit_comes_home_next_month() -> None:
    run = BorderModel(Scenario.load("history", end="1980-06"), households=240, rng=7)
    household, trader = run.frames["household"], run.frames["trader"]
    owner = household["trader"] >= 0
    differs = 0
    for _ in range(6):
        last = trader["profit"].copy()
        run.step()
        assert np.array_equal(household["income_trade"][owner], last[household["trader"][owner]])
        assert (household["income_trade"][~owner] == 0.0).all()
        differs += not np.array_equal(trader["profit"], last)
    assert differs >= 4, "the profit of a month is not that of the next, or this says nothing"


# ---- outputs -----------------------------------------------------------------------------------------------------------

KEYS = {
    "yearly": {"year", "side"},
    "monthly": {"year", "month", "side"},
    "places": {"year", "place", "side", "lat", "lon", "population"},
    "flows": {"year", "crossing", "kind", "purpose", "good", "direction", "channel"},
}


@pytest.mark.parametrize("table", KEYS)
def test_tables_hold_what_is_declared(model: BorderModel, table: str) -> None:
    found = list(getattr(model.results, table).columns)
    assert len(found) == len(set(found))
    declared = {n for n, o in OUTPUTS.items() if table in o.tables}
    assert set(found) - KEYS[table] == declared - KEYS[table]
    assert declared | KEYS[table] == set(found)


def test_outputs_name_known_tables() -> None:
    assert all(o.tables and set(o.tables) <= set(KEYS) for o in OUTPUTS.values())
    assert all(c[0] == "E" and c[1:].isdigit() for o in OUTPUTS.values() for c in o.claims)


def test_summary_is_the_yearly_table(model: BorderModel) -> None:
    summary = model.results.summary
    assert set(summary["indicator"]) == {n for n, o in OUTPUTS.items() if "yearly" in o.tables}
    assert len(summary) == len(model.results.yearly) * summary["indicator"].nunique()
