"""A small fit of the real model: the same bytes for any number of workers and after kills, and what is made of it afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from calibration import check_file
from calibration.likelihood import Likelihood, statistics
from calibration.runs import Runs
from calibration.targets import Targets
from experiments.cli.main import main
from experiments.fits import check, conclude, predictive
from experiments.fits.fit import Fit, inference_version
from tests.calibration.small_fit import ONLY, TARGETS, plan, refused


def content(folder: Path) -> dict[str, str]:
    """Hashes of everything that must not depend on workers or interruptions."""
    found = [*(folder / "posterior").iterdir(), folder / "fit.json", *folder.glob("population-*.npz")]
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


# Whatever is made of this fit is asked in this file: the fit itself takes most of a minute.
@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fit") / "fit"
    assert plan(folder) == 0
    assert main(["calibrate", "fit", str(folder), "--quiet", "--workers", "1"]) == 0
    return folder


def test_the_posterior_is_found(fitted):
    found = json.loads((fitted / "fit.json").read_text("utf-8"))
    assert found["ess"] >= 100
    assert found["populations"][-1]["ess"] >= found["populations"][0]["ess"]
    labels = {p["parameter"]: p["known"] for p in found["parameters"]}
    assert labels["household.seek_care.foreign_penalty"] == "prior only"  # no fitted target reads care
    assert labels["world.set_month.farm_id"] != "prior only"
    rows = {t["id"]: t for t in found["targets"]}
    assert abs(rows["income_id"]["quantiles"][2] / 140 - 1) < 0.2
    assert all(t["prior"]["pass"] is not None for t in found["targets"])


def test_workers_and_kills_change_nothing(fitted, tmp_path):
    """Two workers, and kill -9 in the prior runs, in a population and while the result is written: the same bytes."""
    folder = tmp_path / "killed"
    assert plan(folder) == 0
    command = [
        sys.executable,
        "-c",
        "from experiments.cli.main import script; script()",
        "calibrate",
        "fit",
        str(folder),
        "--workers",
        "2",
        "--quiet",
    ]

    def parts(of: str) -> int:
        return len(list((folder / of / "results").glob("part-*"))) if (folder / of / "results").is_dir() else 0

    stages = [lambda: parts("bank") >= 1, lambda: (folder / "population-1.npz").exists(), lambda: (folder / "posterior").is_dir()]
    killed = 0
    for reached in stages:
        for _ in range(5):
            process = subprocess.Popen(command, start_new_session=True)
            while process.poll() is None and not reached():
                time.sleep(0.01)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
                break
            shutil.rmtree(folder)  # it was done before it could be killed: once more from the start
            assert plan(folder) == 0
    assert killed == len(stages)
    for _ in range(3):
        if subprocess.run(command, check=False).returncode == 0:
            break
    assert content(folder) == content(fitted)


@pytest.mark.slow
def test_checks_survive_kills_too(fitted, tmp_path):
    """Kill -9 among the predictive runs and during the analysis; then the checks and the central draw have the same bytes as undisturbed ones."""
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for folder in (calm, killed):
        shutil.copytree(fitted, folder, ignore=shutil.ignore_patterns("predictive", "check.json", "central.parquet"))

    def command(folder: Path, workers: str) -> list[str]:
        code = "from experiments.cli.main import script; script()"
        return [sys.executable, "-c", code, "calibrate", "check", str(folder), "--workers", workers, "--quiet"]

    last = killed / "predictive" / "crisis" / "results"
    stages = [lambda: (killed / "predictive" / "all" / "manifest.json").exists(), lambda: last.is_dir() and any(last.glob("part-*"))]
    for reached in stages:
        for _ in range(5):
            process = subprocess.Popen(command(killed, "2"), start_new_session=True)
            while process.poll() is None and not reached():
                time.sleep(0.01)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                break
            (killed / "check.json").unlink()  # it was done before it could be killed: once more from the start
            shutil.rmtree(killed / "predictive")
        else:
            pytest.fail("the checks were always done before they could be killed")
        assert not (killed / "check.json").exists()
    for folder, workers in ((killed, "2"), (calm, "1")):
        assert subprocess.run(command(folder, workers), check=False, stdout=subprocess.DEVNULL).returncode == 0
    for name in ("check.json", "posterior/manifest.json"):
        assert (killed / name).read_bytes() == (calm / name).read_bytes()


def test_other_targets_need_no_new_run(fitted, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(TARGETS.replace("value = 140", "value = 120"), "utf-8")
    assert main(["calibrate", "retarget", str(fitted), "--targets", str(other), "-o", str(tmp_path / "new")]) == 0
    before, after = (json.loads((f / "fit.json").read_text("utf-8")) for f in (fitted, tmp_path / "new"))
    assert after["runs"] == before["runs"]
    median = [{t["id"]: t for t in f["targets"]}["income_id"]["quantiles"][2] for f in (before, after)]
    assert median[1] < median[0]
    same = tmp_path / "same.toml"
    same.write_text(TARGETS, "utf-8")
    assert main(["calibrate", "retarget", str(fitted), "--targets", str(same), "-o", str(tmp_path / "again")]) == 0
    again = json.loads((tmp_path / "again" / "fit.json").read_text("utf-8"))
    assert again["ess"] == pytest.approx(before["ess"])
    assert again["tolerances"] == before["tolerances"] and again["readings"] == before["readings"]
    assert again["parameters"] == before["parameters"] and again["years"] == before["years"]


def by_hand(folder: Path, targets: Targets, designed_for: Likelihood) -> tuple[np.ndarray, float, Runs]:
    """Weights, evidence and runs under other targets, written out: likelihood over the mixture of what the runs were drawn from."""
    fit = Fit.open(folder)
    parts = [fit.runs_of(folder / "bank"), *(fit.runs_of(f) for f in fit.populations())]
    runs = Runs.join(parts)
    share = np.array([len(p) for p in parts]) / len(runs)
    density = [np.ones(len(runs))]
    density += [np.exp(fit.proposal(k).log_density(designed_for, runs.unit)) for k in range(1, len(parts))]
    likelihood = np.exp(Likelihood(targets.fit)(statistics(targets.fit, runs)))
    weights = likelihood / (share @ np.stack(density))
    return weights / weights.sum(), float(np.log(weights.mean())), runs


def test_another_reading_is_the_fit_that_it_would_have_been(fitted, tmp_path):
    """What a reading gives is what a fit to it gives, from the same runs; asked of the fit itself and of a retarget of it."""
    other = TARGETS.replace("value = 140", "value = 250", 1).replace("tolerance = 0.15", "tolerance = 0.2", 1)
    other = other.replace("first = 1986, last = 1987", "first = 1981, last = 1982", 1)
    before = json.loads((fitted / "fit.json").read_text("utf-8"))
    (reading,) = before["readings"]
    assert (reading["target"], reading["reading"]) == ("income_id", "income_before")
    designed_for = Fit.open(fitted).likelihood
    for number, text in enumerate((other, other.replace("value = 430", "value = 390"))):
        file, new = tmp_path / f"other-{number}.toml", tmp_path / f"new-{number}"
        file.write_text(text, "utf-8")
        assert main(["calibrate", "retarget", str(fitted), "--targets", str(file), "-o", str(new)]) == 0
        after = json.loads((new / "fit.json").read_text("utf-8"))
        targets = Targets.load(file)
        weights, evidence, runs = by_hand(fitted, targets, designed_for)
        assert after["ess"] == pytest.approx(1.0 / (weights**2).sum())
        assert after["log_evidence"] == pytest.approx(evidence)
        found = {t["id"]: t for t in after["targets"]}["income_id"]
        assert found["pass"] == pytest.approx(weights @ targets["income_id"].passes(targets["income_id"].statistic(runs)))
        assert after["populations"][-1]["ess"] == after["ess"]
        if number == 0:
            assert reading["ess"] == pytest.approx(after["ess"])
            assert reading["log_evidence"] == pytest.approx(after["log_evidence"])
            assert reading["quantiles"]["income_before"] == pytest.approx(found["quantiles"])
            assert reading["pass"]["income_before"] == pytest.approx(found["pass"])
            mine = {t["id"]: t for t in before["targets"]}["income_before"]
            assert reading["pass"]["income_before"] != pytest.approx(mine["pass"], rel=1e-3)
    changed = tmp_path / "changed.toml"
    changed.write_text(TARGETS.replace("value = 430", "value = 390"), "utf-8")
    assert main(["calibrate", "retarget", str(fitted), "--targets", str(changed), "-o", str(tmp_path / "changed")]) == 0
    (again,) = json.loads((tmp_path / "changed" / "fit.json").read_text("utf-8"))["readings"]
    assert again["ess"] == pytest.approx(after["ess"]) and again["ess"] != pytest.approx(reading["ess"], rel=1e-3)


def test_a_reading_without_a_number_says_nothing(fitted, tmp_path):
    """Its years lie after the runs' end: no figure of it is made up, and the files stay JSON that every reader takes."""
    other, new = tmp_path / "other.toml", tmp_path / "new"
    other.write_text(TARGETS.replace("first = 1981, last = 1982", "first = 1990, last = 1991"), "utf-8")
    assert main(["calibrate", "retarget", str(fitted), "--targets", str(other), "-o", str(new)]) == 0

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is no JSON")

    found = json.loads((new / "fit.json").read_text("utf-8"), parse_constant=refuse)
    (reading,) = found["readings"]
    assert reading["ess"] == 0.0 and set(reading["pass"].values()) == {None} and reading["moves"] == []
    assert any(a["what"] == "reading" and a["target"] == "income_before" for a in found["alarms"])
    assert {t["id"]: t for t in found["targets"]}["income_before"]["quantiles"] is None
    assert main(["calibrate", "report", str(new)]) == 0
    assert plan(tmp_path / "planned", targets=other.read_text("utf-8")) == 2


def test_new_draws_are_run_anew(fitted, tmp_path, monkeypatch):
    """Predictive runs of another posterior are not used for this one."""
    folder = tmp_path / "fit"
    shutil.copytree(fitted, folder, ignore=shutil.ignore_patterns("predictive", "check.json", "central.parquet"))
    planned: list[str] = []
    monkeypatch.setattr(predictive, "SWITCHED_OFF", ("crisis",))
    monkeypatch.setattr(predictive, "drive", lambda *_, **__: None)
    make = predictive.plan.make
    monkeypatch.setattr(predictive.plan, "make", lambda study, where, line: (planned.append(where.name), make(study, where, line))[1])
    fit = Fit.open(folder)
    every = ["all", "crisis"]
    predictive.run_predictive(fit, lambda _: None)  # type: ignore[arg-type, return-value]
    assert planned == every
    predictive.run_predictive(fit, lambda _: None)  # type: ignore[arg-type, return-value]
    assert planned == every, "they are kept"
    draws = folder / "posterior" / "draws.parquet"
    table = pd.read_parquet(draws)
    table["weight"] = table["weight"].to_numpy()[::-1]
    table.to_parquet(draws, index=False)
    predictive.run_predictive(fit, lambda _: None)  # type: ignore[arg-type, return-value]
    assert planned == every * 2


def test_the_central_draw_is_the_middle_one():
    # outcomes and effects of five draws, by hand: in units of their spreads the third is nearest to all medians, the first is only in one of them
    numbers = np.array([[5.0, 0.0, 1.0], [4.0, 9.0, 2.0], [5.1, 5.2, 3.1], [6.0, 5.0, 9.0], [9.0, 6.0, 3.0]])
    assert check_file.middle(numbers) == 2
    # an odd number does not decide, one that is not finite counts as the middle, and a statistic that does not differ as nothing
    assert check_file.middle(np.array([[0.0, 1.0, 7.0], [1.0, np.nan, 7.0], [2.0, 3.0, 7.0], [1.1, 1e9, 7.0], [0.5, 2.0, 7.0]])) == 1
    assert check_file.middle(np.full((3, 2), np.nan)) == 0
    # of those that may be chosen
    assert check_file.middle(numbers, np.array([True, True, False, True, True])) == 1
    assert check_file.middle(np.full((3, 2), np.nan), np.array([False, True, True])) == 1


def test_a_retarget_has_a_report_and_no_runs(fitted, tmp_path, capsys):
    other = tmp_path / "other.toml"
    other.write_text(TARGETS.replace("value = 140", "value = 120"), "utf-8")
    new = tmp_path / "new"
    assert main(["calibrate", "retarget", str(fitted), "--targets", str(other), "-o", str(new)]) == 0
    assert main(["calibrate", "report", str(new)]) == 0
    page = (new / "report" / "report.html").read_text("utf-8")
    assert f"lintas calibrate plan -o {fitted} " in page and f"lintas calibrate fit {fitted}<" in page
    assert f"lintas calibrate retarget {fitted} --targets {new}/targets.toml -o {new}<" in page, "with the folders as they were typed"
    assert f"lintas calibrate report {new}<" in page
    capsys.readouterr()
    for stage in ("bank", "fit", "check", "point"):
        assert "none of its own" in refused(capsys, stage, str(new))
    assert f"--targets {new}/targets-of-the-fit.toml" in page and (new / "targets-of-the-fit.toml").read_text("utf-8") == TARGETS
    found = json.loads((new / "fit.json").read_text("utf-8"))
    (new / "fit.json").write_text(json.dumps(found | {"inference": "of last year"}), "utf-8")
    assert "reweight the runs again" in refused(capsys, "report", str(new))


def test_results_of_other_code_are_made_again(fitted, tmp_path, capsys):
    folder = tmp_path / "fit"
    shutil.copytree(fitted, folder)
    opened = Fit.open(folder)
    assert conclude.is_concluded(opened) and not conclude.is_checked(opened)
    for said, is_current in (("of last year", False), (inference_version(), True)):
        (folder / "check.json").write_text(json.dumps({"inference": said}), "utf-8")
        assert conclude.is_checked(opened) is is_current
    (folder / "check.json").unlink()
    found = json.loads((folder / "fit.json").read_text("utf-8"))
    (folder / "fit.json").write_text(json.dumps(found | {"inference": "of last year"}), "utf-8")
    assert not conclude.is_concluded(opened)
    assert main(["calibrate", "fit", str(folder), "--quiet", "--workers", "1"]) == 0
    assert json.loads((folder / "fit.json").read_text("utf-8")) == found


def test_a_population_of_other_inference_is_refused(fitted, tmp_path, capsys):
    """Its density is no longer what it was drawn from, so its weights would be wrong without a warning."""
    folder = tmp_path / "fit"
    shutil.copytree(fitted, folder)
    path = folder / "population-1.npz"
    with np.load(path) as packed:
        kept = dict(packed)
    np.savez(path, **{k: v + 0.01 if k == "probe" else v for k, v in kept.items()})
    said = refused(capsys, "fit", str(folder))
    assert "another version of the inference" in said and "population-*" in said
    np.savez(path, **{k: v for k, v in kept.items() if k != "probe"})
    assert "another version of the inference" in refused(capsys, "fit", str(folder))


def test_checks_of_a_fit(fitted, monkeypatch):
    for module in (predictive, check):
        monkeypatch.setattr(module, "SWITCHED_OFF", ("cross_border_care",))
    monkeypatch.setattr("calibration.infer.POOL", 4000)
    assert main(["calibrate", "check", str(fitted), "--quiet", "--workers", "1"]) == 0
    found = json.loads((fitted / "check.json").read_text("utf-8"))
    assert {r["method"] for r in found["sbc"]} == {"emulated", "abc", "prior"}
    assert len(found["simulated_truths"]) == 3 and any(p["parameters"] for p in found["simulated_truths"])
    with_care, without = (found["predictive"][n]["targets"]["across"] for n in ("all", "cross_border_care"))
    assert without["quantiles"][4] < with_care["quantiles"][2]  # nobody goes across when nobody can
    assert {r["target"] for r in found["sensitivity"]} <= {"income_id", "income_my"}
    central = json.loads((fitted / "posterior" / "manifest.json").read_text("utf-8"))["central"]
    assert central == found["central"] and set(central) <= set(ONLY)


def test_searches_end_at_different_points(fitted, capsys):
    assert main(["calibrate", "point", str(fitted), "--starts", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["answers"]) == 3
    assert all(abs(a["targets"]["income_id"]["emulated"] / 140 - 1) < 0.1 for a in found["answers"])


def test_bad_input_gets_one_sentence(tmp_path, capsys, fitted):
    assert "is no fit folder" in refused(capsys, "fit", str(tmp_path))
    assert "powers of two" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--points", "100")
    assert "no width" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--prior", "world.set_month.farm_id=1:1")
    assert "leaves its declared range" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--prior", "world.set_month.farm_id=1:100")
    assert "there is no parameter" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--only", "world.set_month.farm")
    assert "there is no mechanism" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--without", "kinshp")
    assert not (tmp_path / "a").exists()
    file = tmp_path / "t.toml"
    file.write_text(TARGETS.replace('source = "Haryatie 2015"\n', "", 1), "utf-8")
    assert "has no source" in refused(capsys, "plan", "-o", str(tmp_path / "a"), "--targets", str(file))
    assert "holds something" in refused(
        capsys, "retarget", str(fitted), "--targets", str(fitted / "targets.toml"), "-o", str(fitted.parent)
    )


def test_a_bank_of_another_model_is_refused(fitted, tmp_path, capsys):
    folder = tmp_path / "old"
    shutil.copytree(fitted, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"model_version": "0.0.1+000"}), "utf-8")
    assert "belong to model 0.0.1+000" in refused(capsys, "fit", str(folder))
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "targets.toml").write_text(TARGETS.replace("value = 140", "value = 120"), "utf-8")
    assert "was changed after the fit was planned" in refused(capsys, "fit", str(folder))
