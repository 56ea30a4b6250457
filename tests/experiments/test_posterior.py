"""A posterior folder, results with its bands, and comparisons over its draws."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm import BorderModel, Region, Scenario, Simulation
from agents.core.declare import PARAMETERS
from calibration import posterior as calibrated
from calibration.posterior import Posterior, PosteriorError
from experiments.analysis.compare import compare_draws
from experiments.analysis.differences import CompareError, comparisons_of, splits_of
from experiments.analysis.draws import bands_of, run_draws
from experiments.cli.main import main
from experiments.reports.draws import drawn_readings, write_draws
from experiments.runs.identity import model_version
from experiments.runs.posterior import check_posterior
from experiments.runs.tables import TABLES
from experiments.studies.plan import seed_of
from tests.experiments.test_compare import FIRST, SECOND

NAME = "west-kalimantan-sarawak"
ILL, QUALITY = "household.fall_ill.p_minor", "household.seek_care.weight_quality"
LEVER = next(n for n, p in PARAMETERS.items() if p.role == "lever")
DRAWS = pd.DataFrame({"draw": [4, 7, 9], "weight": [0.5, 0.25, 0.25], ILL: [0.1, 0.12, 0.17], QUALITY: [2.0, 3.0, 4.5]})
END = "1985-12"
type Captured = pytest.CaptureFixture[str]


def make(place: Path, draws: pd.DataFrame = DRAWS, **more: Any) -> Path:
    """A posterior folder made by hand."""
    folder = place / "posterior"
    folder.mkdir(exist_ok=True)
    said = {
        "kind": "lintas posterior", "id": "made-up", "model_version": model_version(), "region": NAME, "region_hash": Region.load(NAME).hash,
        "households": 300, "parameters": [ILL, QUALITY],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(said | more), encoding="utf-8")
    draws.to_parquet(folder / "draws.parquet", index=False)
    return folder


# --- the folder ------------------------------------------------------------------------------------------------------


def test_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Posterior.load(make(tmp_path))
    assert (found.id, found.region, found.households, found.parameters) == ("made-up", NAME, 300, [ILL, QUALITY])
    assert found.draws.equals(DRAWS) and found.values(1) == {ILL: 0.12, QUALITY: 3.0}
    monkeypatch.setattr(calibrated, "FOLDER", tmp_path)
    make(tmp_path).rename(tmp_path / NAME)
    assert Posterior.names() == [NAME] and Posterior.load(NAME).id == "made-up"


def test_systematic_resampling(tmp_path: Path) -> None:
    found = Posterior.load(make(tmp_path))
    for seed in range(20):
        drawn = found.sample(8, seed)
        assert Counter(drawn["draw"]) == {4: 4, 7: 2, 9: 2} and list(drawn.columns) == ["draw", ILL, QUALITY]
        assert drawn.equals(found.sample(8, seed))
    assert all(Counter(found.sample(3, s)["draw"])[4] in (1, 2) for s in range(20))
    assert {int(found.sample(1, s)["draw"].iloc[0]) for s in range(40)} == {4, 7, 9}
    with pytest.raises(PosteriorError):
        found.sample(0, 1)


def test_central_is_a_draw(tmp_path: Path) -> None:
    assert Posterior.load(make(tmp_path, DRAWS.assign(weight=1 / 3))).central() == {ILL: 0.12, QUALITY: 3.0}
    heavy = DRAWS.assign(weight=[0.9, 0.05, 0.05])
    assert Posterior.load(make(tmp_path, heavy)).central() == {ILL: 0.1, QUALITY: 2.0}
    none = DRAWS.assign(weight=[0.5, 0.0, 0.5])
    assert Posterior.load(make(tmp_path, none)).central()[ILL] != 0.12


REFUSED: dict[str, tuple[dict[str, Any], pd.DataFrame, str]] = {
    "other kind": ({"kind": "lintas study"}, DRAWS, "of another kind"),
    "no id": ({"id": ""}, DRAWS, "id = '' is too short"),
    "households no number": ({"households": "300"}, DRAWS, "households = '300' is not a whole number"),
    "unknown parameter": ({}, DRAWS.rename(columns={ILL: "household.fall_ill.p_mino"}), "did you mean"),
    "lever": ({"parameters": [LEVER]}, DRAWS[["draw", "weight"]].assign(**{LEVER: PARAMETERS[LEVER].default}), "role uncertain"),
    "other parameters than said": ({"parameters": [ILL]}, DRAWS, "parameters of the manifest"),
    "weights": ({}, DRAWS.assign(weight=0.2), "sum to 0.6"),
    "negative weight": ({}, DRAWS.assign(weight=[1.5, -0.25, -0.25]), "negative"),
    "outside": ({}, DRAWS.assign(**{ILL: 0.3}), "outside its range"),
    "no number": ({}, DRAWS.assign(**{ILL: math.nan}), "outside its range"),
    "empty": ({}, DRAWS.iloc[:0], "no draw"),
    "text": ({}, DRAWS.assign(**{ILL: "a"}), "without numbers"),
    "widen": ({"widen": 3}, DRAWS, "widen"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    more, draws, said = REFUSED[case]
    with pytest.raises(PosteriorError) as refusal:
        Posterior.load(make(tmp_path, draws, **more))
    assert said in str(refusal.value) and "\n" not in str(refusal.value)


def test_missing_or_damaged(tmp_path: Path) -> None:
    for wrong in ("no-such-region", tmp_path / "nowhere", str(tmp_path / "nowhere"), tmp_path):
        with pytest.raises(PosteriorError) as refusal:
            Posterior.load(wrong)
        assert "\n" not in str(refusal.value)
    folder = make(tmp_path)
    (folder / "draws.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(PosteriorError, match="damaged"):
        Posterior.load(folder)
    (folder / "draws.parquet").unlink()
    with pytest.raises(PosteriorError, match=r"no draws\.parquet"):
        Posterior.load(folder)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(PosteriorError, match="damaged"):
        Posterior.load(folder)


def test_another_model_or_region_is_refused(tmp_path: Path) -> None:
    region = Region.load(NAME)
    assert check_posterior(Posterior.load(make(tmp_path)), region) == []
    old = Posterior.load(make(tmp_path, model_version="0.0.1+abc", region_hash="0" * 64))
    with pytest.raises(PosteriorError, match=r"0\.0\.1\+abc.*--allow-drift"):
        check_posterior(old, region)
    assert len(check_posterior(old, region, allow_drift=True)) == 2
    with pytest.raises(PosteriorError, match="elsewhere"):
        check_posterior(Posterior.load(make(tmp_path, region="elsewhere")), region, allow_drift=True)


# --- results with bands -------------------------------------------------------------------------------------------------


def test_runs_over_draws(tmp_path: Path, capsys: Captured) -> None:
    found, out = make(tmp_path), tmp_path / "out"
    arguments = ["run", "--posterior-from", str(found), "--draws", "3", "-n", "300", "--end", END, "--out", str(out)]
    assert main(arguments) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "reported numbers that were not fitted" in said
    page = (out / "levels.html").read_text("utf-8")
    assert "3 runs of &#39;History&#39;" in page and "posterior made-up" in page and "Inequality of income, Sarawak" in page
    assert "3 draws of posterior made-up" in said and str(out) in "".join(said.split()).replace("Results:", " ")
    tables = {n: pd.read_parquet(out / f"{n}.parquet") for n in (*TABLES, "bands", "draws")}
    assert all(tables[n].columns[0] == "draw" and set(tables[n]["draw"]) == {0, 1, 2} for n in TABLES)
    draws = tables["draws"]
    assert list(draws["seed"]) == [seed_of(7, k) for k in range(3)] and set(draws["status"]) == {"ok"}
    one = draws.iloc[2]
    scenario = Scenario.load(end=END)
    model = BorderModel(scenario, households=300, rng=int(one["seed"]), fitted={n: float(one[n]) for n in (ILL, QUALITY)}).run()
    mine = tables["yearly"][tables["yearly"]["draw"] == 2].drop(columns="draw").reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, model.results.yearly, check_dtype=False)
    bands = tables["bands"]
    row = bands[(bands["year"] == 1985) & (bands["side"] == "id") & (bands["indicator"] == "income_real")].iloc[0]
    values = tables["yearly"].query("year == 1985 and side == 'id'")["income_real"]
    assert row["median"] == pytest.approx(values.median()) and row["p95"] == pytest.approx(values.quantile(0.95)) and row["n"] == 3
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["posterior"]["id"] == "made-up" and manifest["drift"] == []
    assert main([*arguments, "-q"]) == 0, "a former folder of the kind is replaced"
    assert json.loads((out / "manifest.json").read_text("utf-8"))["tables"] == manifest["tables"]
    assert main(["rerun", str(out)]) == 2
    assert main(["run", "--end", "1980-02", "-n", "60", "--out", str(out)]) == 2


def test_what_does_not_go_together(tmp_path: Path, capsys: Captured) -> None:
    found = str(make(tmp_path, model_version="0.0.1+abc"))
    for wrong in (
        ["run", "--draws", "3"], ["run", "--posterior-from", found, "--declared"], ["run", "--posterior-from", found, "--draws", "0"],
        ["run", "--posterior", "--declared"], ["run", "--posterior-from", found], ["compare", "history", "no-puskesmas", "--draws", "3"],
        ["compare", "history", "no-puskesmas", "--posterior-from", found, "--replicates", "1"],
    ):  # fmt: skip
        assert main([*wrong, "-q"]) == 2, wrong
        assert capsys.readouterr().err.count("\n") == 1


def test_a_run_that_fails_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, region, scenario = Posterior.load(make(tmp_path)), Region.load(NAME), Scenario.load(end="1980-12")
    whole = Simulation.run

    def run(self: Simulation, *args: Any, **more: Any) -> Simulation:
        if self.settings.values[ILL] == 0.17:
            raise ArithmeticError("made up")
        return whole(self, *args, **more)

    monkeypatch.setattr(Simulation, "run", run)
    runs = run_draws(found, scenario, region, draws=8, households=60, seed=1)
    assert Counter(runs.draws["status"]) == {"ok": 6, "failed": 2} and "made up" in set(runs.draws["cause"]).pop() + "made up"
    assert runs.tables["yearly"]["draw"].nunique() == 6
    assert (write_draws(runs, tmp_path / "out") / "bands.parquet").is_file()
    monkeypatch.setattr(Simulation, "run", lambda *a, **k: 1 / 0)
    with pytest.raises(PosteriorError, match="no run ended well"):
        run_draws(found, scenario, region, draws=2, households=60)


def test_bands_and_readings_of_known_numbers() -> None:
    from tests.experiments.made_up import yearly_value

    yearly = pd.DataFrame({"draw": [0, 1, 2], "year": 1980, "side": "id", "x": [1.0, 2.0, math.nan]})
    row = bands_of(yearly).iloc[0]
    assert (row["indicator"], row["median"], row["n"]) == ("x", 1.5, 2)
    del yearly_value
    years = pd.DataFrame(
        [(d, y, s, 650.0 + 50 * d if s == "id" else 4000.0) for d in range(3) for y in range(2005, 2008) for s in ("id", "my")],
        columns=["draw", "year", "side", "product_per_capita"],
    )
    first = drawn_readings(years)[0]
    assert first.median == 700 and first.low == pytest.approx(655) and first.share == 1.0


# --- comparisons ---------------------------------------------------------------------------------------------------------


def test_the_spread_is_split_into_its_two_sources() -> None:
    rng, draws, replicates = np.random.default_rng(5), 400, 4
    rows = []
    for point, effect in enumerate(10 + 3 * rng.standard_normal(draws)):
        for k in range(replicates):
            base, by = rng.normal(100, 50), effect + 2 * rng.standard_normal()
            for name, more in (("a", 0.0), ("b", by)):
                fixed = {"scenario": name, "region": NAME, "households": 60, "status": "ok", "point": point, "replicate": k}
                rows.append({**fixed, "year": 1980, "side": "id", FIRST: base + more, SECOND: 1.0})
    frame = pd.DataFrame(rows)
    part = comparisons_of(frame, "a", ["b"], [FIRST, SECOND])[0]
    split, still = splits_of(frame, part, [FIRST, SECOND])
    assert split.difference == pytest.approx(10, abs=0.5) and split.draws == draws
    assert math.sqrt(split.var_posterior) == pytest.approx(3, rel=0.1) and math.sqrt(split.var_chance) == pytest.approx(2, rel=0.1)
    assert split.of_posterior[1] - split.difference == pytest.approx(1.645 * 3, rel=0.1)
    assert split.difference == pytest.approx(part.effects[0].difference)
    assert (still.var_posterior, still.var_chance) == (0.0, 0.0)
    only_chance = frame.assign(point=np.arange(len(frame)) // 2 % 40, replicate=np.arange(len(frame)) // 2 // 40)
    assert splits_of(only_chance, comparisons_of(only_chance, "a", ["b"], [FIRST, SECOND])[0], [FIRST])[0].var_posterior < 1.0


def test_compare_over_draws(tmp_path: Path, capsys: Captured) -> None:
    found, out = make(tmp_path), tmp_path / "out"
    common = ["compare", "history", "no-puskesmas", "--posterior-from", str(found), "--draws", "3", "-n", "300", "--end", END, "-q"]
    assert main([*common, "--out", str(out), "--output", "visits_across"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "over 3 draws, of which the posterior" in said and "of which chance" in said
    kept = json.loads((out / "compare.json").read_text("utf-8"))["comparisons"][0]
    assert kept["posterior"]["id"] == "made-up" and kept["points"] == 3 and kept["replicates"] == 2
    split = next(s for s in kept["posterior"]["splits"] if (s["output"], s["side"]) == ("visits_across", "id"))
    assert split["difference"] != 0 and split["var_chance"] > 0 and split["low_of_both"] <= split["low_of_chance"]
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["posterior"]["id"] == "made-up" and manifest["draws"] == 3
    assert main([*common, "--out", str(tmp_path / "again"), "--output", "visits_across", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0] == kept


def test_a_set_value_holds_over_the_draws(tmp_path: Path) -> None:
    found = Posterior.load(make(tmp_path))
    a, b = Scenario.load(end="1980-12", set={ILL: 0.1}), Scenario.load(end="1980-12", set={ILL: 0.15})
    part = compare_draws(a, b, found, draws=2, households=60)
    assert any(e.difference for e in part.effects)
    with pytest.raises(CompareError):
        compare_draws(a, b, found, draws=1, households=60)
