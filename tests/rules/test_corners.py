"""Nothing overflows, divides by nothing or leaves its choices at the corners of all ranges, under extreme surroundings."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import abm.declarations  # noqa: F401  (fills the registries)
from abm import BorderModel, Scenario
from abm.results.record import TIES
from agents.core.declare import FIELDS, PARAMETER_CLASSES, PARAMETERS, RULES
from agents.household.choose_work import Parameters as ChooseWork
from agents.household.choose_work import choose_work, value_of_work
from agents.household.seek_care import Parameters as SeekCare
from agents.household.seek_care import choose_care, choose_next, value_of_facility
from tests.rules.tools import both_forms, run_rule, take

N_RANDOM = 200
WITH_PARAMETERS = [name for name, rule in RULES.items() if rule.parameters or rule.other_parameters]


def bounds(cls: type) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest values of a rule's parameters, in the order of their class."""
    rule = next(name for name, other in PARAMETER_CLASSES.items() if other is cls)
    said = [PARAMETERS[f"{rule}.{f}"] for f in cls._fields]  # type: ignore[attr-defined]
    return np.array([s.low for s in said]), np.array([s.high for s in said])


def corners(classes: list[type], seed: int, n: int = N_RANDOM) -> Any:
    """All low, all high, then random corners, as instances of the classes."""
    dice = np.random.default_rng(seed)
    for k in range(n + 2):
        made = []
        for cls in classes:
            low, high = bounds(cls)
            up = np.full(len(low), k == 1) if k < 2 else dice.random(len(low)) < 0.5
            made.append(cls(*np.where(up, high, low).tolist()))
        yield made


@pytest.fixture(scope="module")
def model() -> BorderModel:
    """A small run that has left its first year."""
    made = BorderModel(Scenario.load("history", end="1982-12"), households=120, rng=7)
    for _ in range(18):
        made.step()
    return made


#: What the surroundings and the agents may be at worst: column -> factor or value.
EXTREMES: dict[str, dict[str, Any]] = {
    "as they are": {},
    "no income, little land": {"household.income_mean": 1.0, "household.savings": -1e9, "household.land": 0.1, "household.ability": 0.05,
                               "place.income_last": 1.0, "place.output_last": 0.0},
    "sixty hours": {"village.hours_care": 60.0, "place.hours_work": 60.0, "trade_link.hours": 60.0, "place.hours_centre": 60.0},
    "prices a hundredfold": {"place.price": ("x", 100.0), "village.fee_care": ("x", 100.0), "place.fare": ("x", 100.0), "place.farm_gate": ("x", 100.0),
                             "place.reference_price": ("x", 100.0), "place.exchange": ("x", 100.0)},
    "prices a hundredth": {"place.price": ("x", 0.01), "place.farm_gate": ("x", 0.01), "place.reference_price": ("x", 0.01)},
    "patrols sixteenfold": {"crossing.patrol": ("x", 16.0), "district.patrol": ("x", 16.0), "policy.real_income": ("x", 16.0)},
    "everybody ill, nobody served": {"household.ill": 4, "household.episodes": (0, 0, 0, 14), "village.served_share": 0.0, "village.word_care": 0.0,
                                     "household.found_care": 0.0, "household.days_lost": 300.0, "household.care_cost": 1e9},
    "everybody ill, care free and at the door": {"household.ill": 3, "household.care": 3, "household.care_next": 4, "village.hours_care": 0.0,
                                                 "village.fee_care": 0.0, "place.fare": 0.0, "village.served_share": 1.0, "village.known_care": 1.0},
    "no facility": {"village.facility_care": -1, "village.quality_care": 0.0, "village.standard_care": 0.0, "village.known_care": 0.0},
    "facilities without staff": {"facility.staff": 0.0, "facility.staff_start": 0.0, "facility.drugs": 0.0, "facility.drugs_start": 0.0,
                                 "facility.progress": -1.0, "facility.capacity": 0.0, "facility.quality": 0.0, "facility.standard": 0.0},
    "demand a millionfold": {"village.care_demand": 1e9, "facility.usual_demand": 1e9, "facility.served": 1e9, "facility.usual": 1e9},
    "no jobs": {"place.job_slots": 0.0, "place.job_chance": 0.0, "place.caught_away": 1.0, "series.jobs": 0.0, "series.estates": 0.0, "series.logs": 0.0},
    "no pay": {"place.wage": 0.0},
    "nobody in the labour force": {"household.n_workers": 0, "place.workers": 0.0},
    "everybody looks for work": {"household.activity": 8, "place.job_slots": 1e9},
    "pay across a thousandfold, judged by incomes": {"place.income_over_pay": ("x", 1000.0), "place.wage": ("x", 1000.0)},
    "trade of a thousand months": {"place.traded_in": 1e9, "place.local_demand": 1.0, "place.path_loads": 1e6, "trader.profit": -1e12},
}  # fmt: skip


def worst(model: BorderModel, rule: str, change: dict[str, Any]) -> dict[str, np.ndarray]:
    """Copies of the live columns of a rule, changed."""
    columns = {name: np.array(model.column(name), copy=True) for name in (*RULES[rule].reads, *RULES[rule].writes)}
    for name, value in change.items():
        if name in columns:
            columns[name][...] = columns[name] * value[1] if isinstance(value, tuple) and value[0] == "x" else value
    return columns


def rows_of(model: BorderModel, rule: str) -> int:
    """How many rows the model runs the rule over."""
    return model._bind(RULES[rule]).n


RANGES = {
    "household.care_sought": (0, 14), "household.care_visits": (0, 14), "household.untreated": (0, 14), "household.episodes": (0, 14),
    "household.turned_away": (0, 14), "household.serious_visits": (0, 14), "household.sent_on": (0, 14), "household.new_patients": (0, 14),
    "household.ill": (0, 4), "household.care": (-1, 4), "household.care_next": (-1, 4), "household.care_given": (-1, 4), "household.insured": (0, 1),
    "household.found_care": (0, 1), "household.deaths_expected": (0, 14), "village.word_care": (0, 1), "village.known_care": (0, 1),
    "village.quality_care": (0, 1), "village.fee_care": (0, np.inf), "village.friction_care": (0, 2), "village.care_demand": (0, np.inf),
    "facility.quality": (0, 1), "facility.staff": (0, np.inf), "facility.drugs": (0, np.inf), "facility.capacity": (0, np.inf),
    "facility.served": (0, np.inf), "facility.demand": (0, np.inf), "facility.usual_demand": (0, np.inf),
    "household.work_sought": (-1, 7), "household.activity": (-1, 8), "trader.good": (-1, 3), "trader.direction": (0, 1), "trader.channel": (0, 3),
    "village.served_share": (0, 1), "place.job_offer": (0, 1), "place.job_chance": (0, 1), "place.caught_away": (0, 1),
    "trade_link.detection": (0, 1), "trade_link.share_honest": (0, 1), "crossing.strictness": (0, 1), "official.doctrine": (0, 1),
    "district.split": (0, 1), "district.road": (0, 1), "district.clinic": (0, 1), "district.hospital": (0, 1), "district.other": (0, 1),
    "kin.strength": (0, 1), "household.support_across": (0, 1), "household.heard_across": (0, 1), "household.heard_work": (0, 1.000001),
    "household.under_employed": (0, 6), "household.fear": (0, 1), "place.job_holders": (0, np.inf), "place.job_slots": (0, np.inf), "place.job_seekers": (0, np.inf),
    "place.jobs_found": (0, np.inf), "place.jobs_asked": (0, np.inf), "household.days_lost": (0, 1e4), "household.care_cost": (0, np.inf), "household.spending": (0, np.inf),
    "trader.quantity": (0, np.inf), "place.price": (1e-12, np.inf), "place.fare": (0, np.inf), "place.local_demand": (1, np.inf),
    "place.reference_price": (1e-12, np.inf), "place.subsistence": (1e-12, np.inf),
}  # fmt: skip


def check(rule: str, columns: dict[str, np.ndarray], note: Any) -> None:
    for name in RULES[rule].writes:
        values = columns[name]
        assert np.isfinite(values).all(), f"{rule} writes {name} that is not finite: {note}"
        if name in RANGES:
            low, high = RANGES[name]
            assert (values >= low).all() and (values <= high).all(), f"{rule} writes {name} from {values.min()} to {values.max()}: {note}"


@pytest.mark.parametrize("rule", WITH_PARAMETERS)
def test_rules_stay_finite_at_the_corners(model: BorderModel, rule: str) -> None:
    declared = RULES[rule]
    classes = [c for c in (declared.parameters, declared.other_parameters) if c is not None]
    rows = rows_of(model, rule)
    made = list(corners(classes, seed=len(rule)))
    for name, change in EXTREMES.items():
        # every corner as things are; under each extreme the two outer corners and a fifth of the random ones
        for values in made if not change else made[:2] + made[2::5]:
            p = values[0] if declared.parameters is not None else None
            q = values[-1] if declared.other_parameters is not None else None
            columns = worst(model, rule, change)
            run_rule(rule, columns, stop=rows, p=p, q=q, month=18)
            check(rule, columns, (name, values))


def test_what_is_made_extreme_or_bounded_is_a_column() -> None:
    """A column that was renamed would be left as it is, and the test would say nothing."""
    named = {*RANGES, *(name for change in EXTREMES.values() for name in change)}
    there = {f"{entity}.{name}" for entity, of in FIELDS.items() for name in of}
    assert sorted(n for n in named - there if not n.startswith("series.")) == []


@both_forms
def test_values_and_choices_of_care(form: str) -> None:
    value, choose, onward = take(value_of_facility, form), take(choose_care, form), take(choose_next, form)
    for (p,) in corners([SeekCare], 1, 20):
        for quality, severity, hours, cost, kind, across, kin, heard, strict in itertools.product(
            (0.0, 1.0), (1, 3, 4), (0.0, 60.0), (0.0, 0.9, 1e6), (0, 1, 2), (True, False), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)
        ):
            v = value(quality, severity, hours, cost, kind, across, kin, heard, strict, p)
            assert np.isfinite(v) and abs(v) < 1e3
        for vs in itertools.product((-1.0e9, -300.0, 40.0), repeat=5):
            for u in (2.0**-53, 0.5, 1 - 2.0**-53):
                option = choose(u, p.value_no_care, *vs, p.nest_scale)
                assert option == -1 or vs[option] > -1.0e9
        for vs in itertools.product((-1.0e9, -300.0, 40.0), repeat=2):
            for u in (2.0**-53, 0.5, 1 - 2.0**-53):
                option = onward(u, p.value_no_care, *vs, p.letter)
                assert option == -1 or vs[option] > -1.0e9


@both_forms
def test_values_and_choices_of_work(form: str) -> None:
    value, choose = take(value_of_work, form), take(choose_work, form)
    for (p,) in corners([ChooseWork], 2, 40):
        for net, gross, burden in itertools.product((-1e9, 0.0, 1.0, 1e12), (0.0, 1.0, 1e12), (-2.0, 0.0, p.away + 60 * p.hour_daily)):
            assert np.isfinite(value(net, gross, burden, p.scale))
    for vs in itertools.product((-1.0e9, -200.0, 150.0), repeat=7):
        for farm, u in itertools.product((-100.0, 100.0), (2.0**-53, 0.5, 1 - 2.0**-53)):
            wanted = choose(u, farm, *vs)
            assert wanted == 0 or vs[wanted - 1] > -1.0e9


#: Indicators that may have no value, and when.
MAY_LACK = {
    "grdp_share_national": "asked of the Indonesian side only",
    "care_share_across": "no visits", "care_share_across_primary": "no visits", "care_share_across_hospital": "no visits",
    "care_share_across_near": "no place near a clinic across, or no visits there", "travel_hours_care": "no visits",
    "care_share_across_serious": "no visits of serious illness", "care_share_across_line_serious": "the same, of villages at the line",
    "untreated_hospital": "nobody ill so badly", "untreated_emergency": "no emergency", "hospital_reached": "neither of the two",
    "turned_away_hospital": "nobody went to a hospital", "sent_on_across": "nobody sent on",
    "untreated_share": "nobody ill", "undeclared_share": "no trade", "tie_strength_across": "no ties across",
    "undocumented_share": "nobody at work across", "acquaintance_strength_across": "no acquaintances across",
    "kin_strength_across": "no kin across",
}  # fmt: skip
UNCERTAIN = [n for n, p in PARAMETERS.items() if p.role == "uncertain"]


def test_the_model_stays_finite_at_corners_of_all_that_is_uncertain() -> None:
    dice = np.random.default_rng(12)
    for k in range(12):
        up = np.full(len(UNCERTAIN), k == 1) if k < 2 else dice.random(len(UNCERTAIN)) < 0.5
        corner = {n: PARAMETERS[n].high if u else PARAMETERS[n].low for n, u in zip(UNCERTAIN, up, strict=True)}
        model = BorderModel(Scenario.load("history", set=corner, end="1981-12"), households=120, rng=k)
        model.run()
        for entity, frame in model.frames.items():
            for name, values in frame.copy_state().items():
                assert np.isfinite(values).all(), f"corner {k}: {entity}.{name}"
        for entity in ("place", "village", "trade_link", "crossing", "facility", "district", "policy"):
            for name, values in getattr(model.world, entity).items():
                assert np.isfinite(values).all(), f"corner {k}: {entity}.{name}"
        assert np.isfinite(model.kin.strengths()).all()
        yearly = model.results.yearly
        for name in yearly.columns.drop("side"):
            values = yearly[name].to_numpy(float)
            assert not np.isinf(values).any(), f"corner {k}: {name}"
            if name not in MAY_LACK:
                assert not np.isnan(values).any(), f"corner {k}: {name} has no value"
        # where jobs across, kin there or acquaintances are fewest there may be none among 120 households; then alone these have no value
        ties = model.record.ties.reshape(-1, 12, len(TIES)).sum(axis=1)
        counted = {
            "undocumented_share": yearly["workers_across"],
            "kin_strength_across": np.repeat(ties[:, TIES.index("n_kin_across")], 2),
            "acquaintance_strength_across": yearly["acquaintances_across"],
        }
        for name, there_are in counted.items():
            assert np.isnan(yearly[name]).tolist() == (np.asarray(there_are) == 0).tolist(), f"corner {k}: {name}"
        assert np.isnan(yearly.loc[yearly["side"] == "my", "grdp_share_national"]).all()
        assert not np.isnan(yearly.loc[yearly["side"] == "id", "grdp_share_national"]).any()
