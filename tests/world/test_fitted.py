"""Values fitted to a region: what the file may say, which values are in force, and that they stay with a run wherever it is repeated."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from abm import BorderModel, Scenario
from abm.describe import describe, parameter_rows
from abm.errors import ManifestError, UserError
from abm.fitted import Fitted, fitted_of
from abm.parameters import Change, ScenarioError
from abm.region import FITTED, Region, RegionError
from agents.core.declare import PARAMETERS, UNIT_INTERVAL
from tests.model.same import parts
from tests.world.fitted_region import NAME, VALUES, region_folder, write_fitted

ILL = "household.fall_ill.p_minor"
LEVER = next(n for n, p in PARAMETERS.items() if p.role == "lever")
FIXED = next(n for n, p in PARAMETERS.items() if p.role == "fixed")
END = "1981-03"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return region_folder(tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def region(folder: Path) -> Region:
    return Region.load(folder)


def run(region: Region | str, fitted=None, **scenario) -> BorderModel:
    return BorderModel(Scenario.load(end=END, **scenario), region=region, households=60, rng=3, fitted=fitted).run()


# ---- the file ----------------------------------------------------------------------------------------------------------------


def test_the_values_are_read_and_are_no_facts(region: Region) -> None:
    assert fitted_of(region) == Fitted(VALUES, "made-up-1") == fitted_of(region.folder)
    assert region.hash == Region.load(NAME).hash


def test_a_region_without_the_file_has_none(tmp_path: Path) -> None:
    plain = Region.load(region_folder(tmp_path, None))
    assert plain.fitted_file is None and fitted_of(plain) == Fitted({}, None)


REFUSED = {
    "no TOML": ("posterior = ", "is not readable TOML"),
    "not text": ("\udcff", "line 1 is not UTF-8 text"),
    "unknown key": ('posterior = "p"\nmodel_version = "v"\nvalues = 3', "unknown key 'values'"),
    "no posterior": ('model_version = "v"\n[parameters]', "the key posterior is missing"),
    "no parameters": ('posterior = "p"\nmodel_version = "v"', "the key parameters is missing"),
    "posterior no text": ('posterior = 3\nmodel_version = "v"\n[parameters]', "posterior"),
    "parameters no table": ('posterior = "p"\nmodel_version = "v"\nparameters = 3', "parameters = 3 is not a table"),
    "unknown parameter": ('posterior = "p"\nmodel_version = "v"\n[parameters]\n"household.fall_ill.p_mino" = 0.1', "did you mean"),
    "outside": (f'posterior = "p"\nmodel_version = "v"\n[parameters]\n"{ILL}" = 99', "outside its range"),
    "no number": (f'posterior = "p"\nmodel_version = "v"\n[parameters]\n"{ILL}" = "0.1"', "is not a number"),
    "lever": (f'posterior = "p"\nmodel_version = "v"\n[parameters]\n"{LEVER}" = {PARAMETERS[LEVER].default}', "role uncertain"),
    "fixed": (f'posterior = "p"\nmodel_version = "v"\n[parameters]\n"{FIXED}" = {PARAMETERS[FIXED].default}', "role uncertain"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_file_is_refused_in_one_sentence(folder: Path, tmp_path: Path, case: str) -> None:
    text, said = REFUSED[case]
    bad = region_folder(tmp_path, None)
    (bad / FITTED).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RegionError) as refusal:
        BorderModel(region=bad, households=60)
    assert said in str(refusal.value) and FITTED in str(refusal.value) and "\n" not in str(refusal.value)


# ---- in force ----------------------------------------------------------------------------------------------------------------


def test_scenario_over_fitted_over_declared(region: Region) -> None:
    name, value = next(iter(VALUES.items()))
    other = PARAMETERS[name].low
    fitted = BorderModel(Scenario.load(end=END), region=region, households=60)
    assert {n: fitted.settings.values[n] for n in VALUES} == VALUES
    declared = BorderModel(Scenario.load(end=END), region=region, households=60, fitted={})
    assert {n: declared.settings.values[n] for n in VALUES} == {n: PARAMETERS[n].default for n in VALUES}
    assert BorderModel(Scenario.load(end=END, set={name: other}), region=region, households=60).settings.values[name] == other
    assert BorderModel(Scenario.load(end=END), households=60, fitted={name: value}).settings.values[name] == value


def test_fitted_values_are_the_same_as_set_ones_and_none_as_before(region: Region) -> None:
    assert parts(run(region)) == parts(run(NAME, fitted=VALUES))
    assert run(region).results.yearly.equals(run(NAME, set=VALUES, fitted={}).results.yearly)
    assert run(region, fitted={}).results.yearly.equals(run(NAME, fitted={}).results.yearly)
    assert not run(region).results.yearly.equals(run(NAME, fitted={}).results.yearly)


@pytest.mark.parametrize("wrong", [{"nothing": 1.0}, {ILL: 99.0}, {LEVER: PARAMETERS[LEVER].default}, {ILL: math.nan}, [1], {ILL: "x"}])
def test_wrong_values_are_refused(wrong) -> None:
    with pytest.raises(ScenarioError) as refusal:
        BorderModel(households=60, fitted=wrong)
    assert "\n" not in str(refusal.value)


# ---- they stay with the run ----------------------------------------------------------------------------------------------------


def test_the_manifest_repeats_the_run_whatever_the_region_says_now(tmp_path: Path) -> None:
    place = region_folder(tmp_path)
    model = BorderModel(Scenario.load(end=END), region=str(place), households=60, rng=3).run()
    said = json.loads(json.dumps(model.manifest()))
    assert said["fitted"] == {"posterior": "made-up-1", "parameters": VALUES}
    write_fitted(place, {ILL: PARAMETERS[ILL].low}, "made-up-2")
    again = BorderModel.from_manifest(said).run()
    assert again.results.yearly.equals(model.results.yearly)
    assert again.manifest()["fitted"] == said["fitted"]
    old = {k: v for k, v in said.items() if k != "fitted"}
    assert BorderModel.from_manifest(old).fitted == {}
    for wrong in ([], {"parameters": {"nothing": 1}}, {"parameters": 3}):
        with pytest.raises(ManifestError):
            BorderModel.from_manifest(said | {"fitted": wrong})


def test_saved_continued_and_branched(tmp_path: Path) -> None:
    place = region_folder(tmp_path)
    scenario = Scenario.load(end=END)
    whole = BorderModel(scenario, region=str(place), households=60, rng=3).run()
    half = BorderModel(scenario, region=str(place), households=60, rng=3)
    for _ in range(5):
        half.step()
    half.save(tmp_path / "half")
    (place / FITTED).unlink()  # the run keeps its values
    again = BorderModel.load(tmp_path / "half")
    assert again.fitted == VALUES and again.fitted_from == "made-up-1"
    assert again.run().results.yearly.equals(whole.results.yearly)
    branch = BorderModel.load(tmp_path / "half", scenario=Scenario.load("no-puskesmas", end=END))
    assert {n: branch.settings.values[n] for n in VALUES} == VALUES
    same = BorderModel.load(tmp_path / "half", scenario=scenario)
    assert same.run().results.yearly.equals(whole.results.yearly)


# ---- shown -------------------------------------------------------------------------------------------------------------------


def test_the_fitted_value_stands_beside_the_default(folder: Path) -> None:
    rows = {r["name"]: r for r in parameter_rows(str(folder))}
    assert rows[ILL]["fitted"] == VALUES[ILL] and rows[ILL]["posterior"] == "made-up-1"
    assert "fitted" not in rows[LEVER] and all("fitted" not in r for r in parameter_rows())
    headings = dict(describe(ILL, str(folder))[0].lines)
    assert "made-up-1" in headings["fitted"] and "fitted" not in dict(describe(LEVER, str(folder))[0].lines)


# ---- wider than declared -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_widened_ranges_keep_what_units_permit(share: float) -> None:
    for name, p in PARAMETERS.items():
        low, high = p.widened(share)
        assert low <= p.low <= p.default <= p.high <= high, name
        if share == 0:
            assert (low, high) == (p.low, p.high)
        assert high - low <= (1 + 2 * share) * (p.high - p.low) + 1e-12
        if p.low >= 0:
            assert low >= 0.2 * p.low - 1e-12
        if p.unit in UNIT_INTERVAL:
            assert low >= 0 and high <= max(1.0, p.high)
        assert p.check(low, share) == low and p.check(high, share) == high


def test_widened_known_answers() -> None:
    ill = dataclasses.replace(PARAMETERS[ILL], default=0.1, low=0.08, high=0.18)  # episodes a month
    assert ill.widened(0.5) == pytest.approx((0.03, 0.23)) and ill.widened(1.0) == pytest.approx((0.016, 0.28))
    none = dataclasses.replace(PARAMETERS["household.seek_care.value_no_care"], default=0.0, low=-1.5, high=0.3)
    assert none.widened(0.5) == pytest.approx((-2.4, 1.2))  # a utility may be below 0
    assert PARAMETERS["household.keep_ties.inequality"].widened(0.5) == pytest.approx((0.0, 1.5))
    assert PARAMETERS["trader.choose_deal.kin_credit"].widened(1.0) == (0.0, 1.0)
    with pytest.raises(ValueError, match=r"range 0.08 to 0.18"):
        ill.check(0.2)


def test_a_scenario_may_be_widened() -> None:
    ill = PARAMETERS[ILL]
    beyond = ill.high + 0.25 * (ill.high - ill.low)  # within a range that is half as wide again on each side, not a tenth
    wide = Scenario.load(set={ILL: beyond}, widen=0.5)
    assert wide.parameters[ILL] == beyond and wide.to_dict()["widen"] == 0.5
    assert Scenario.from_dict(wide.to_dict()) == wide
    plain = Scenario.load()
    assert "widen" not in plain.to_dict() and plain.hash == Scenario.load(widen=0.5).hash
    assert Scenario(parameters={}, events=(Change(3, ILL, beyond),), widen=0.5).events[0].value == beyond
    assert BorderModel(wide, households=60).settings.values[ILL] == beyond
    assert BorderModel(Scenario.load(widen=0.5), households=60, fitted={ILL: beyond}).settings.values[ILL] == beyond
    with pytest.raises(ScenarioError, match="outside its range"):
        Scenario.load(set={ILL: beyond}, widen=0.1)
    for wrong in (-0.1, 1.5, math.nan, "a", True, None):
        with pytest.raises(UserError, match="widen"):
            Scenario.load(widen=wrong)  # type: ignore[arg-type]


def test_a_scenario_file_cannot_widen(tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text("widen = 0.5\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="unknown key 'widen'"):
        Scenario.load(tmp_path / "wide.toml")


def test_a_shipped_scenario_is_no_file_of_its_name_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = 'title = "Another"\ninherits = "history"\n'
    for name in ("history", "mine", "mine.toml"):
        (tmp_path / name).write_text(other, "utf-8")
    shipped = Scenario.load("history")
    monkeypatch.chdir(tmp_path)
    assert Scenario.load("history") == shipped
    assert {Scenario.load(n).title for n in ("mine", "mine.toml", "./history", tmp_path / "history")} == {"Another"}
