"""Sensitivity against functions whose indices are known, on study folders whose rows are made up; and once on real runs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import abm.model  # noqa: F401  (registers every declaration)
from abm.errors import UserError
from agents.core.declare import OUTPUTS, PARAMETERS, SWITCHES
from experiments.analysis import discovery, indices
from experiments.analysis.discovery import Discovery, discover
from experiments.analysis.indices import Analysis, analyse
from experiments.cli.sensitivity import sensitivity
from experiments.reports import sensitivity_figures
from experiments.reports.sensitivity import write
from experiments.reports.sensitivity_figures import picture
from experiments.studies import design, outcomes, plan, plan_files, store, target_names
from experiments.studies.manifest import study_of
from experiments.studies.outcomes import CONSTANT, FEW_BLOCKS, FINE
from experiments.studies.study import SWITCH, Study, Summary, Varied
from experiments.studies.target_names import SensitivityError, StudyTarget
from experiments.words.languages import Numbers

NAMES = [n for n, p in PARAMETERS.items() if p.role == "uncertain" and p.prior == "uniform"]
OUTPUT = next(n for n, o in OUTPUTS.items() if "yearly" in o.tables)
#: Of unit points (n, d), seed index and the point's number an outcome (n,).
Function = Callable[[np.ndarray, int], np.ndarray]

# Ishigami's function with a = 7, b = 0.1: its variance and indices are known in closed form.
A, B = 7.0, 0.1
V1, V2, V13 = 0.5 * (1 + B * math.pi**4 / 5) ** 2, A * A / 8, 8 * B * B * math.pi**8 / 225
FIRST = np.array([V1, V2, 0.0]) / (V1 + V2 + V13)
TOTAL = np.array([V1 + V13, V2, V13]) / (V1 + V2 + V13)
SHAPLEY = np.array([V1 + V13 / 2, V2, V13 / 2]) / (V1 + V2 + V13)


def ishigami(u: np.ndarray, _replicate: int = 0) -> np.ndarray:
    x = (2 * u - 1) * math.pi
    return np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0])


def chance(scale: float, per_point: bool = True) -> Function:
    """Noise that differs by replicate, and from point to point or not."""

    def noise(u: np.ndarray, replicate: int) -> np.ndarray:
        rng = np.random.default_rng(100 + replicate)
        return scale * (rng.standard_normal(len(u)) if per_point else np.full(len(u), rng.standard_normal()))

    return noise


def make(
    folder: Path, kind: str, points: int, function: Function = ishigami, *, d: int = 3, replicates: int = 1, lose: Callable[..., bool] | None = None,
    fail: Callable[..., bool] | None = None, record: str = "summaries", vary: tuple[Varied, ...] | None = None, **more: object,
) -> Path:  # fmt: skip
    """A study folder as planned, with rows that a function made instead of the model."""
    varied = vary or tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:d])
    summaries = (Summary("made_up", OUTPUT, "id", 1980, 1980),) if record == "summaries" else ()
    said = {
        "replicates": replicates,
        "households": (60,),
        "end": "1982-12",
        "vary": varied,
        "record": record,
        "summaries": summaries,
        "outputs": (),
    }
    if record == "yearly":
        said["outputs"] = (OUTPUT,)
    study = Study(name="made-up", design=kind, points=points, **(said | more))  # type: ignore[arg-type]
    plan.make(study, folder)
    unit = design.unit_points_of(study)
    frame = pq.read_table(folder / "plan.parquet").to_pandas()
    if lose is not None:
        frame = frame[[not lose(r) for r in frame.to_dict("records")]].reset_index(drop=True)
    values = np.stack([function(unit, k) for k in range(replicates)], axis=1)
    y = values[frame["point"], frame["replicate"]] + np.array([study.scenarios.index(s) * 100.0 for s in frame["scenario"]])
    n = len(frame)
    is_bad = np.array([bool(fail and fail(r)) for r in frame.to_dict("records")])
    columns = {f.name: pa.array(frame[f.name].tolist(), f.type) for f in pq.read_schema(folder / "plan.parquet")}
    columns |= {
        "status": pa.array(np.where(is_bad, "failed", "ok")), "cause": pa.array([""] * n), "version": pa.array([plan.model_version()] * n),
        "scenario_hash": pa.array([""] * n), "attempt": pa.array([0] * n, pa.int16()), "seconds": pa.array([0.1] * n, pa.float32()),
    }  # fmt: skip
    if record == "summaries":
        columns |= {
            "year": pa.array([None] * n, pa.int32()),
            "side": pa.array([None] * n, pa.string()),
            "made_up": pa.array(y, mask=is_bad),
        }
        store.write_part(folder, pa.table(columns))
        return folder
    table, tables = pa.table(columns), []
    for year in (1980, 1981, 1982):  # the mean of 1981 and 1982 on the side id is y
        for side in ("id", "my"):
            there = y + {1980: 50.0, 1981: -1.0, 1982: 1.0}[year] + (1000.0 if side == "my" else 0.0)
            more_columns = {"year": pa.array([year] * n, pa.int32()), "side": pa.array([side] * n), OUTPUT: pa.array(there)}
            tables.append(table.select(columns).append_column("year", more_columns["year"]).append_column("side", more_columns["side"])
                          .append_column(OUTPUT, more_columns[OUTPUT]))  # fmt: skip
    store.write_part(folder, pa.concat_tables(tables))
    return folder


def only(analysis: Analysis, measure: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    (part,) = analysis.parts
    assert part.status == FINE
    return part.indices[measure]


# --- known answers ---------------------------------------------------------------------------------------------------


def test_total_and_first_order_of_a_known_function(tmp_path: Path) -> None:
    analysis = analyse(make(tmp_path / "s", "saltelli", 512))
    for measure, known in (("ST", TOTAL), ("S1", FIRST)):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known, atol=0.06)
        assert ((low <= known) & (known <= high)).all()
        assert ((high - low) < 0.6).all() and ((high - low) > 0.0).any()
    assert [analysis.parts[0].names[k] for k in analysis.parts[0].ranked()] == NAMES[:3]  # 0.56, 0.44, 0.24


def test_shapley_shares_of_a_known_function(tmp_path: Path) -> None:
    estimate, low, high = only(analyse(make(tmp_path / "s", "shapley", 600)), "share")
    assert np.allclose(estimate, SHAPLEY, atol=0.12)
    assert ((low <= SHAPLEY) & (high >= SHAPLEY)).all()
    assert estimate.sum() == pytest.approx(1.0)


def test_morris_effects_of_a_known_function(tmp_path: Path) -> None:
    # of a plane the effects are its slopes, at every point; of a product they are not all the same
    plane = lambda u, _r: 3 * u[:, 0] - 5 * u[:, 1] + 0 * u[:, 2]  # noqa: E731
    analysis = analyse(make(tmp_path / "plane", "morris", 12, plane))
    for measure, known in (("mu_star", [3, 5, 0]), ("mu", [3, -5, 0]), ("sigma", [0, 0, 0])):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known, atol=1e-9) and np.allclose(low, high, atol=1e-9)
    analysis = analyse(make(tmp_path / "product", "morris", 40, lambda u, _r: u[:, 0] * u[:, 1] + u[:, 2]))
    mu_star, low, high = only(analysis, "mu_star")
    sigma, sigma_low, sigma_high = only(analysis, "sigma")
    assert np.allclose(mu_star, [0.5, 0.5, 1.0], atol=0.15) and (high - low)[:2].min() > 0.05
    assert sigma[0] > 0.2 and sigma[1] > 0.2 and sigma[2] == pytest.approx(0, abs=1e-9)
    assert (sigma_high - sigma_low)[:2].min() > 0.01


def test_the_effect_of_a_switch_is_that_of_throwing_it(tmp_path: Path) -> None:
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high))
    analysis = analyse(make(tmp_path / "s", "morris", 12, lambda u, _r: -2.0 * (u[:, 0] >= 0.5) + 2.5 * u[:, 1], vary=vary))
    for measure, known in (("mu_star", [2.0, 2.5]), ("mu", [-2.0, 2.5])):
        estimate, low, high = only(analysis, measure)
        assert np.allclose(estimate, known) and np.allclose(low, known) and np.allclose(high, known)
    (part,) = analyse(make(tmp_path / "t", "morris", 40, chance(1.0), vary=vary, replicates=4)).parts
    assert not part.stands_out(0) and not part.stands_out(1)


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_first_order_from_given_points(tmp_path: Path, kind: str) -> None:
    analysis = analyse(make(tmp_path / "s", kind, 1024))
    assert analysis.method == "rbd_fast"
    estimate, low, high = only(analysis, "S1")
    assert np.allclose(estimate, FIRST, atol=0.06)
    assert ((low <= FIRST) & (high >= FIRST)).all()


def test_points_are_analysed_in_unit_space(tmp_path: Path) -> None:
    """A logarithmic scale does not change the effect of going over the whole range."""
    name = next(n for n in NAMES[1:] if PARAMETERS[n].low > 0)
    vary = (
        Varied(name, PARAMETERS[name].low, PARAMETERS[name].high, "log"),
        Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high),
    )
    analysis = analyse(make(tmp_path / "s", "morris", 8, lambda u, _r: 2 * u[:, 0] + u[:, 1], vary=vary))
    assert np.allclose(only(analysis, "mu_star")[0], [2, 1])


def test_a_switch_is_planned_once_and_analysed_at_every_point(tmp_path: Path) -> None:
    """A step within one state of a mechanism gives the same run, which the plan holds once."""
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), Varied(NAMES[0], PARAMETERS[NAMES[0]].low, PARAMETERS[NAMES[0]].high))
    function = lambda u, _r: 2.0 * (u[:, 0] >= 0.5) + math.sqrt(12) * u[:, 1]  # noqa: E731  (both have the variance 1)
    folder = make(tmp_path / "s", "saltelli", 256, function, vary=vary)
    assert len(pq.read_table(folder / "plan.parquet")) < 4 * 256
    analysis = analyse(folder)
    assert analysis.parts[0].blocks == 256 and analysis.parts[0].left_out == 0
    assert np.allclose(only(analysis, "ST")[0], 0.5, atol=0.05)
    assert switch[len(SWITCH) :] not in outcomes.parameter_label(switch, str) or SWITCHES[switch[len(SWITCH) :]]


# --- replicates and chance -------------------------------------------------------------------------------------------


def test_share_of_chance() -> None:
    rng = np.random.default_rng(1)
    effect, noise = rng.normal(0, 3, (4000, 1)), rng.normal(0, 1, (4000, 5))
    one, left = outcomes.noise_shares(effect + noise)
    assert one == pytest.approx(1 / 10, abs=0.01) and left == pytest.approx(0.2 / 9.2, abs=0.003)
    # what a seed adds everywhere makes runs differ, but no two points
    together = np.array([[0.0, 1.0, 2.0, 3.0, 4.0]])
    one, left = outcomes.noise_shares(effect + together)
    assert one == pytest.approx(2.5 / 11.5, abs=0.01) and left == pytest.approx(0, abs=1e-9)
    assert outcomes.noise_shares(noise)[1] == pytest.approx(1.0, abs=0.06)
    assert all(math.isnan(v) for v in outcomes.noise_shares(effect))


def test_replicates_take_chance_out_and_widen_the_interval(tmp_path: Path) -> None:
    function = lambda u, k: ishigami(u) + chance(2.0)(u, k)  # noqa: E731
    one = analyse(make(tmp_path / "one", "saltelli", 128, function))
    five = analyse(make(tmp_path / "five", "saltelli", 128, function, replicates=5))
    (part,) = five.parts
    assert part.replicates == (0, 1, 2, 3, 4)
    variance = V1 + V2 + V13
    assert part.noise == pytest.approx(4 / (4 + variance), abs=0.04)
    assert part.noise_left == pytest.approx(0.8 / (0.8 + variance), abs=0.03)
    # pure noise raises the total order of the third; its mean over five replicates less so
    assert abs(only(five, "ST")[0] - TOTAL).max() < abs(only(one, "ST")[0] - TOTAL).max()
    clean = analyse(make(tmp_path / "clean", "saltelli", 128, replicates=5))
    width = lambda a: float((only(a, "ST")[2] - only(a, "ST")[1]).mean())  # noqa: E731
    assert width(five) > width(clean)
    assert "five" not in five.sentences()[0] and "5 replicates" in five.sentences()[0]
    assert "one replicate" in one.sentences()[0].lower()
    assert indices.covers(one.parts) != indices.covers(five.parts)


def test_what_seeds_add_everywhere_changes_nothing(tmp_path: Path) -> None:
    function = lambda u, k: ishigami(u) + chance(50.0, per_point=False)(u, k)  # noqa: E731
    with_seeds = analyse(make(tmp_path / "a", "saltelli", 64, function, replicates=3))
    without = analyse(make(tmp_path / "b", "saltelli", 64, replicates=3))
    assert np.allclose(only(with_seeds, "ST")[0], only(without, "ST")[0])
    assert with_seeds.parts[0].noise > 0.9 and with_seeds.parts[0].noise_left == pytest.approx(0, abs=1e-6)


# --- runs that are missing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "points", "size", "measure", "known"), [
    ("saltelli", 512, 5, "ST", TOTAL), ("shapley", 600, 4, "share", SHAPLEY), ("morris", 40, 7, "mu_star", None),
])  # fmt: skip
def test_only_complete_blocks_count(tmp_path: Path, kind: str, points: int, size: int, measure: str, known: np.ndarray | None) -> None:
    d = 6 if kind == "morris" else 3  # a coarse grid has equal points, whose one run several trajectories share
    whole = analyse(make(tmp_path / "whole", kind, points, d=d))
    gone = lambda r: r["point"] // size in (3, 7) and r["point"] % size == 2  # noqa: E731
    failed = lambda r: r["point"] == 11 * size  # noqa: E731
    part_of = analyse(make(tmp_path / "part", kind, points, d=d, lose=gone, fail=failed))
    (part,) = part_of.parts
    assert (part.blocks, part.left_out) == (points - 3, 3)
    estimate = only(part_of, measure)[0]
    assert not np.array_equal(estimate, only(whole, measure)[0])  # they are really left out …
    assert np.allclose(estimate, only(whole, measure)[0], rtol=0.25, atol=0.05)  # … and the others still in their places
    if known is not None:
        assert np.allclose(estimate, known, atol=0.12)


def test_replicates_being_added_do_not_mix_seeds(tmp_path: Path) -> None:
    """A point of two replicates is not compared with points of four: seeds would differ."""
    function = lambda u, k: ishigami(u) + 1000.0 * k  # noqa: E731
    folder = make(tmp_path / "s", "saltelli", 64, function, replicates=4, lose=lambda r: r["replicate"] >= 2 and r["point"] >= 50)
    (part,) = analyse(folder).parts
    assert (part.replicates, part.blocks, part.left_out) == ((0, 1), 64, 0)
    folder = make(tmp_path / "t", "saltelli", 64, function, replicates=4, lose=lambda r: r["replicate"] == 3 and r["point"] == 9)
    (part,) = analyse(folder).parts
    assert (part.replicates, part.blocks, part.left_out) == ((0, 1, 2, 3), 63, 1)
    estimate = part.indices["ST"][0]
    assert np.allclose(estimate, TOTAL, atol=0.3)


def test_too_few_complete_blocks_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 16, lose=lambda r: r["point"] >= 17)
    with pytest.raises(UserError, match="only 3 of 16 blocks of points are complete for 'made_up', an analysis needs 4") as said:
        analyse(folder)
    assert "\n" not in str(said.value)
    with pytest.raises(UserError, match="has no row yet"):
        analyse(_empty(tmp_path / "empty"))
    with pytest.raises(UserError, match="only 0 of 16"):
        analyse(make(tmp_path / "bad", "saltelli", 16, fail=lambda r: True))


def _empty(folder: Path) -> Path:
    varied = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2])
    summary = (Summary("made_up", OUTPUT, "id", 1980, 1980),)
    plan.make(Study(name="empty", design="morris", points=4, households=(60,), vary=varied, record="summaries", summaries=summary), folder)
    return folder


def test_one_arm_may_be_behind(tmp_path: Path) -> None:
    scenarios = _two_scenarios()
    folder = make(tmp_path / "s", "saltelli", 64, scenarios=scenarios, lose=lambda r: r["scenario"] == scenarios[1] and r["point"] > 3)
    first, second = analyse(folder).parts
    assert (first.status, second.status) == (FINE, FEW_BLOCKS)
    assert "too few" in indices.sentence(second)


# --- arms, outcomes, refusals ----------------------------------------------------------------------------------------


def _two_scenarios() -> tuple[str, str]:
    from abm import Scenario

    names = list(Scenario.names())
    return names[0], names[1]


def test_each_arm_has_its_own_analysis(tmp_path: Path) -> None:
    scenarios = _two_scenarios()
    analysis = analyse(make(tmp_path / "s", "saltelli", 64, scenarios=scenarios, households=(60, 80)))
    assert [(p.arm.scenario, p.arm.households) for p in analysis.parts] == [(s, h) for s in scenarios for h in (60, 80)]
    means = {p.arm.scenario: p.mean for p in analysis.parts}
    assert means[scenarios[1]] - means[scenarios[0]] == pytest.approx(100.0)
    table = analysis.table()
    assert len(table) == 4 * 3 * 2 and set(table["label"]) == {PARAMETERS[n].label for n in NAMES[:3]}


def test_an_outcome_from_the_yearly_record(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 128, record="yearly", replicates=2)
    key = f"{OUTPUT}:id:1981-1982"
    analysis = analyse(folder, [key, f"{OUTPUT}:my:1982:max"])
    same = analyse(make(tmp_path / "t", "saltelli", 128, replicates=2))
    assert np.allclose(analysis.parts[0].indices["ST"][0], only(same, "ST")[0])
    assert analysis.parts[0].mean == pytest.approx(same.parts[0].mean)
    assert analysis.parts[1].mean == pytest.approx(same.parts[0].mean + 1001.0)
    assert OUTPUTS[OUTPUT].label in analysis.sentences()[0] and PARAMETERS[NAMES[0]].label in analysis.sentences()[0]
    # as Summary.of takes it, run by run
    from experiments.studies.collect import collect

    table = collect(folder)
    one = table[table["run_id"] == table["run_id"].iloc[0]]
    for take in ("mean", "sum", "min", "max", "first", "last"):
        summary = Summary("x", OUTPUT, "id", 1981, 1982, take)
        assert outcomes.values_of(one, StudyTarget("x", summary)).iloc[0] == pytest.approx(summary.of(one))
        nothing = one.assign(**{OUTPUT: math.nan})  # the sum of no number is no number
        assert outcomes.values_of(nothing, StudyTarget("x", summary)).empty and math.isnan(summary.of(nothing))


def test_targets_are_summaries_or_outputs_with_side_and_years(tmp_path: Path) -> None:
    study = Study(name="s", summaries=(Summary("mine", OUTPUT, "id", 1980, 2030, "max"),), outputs=(OUTPUT,))
    manifest = {"scenarios": {"history": {"scenario": {"end": "1982-12"}}}}
    wanted = lambda said, **more: target_names.target_of(said, study, manifest, ("own",), **more)  # noqa: E731
    assert wanted("mine") == StudyTarget("mine", study.summaries[0], is_column=True) and wanted("own") == StudyTarget("own", is_column=True)
    for said, side, first, last in ((f"{OUTPUT}:my:1980-1981", "my", 1980, 1981), (f"{OUTPUT}:id:1980", "id", 1980, 1980)):
        assert wanted(said) == StudyTarget(said, Summary(said, OUTPUT, side, first, last))
    for said, side in ((OUTPUT, "id"), (f"{OUTPUT}:my", "my")):  # as an extension to a precision takes them
        assert wanted(said, may_be_short=True) == StudyTarget(said, Summary(said, OUTPUT, side, 1980, 2030))
        with pytest.raises(UserError, match=r"needs a side and years|not of the form"):
            wanted(said)
    for said, words in (
        ("mien", "did you mean mine"),
        (f"{OUTPUT}:sg", "side"),
        (f"{OUTPUT}:id:then", "FIRST-LAST"),
        (f"{OUTPUT}:id:1:2", "FIRST-LAST"),
    ):
        with pytest.raises(UserError, match=words):
            wanted(said, may_be_short=True)


def test_an_outcome_that_does_not_vary(tmp_path: Path) -> None:
    for kind, points in (("saltelli", 16), ("morris", 8), ("shapley", 8), ("lhs", 80)):
        analysis = analyse(make(tmp_path / kind, kind, points, lambda u, k: np.full(len(u), 7.25 + k), replicates=2))
        assert analysis.parts[0].status == CONSTANT and not analysis.parts[0].indices
        assert "does not vary" in analysis.sentences()[0]
        assert "NaN" not in json.dumps(analysis.to_dict())
        sensitivity(tmp_path / kind, as_json=True)


@pytest.mark.parametrize(("kind", "points"), [("saltelli", 128), ("morris", 40), ("shapley", 200), ("lhs", 300)])
def test_nothing_stands_out_of_pure_chance(tmp_path: Path, kind: str, points: int) -> None:
    """A total order of chance alone is 1, a mean effect of it is no less than one: what matters is the floor."""
    (part,) = analyse(make(tmp_path / "s", kind, points, chance(1.0), replicates=4)).parts
    assert part.noise > 0.9 and part.noise_left > 0.8
    estimate = part.indices[part.measure][0]
    assert np.allclose(estimate, part.floor, rtol=0.25, atol=0.15)
    assert "No parameter has a larger effect" in indices.sentence(part)
    strong = lambda u, k: chance(1.0)(u, k) + 6 * u[:, 1]  # noqa: E731
    (part,) = analyse(make(tmp_path / "t", kind, points, strong, replicates=4)).parts
    assert part.ranked()[0] == 1 and [part.stands_out(k) for k in range(3)] == [False, True, False]


@pytest.mark.parametrize(("target", "said"), [
    ("made_upp", "there is no target 'made_upp' in this study; did you mean made_up?"),
    (f"{OUTPUT}:id:1980-1981", "keeps summaries only"),
])  # fmt: skip
def test_targets_of_summaries_are_refused(tmp_path: Path, target: str, said: str) -> None:
    folder = make(tmp_path / "s", "saltelli", 8)
    with pytest.raises(UserError, match=said):
        analyse(folder, [target])


@pytest.mark.parametrize(("target", "said"), [
    (OUTPUT, "needs a side and years"), (f"{OUTPUT}x:id:1980-1981", f"did you mean {OUTPUT}"), (f"{OUTPUT}:xx:1980-1981", "neither id nor my"),
    (f"{OUTPUT}:id:1981-1980", "1981 comes after 1980"), (f"{OUTPUT}:id:80-81", "not of the form"), (f"{OUTPUT}:id", "not of the form"),
    (f"{OUTPUT}:id:1980-1981:meen", "did you mean mean"), (f"{OUTPUT}:id:1999-2001", "the runs end in 1982-12"), ("", "there is no target"), ("a:b:c:d:e", "no output 'a'"),
])  # fmt: skip
def test_targets_of_the_yearly_record_are_refused(tmp_path: Path, target: str, said: str) -> None:
    folder = make(tmp_path / "s", "saltelli", 8, record="yearly")
    with pytest.raises(UserError, match=said):
        analyse(folder, [target])
    with pytest.raises(UserError, match=r"declares no \[summaries\]"):
        analyse(folder)


def test_methods_that_do_not_suit_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "morris", 8)
    for method, said in (("sobl", "did you mean sobol"), ("sobol", 'needs design = "saltelli", the study has "morris"')):
        with pytest.raises(UserError, match=said):
            analyse(folder, method=method)
    assert analyse(folder, method="morris").method == "morris"
    study = Study(name="x", design="factorial", vary=(Varied(NAMES[0], 0, 1, levels=(0, 1)),))
    with pytest.raises(UserError, match='design = "factorial"'):
        indices.method_of(study, None)
    with pytest.raises(UserError, match="there is no study folder"):
        analyse(tmp_path / "nowhere")


def test_a_design_made_by_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "s", "saltelli", 16)
    made = design.points_of
    monkeypatch.setattr(design, "points_of", lambda study: made(study).sample(frac=1.0, random_state=1))
    with pytest.raises(UserError, match="not those in its plan"):
        analyse(folder)


# --- tables, figures, words, command -----------------------------------------------------------------------------------


def test_same_study_same_bytes(tmp_path: Path) -> None:
    for kind, points in (("saltelli", 32), ("morris", 10), ("lhs", 100)):
        folder = make(tmp_path / kind, kind, points, lambda u, k: ishigami(u) + chance(1.0)(u, k), replicates=2)
        outs = [tmp_path / f"{kind}-{k}" for k in (1, 2)]
        for out in outs:
            sensitivity(folder, out=out)
        files = sorted(p.name for p in outs[0].iterdir())
        assert files == sorted(p.name for p in outs[1].iterdir()) and any(f.endswith(".svg") for f in files)
        for name in files:
            assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes(), name


@pytest.mark.parametrize("lang", ["en", "id", "ms"])
def test_the_command_shows_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    folder = make(tmp_path / "études ñ", "saltelli", 64, lose=lambda r: r["point"] == 0)
    sensitivity(folder, lang=lang)
    shown = capsys.readouterr().out
    assert NAMES[0] in shown and "[" in shown and "63" not in shown.split("\n")[0]
    written = {p.name for p in (folder / "sensitivity").iterdir()}
    assert {"sensitivity.csv", "sensitivity.parquet", "sensitivity-targets.csv", "sensitivity.json"} < written
    table = pq.read_table(folder / "sensitivity" / "sensitivity.parquet").to_pandas()
    assert list(table["parameter"].unique()) == [*NAMES[:3]] and set(table["measure"]) == {"ST", "S1"}
    assert (table["low"] <= table["estimate"]).all() and (table["estimate"] <= table["high"]).all()
    sensitivity(folder, as_json=True, lang=lang)
    said = json.loads(capsys.readouterr().out)
    assert said["targets"][0]["left_out"] == 1 and set(said["targets"][0]["parameters"]) == set(NAMES[:3])


def test_the_command_refuses(tmp_path: Path) -> None:
    folder = make(tmp_path / "s", "saltelli", 16)
    for arguments, said in (
        ({"threshold": "1.0"}, "goes with --discover"),
        ({"discover": "above"}, "needs --threshold"),
        ({"discover": "abov", "threshold": "1.0"}, "did you mean above"),
        ({"discover": "above", "threshold": "nan"}, "--threshold takes a number"),
        ({"discover": "above", "threshold": "1.0", "method": "sobol"}, "does not go with"),
        ({"lang": "xx"}, "there is no language"),
    ):
        with pytest.raises(UserError, match=said):
            sensitivity(folder, **arguments)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not a finite number"):
        discover(folder, None, math.nan, "above")
    assert not (folder / "sensitivity").exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="name another folder with --out"):
        sensitivity(folder, out=tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_words_do_not_claim_an_order_that_is_not_certain(tmp_path: Path) -> None:
    equal = analyse(make(tmp_path / "equal", "saltelli", 64, lambda u, _k: u[:, 0] + u[:, 1]))
    assert "their order is not certain" in equal.sentences()[0]
    clear = analyse(make(tmp_path / "clear", "saltelli", 64, lambda u, _k: 9 * u[:, 0] + u[:, 1]))
    assert "Most of the differences" in clear.sentences()[0] and "not certain" not in clear.sentences()[0]
    apart = analyse(make(tmp_path / "apart", "saltelli", 64, lambda u, _k: (u[:, 0] - 0.5) * (u[:, 1] - 0.5)))
    assert "acts in combination" in apart.sentences()[0]


# --- scenario discovery ----------------------------------------------------------------------------------------------


def boxed(u: np.ndarray, _replicate: int = 0) -> np.ndarray:
    """1 in the corner where the first is above 0.7 and the second below 0.4, else 0."""
    return ((u[:, 0] > 0.7) & (u[:, 1] < 0.4)).astype(float)


@pytest.mark.parametrize(("direction", "sign"), [("above", 1.0), ("below", -1.0)])
def test_prim_finds_a_known_box(tmp_path: Path, direction: str, sign: float) -> None:
    pytest.importorskip("ema_workbench")
    folder = make(tmp_path / "s", "lhs", 600, lambda u, k: sign * boxed(u), d=5)
    (found,) = discover(folder, "made_up", sign * 0.5, direction).parts
    assert found.coverage > 0.9 and found.density > 0.9 and found.interesting == pytest.approx(72, abs=15)
    limits = {x.name: x for x in found.limits}
    assert set(limits) == set(NAMES[:2])  # the other three do not bound it
    first, second = (limits[n] for n in NAMES[:2])
    for limit, value, other in ((first, 0.7, first.high), (second, 0.4, second.low)):
        p = PARAMETERS[limit.name]
        at = limit.low if limit is first else limit.high
        assert at is not None and (at - p.low) / (p.high - p.low) == pytest.approx(value, abs=0.05)
        assert other is None
    assert first.p_low is not None and first.p_low < 0.01 and second.p_high is not None and second.p_high < 0.01
    text = discovery.box_sentence(found)
    assert PARAMETERS[NAMES[0]].label in text and "is above" in text and "is below" in text


def test_prim_with_a_mechanism_and_in_each_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ema_workbench")
    switch = f"{SWITCH}{next(iter(SWITCHES))}"
    vary = (Varied(switch, 0.0, 1.0, levels=(0.0, 1.0)), *(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2]))
    folder = make(tmp_path / "s", "sobol", 256, lambda u, k: ((u[:, 0] < 0.5) & (u[:, 1] > 0.6)).astype(float), vary=vary)
    result = discover(folder, None, 0.5)
    (found,) = result.parts
    assert {x.name: x.states for x in found.limits} == {switch: ("off",), NAMES[0]: ()}
    assert "is off" in discovery.box_sentence(found)
    for lang in ("en", "id", "ms"):
        sensitivity(folder, discover="above", threshold="0.5", out=tmp_path / lang, lang=lang)
    assert switch in capsys.readouterr().out
    assert (tmp_path / "en" / "discovery.csv").read_bytes() == (tmp_path / "ms" / "discovery.csv").read_bytes()
    assert any(p.suffix == ".svg" for p in (tmp_path / "en").iterdir())
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_box_is_drawn_on_the_scale_of_its_parameter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ema_workbench")
    name = next(n for n in NAMES[1:] if PARAMETERS[n].low > 0)
    vary = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high, "log" if n == name else "linear") for n in (name, NAMES[0]))
    (found,) = discover(make(tmp_path / "s", "lhs", 400, lambda u, _k: (u[:, 0] > 0.7) * 1.0, vary=vary), None, 0.5).parts
    (limit,) = found.limits
    assert limit.name == name and limit.is_log and limit.low is not None
    assert limit.place(limit.low) == pytest.approx(0.7, abs=0.03) and [limit.place(v) for v in limit.range] == [0.0, 1.0]
    drawn = picture(found)
    assert drawn is not None and "is above" in sensitivity_figures._condition(limit, str, Numbers("en"))
    long = "word " * 40
    monkeypatch.setattr(discovery, "parameter_label", lambda *_: long)
    monkeypatch.setattr(sensitivity_figures, "parameter_label", lambda *_: long)
    said = sensitivity_figures._condition(limit, str, Numbers("en"))  # what is said of a name is never cut
    assert len(said) <= sensitivity_figures.MOST_LETTERS and "…" in said and said.endswith("(logarithmic scale)") and "is above" in said


def test_prim_finds_no_box_in_chance(tmp_path: Path) -> None:
    pytest.importorskip("ema_workbench")
    (found,) = discover(make(tmp_path / "s", "lhs", 300, chance(1.0), d=4), None, 0.0).parts
    assert not found.limits or found.density < 0.8
    assert isinstance(discovery.box_sentence(found), str)


@pytest.mark.parametrize(("points", "seed"), [(80, 1), (100, 2), (120, 3)])
def test_prim_drops_limits_that_chance_would_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: int, seed: int) -> None:
    """Few noisy points: peeling goes on into chance, and the box told of does not; its numbers are those of its limits."""
    pytest.importorskip("ema_workbench")
    function = lambda u, k: (u[:, 0] > 0.7) + chance(0.4)(u, k)  # noqa: E731
    folder = make(tmp_path / "s", "lhs", points, function, d=5, seed=seed)
    sides = lambda found: [p for x in found.limits for p in (x.p_low, x.p_high) if p is not None]  # noqa: E731
    (found,) = discover(folder, None, 0.5).parts
    assert [x.name for x in found.limits] == [NAMES[0]] and max(sides(found)) <= 0.05
    study = study_of(plan_files.read_study_manifest(folder)["study"])
    inside, wanted = np.ones(points, dtype=bool), function(design.unit_points_of(study), 0) > 0.5
    for x in found.limits:
        values = design.points_of(study)[x.name].to_numpy()
        inside &= (values >= (-np.inf if x.low is None else x.low)) & (values <= (np.inf if x.high is None else x.high))
    assert found.coverage == pytest.approx(wanted[inside].sum() / wanted.sum())
    assert found.density == pytest.approx(wanted[inside].mean())
    assert found.mass == pytest.approx(inside.mean()) and found.interesting == wanted.sum()
    monkeypatch.setattr(discovery, "QUASI_P", 2.0)
    (peeled,) = discover(folder, None, 0.5).parts
    assert len(sides(peeled)) > len(sides(found)) and max(sides(peeled)) > 0.05


def test_discovery_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "s", "lhs", 100, boxed)
    with pytest.raises(UserError, match="above 5 lie all or none of the points: 'made_up' goes from 0 to 1"):
        discover(folder, "made_up", 5.0)
    with pytest.raises(UserError, match="only 20 of 20 blocks of points are complete"):
        discover(make(tmp_path / "few", "lhs", 20, boxed), None, 0.5)
    monkeypatch.setitem(sys.modules, "ema_workbench", None)
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis.prim", None)
    with pytest.raises(UserError, match=r'pip install "lintas\[discovery\]"'):
        discover(folder, "made_up", 0.5)


# --- real runs ---------------------------------------------------------------------------------------------------------


def test_a_real_tiny_study(tmp_path: Path) -> None:
    """Two parameters, real runs of one year: the analysis is made from them, and an equal study gives equal bytes."""
    from experiments.execution import work

    vary = tuple(Varied(n, PARAMETERS[n].low, PARAMETERS[n].high) for n in NAMES[:2])
    study = Study(name="tiny", design="saltelli", points=4, replicates=2, households=(60,), end="1980-12", vary=vary, outputs=(OUTPUT,))
    folder = tmp_path / "s"
    plan.make(study, folder)
    rows = pq.read_table(folder / "plan.parquet").to_pylist()
    for at in range(0, len(rows), 8):
        done = work.work(str(folder), rows[at : at + 8])
        assert {status for _, status, _ in done} == {"ok"}
    result = analyse(folder, [f"{OUTPUT}:id:1980"])
    (part,) = result.parts
    assert part.blocks == 4 and part.replicates == (0, 1) and part.status in (FINE, CONSTANT)
    assert isinstance(result, Analysis) and not isinstance(result, Discovery)
    sensitivity(folder, [f"{OUTPUT}:id:1980"], as_json=True)


def test_files_of_another_study_are_not_written_over(tmp_path: Path) -> None:
    def found(study: str) -> Analysis:
        return Analysis(study=study, design="morris", method="morris", parts=())

    place = tmp_path / "place"
    write(found("a"), place)
    write(found("a"), place)  # the same study again
    before = {p.name: p.read_bytes() for p in place.iterdir()}
    with pytest.raises(SensitivityError, match="--overwrite"):
        write(found("b"), place)
    assert {p.name: p.read_bytes() for p in place.iterdir()} == before
    write(found("b"), place, overwrite=True)
    assert json.loads((place / "sensitivity.json").read_text("utf-8"))["study"] == "b"
    own = tmp_path / "own"
    own.mkdir()
    (own / "sensitivity.csv").write_text("mine", "utf-8")
    with pytest.raises(SensitivityError, match=r"sensitivity\.csv"):
        write(found("a"), own)
    assert [(p.name, p.read_text("utf-8")) for p in own.iterdir()] == [("sensitivity.csv", "mine")]
