"""``lintas calibrate worth``: from runs to the ordered table, its files and its screen."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from calibration.obtainable import ObtainableFacts, read_facts
from calibration.worth import worth
from experiments.cli.main import main
from experiments.evidence import stored
from experiments.fits.fit import inference_version
from experiments.fits.worth import WorldRuns, judge, write_worth
from experiments.reports.worth_screen import show_worth

YEARS = np.arange(1990, 2001)
NAMES = [n for n, p in PARAMETERS.items() if p.role == "uncertain" and p.prior == "uniform"][:6]
OUTPUTS = ("workers_across", "untreated_share", "crossings", "population")


def row(name: str, output: str, error: str) -> str:
    return f"""
[[fact]]
id = "{name}"
what = "What of {name}?"
obtained = "Ask about {name}."
of = {{ output = "{output}", side = "id", first = 1995, last = 1997 }}
{error}
error_reason = "So it is."
cost = "low"
"""


TEXT = (
    row("rough", "workers_across", "relative_error = 2.0") + row("useless", "crossings", "relative_error = 1.0")
    + row("best", "workers_across", "relative_error = 0.2") + row("share", "untreated_share", "odds_error = 1.0")
)  # fmt: skip


def worlds(draws: int = 150, replicates: int = 2, chance: float = 0.05, seed: int = 1) -> WorldRuns:
    """Work across depends on the first parameter and on the mechanism, untreated illness a little on the second one, crossings on nothing."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(rng.random((draws, len(NAMES))), replicates, axis=0)
    n = len(unit)
    noise = lambda: rng.standard_normal(n) * chance  # noqa: E731
    low, high = (np.array([getattr(PARAMETERS[p], end) for p in NAMES]) for end in ("low", "high"))

    def made(shift: float) -> dict[str, np.ndarray]:
        numbers = {
            "workers_across": np.exp(5 + 2 * unit[:, 0] + shift + noise()), "untreated_share": 1 / (1 + np.exp(-2 * unit[:, 1] + noise())),
            "crossings": np.exp(rng.standard_normal(n)), "population": np.full(n, 100.0),
        }  # fmt: skip
        return {o: np.repeat(v[:, None, None], len(YEARS), axis=1) * np.array([1.0, 5.0]) for o, v in numbers.items()}

    claims = pd.DataFrame({"E11": (unit[:, 0] > 0.5).astype(float), "E08": (unit[:, 1] > 0.97).astype(float), "E33": np.full(n, np.nan)})
    return WorldRuns(
        pd.DataFrame(low + unit * (high - low), columns=NAMES), YEARS, {"history": made(0.0), "without-kinship": made(1.5)}, claims,
        {"without-kinship": "kinship"},
    )  # fmt: skip


def test_the_most_informative_fact_comes_first() -> None:
    found = judge(worlds(), read_facts(TEXT, "x"))
    assert found["facts"][0]["id"] == "best"
    assert found["undecided"] == ["E11"] and found["claims"]["E33"] is None
    assert found["draws"] == 150 and found["runs_of_a_draw"] == 2
    rows = {f["id"]: f for f in found["facts"]}
    assert rows["useless"]["closes"]["all"] == 0.0 and rows["useless"]["parameters"] == {}
    assert list(rows["best"]["parameters"]) == [NAMES[0]] and rows["best"]["parameters"][NAMES[0]] > 0.7
    assert list(rows["share"]["parameters"]) == [NAMES[1]]
    assert set(found["movable"]) == {NAMES[0], NAMES[1]}
    assert rows["best"]["parameters_mean"] == pytest.approx(rows["best"]["parameters"][NAMES[0]] / 2, abs=0.05)
    assert rows["best"]["claims"]["E11"]["above_chance"] and rows["best"]["claims"]["E11"]["settles"] > 0.5
    assert not rows["share"]["claims"]["E11"]["above_chance"]
    assert rows["best"]["mechanisms"]["without-kinship"]["right"] > 0.75
    assert rows["best"]["closes"]["all"] == pytest.approx(sum(rows["best"]["closes"][k] for k in ("claims", "mechanisms", "parameters")))
    low, middle, high = rows["best"]["predicted"]
    assert low == pytest.approx(np.exp(5.1), rel=0.15) and middle == pytest.approx(np.exp(6.0), rel=0.2) and high > middle


def test_what_no_fact_settles_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    made = worlds()
    idle = replace(
        made,
        outputs={**made.outputs, "without-idle": made.outputs["history"]},
        claims=made.claims.assign(E10=made.parameters[NAMES[4]] > np.median(made.parameters[NAMES[4]])).astype(float),
    )
    found = judge(idle, read_facts(TEXT, "x"))
    assert found["mechanisms_left"] == ["without-idle"] and found["claims_left"] == ["E10"]
    assert all(f["mechanisms"]["without-idle"]["right"] == pytest.approx(0.5) for f in found["facts"])
    show_worth(found, "en")
    said = capsys.readouterr().out
    assert "bears on: E10" in said and "on from off: without-idle" in said
    useless = judge(made, read_facts(row("useless", "crossings", "relative_error = 1.0"), "x"))
    assert useless["mechanisms_left"] == ["without-kinship"] and useless["claims_left"] == ["E11"]


def test_the_order_follows_the_question() -> None:
    """By parameters alone, two facts change places where one narrows a parameter and the other settles a claim."""
    said = row("mechanism", "workers_across", "relative_error = 1.5") + row("parameter", "untreated_share", "odds_error = 0.3")
    facts = read_facts(said, "x")
    assert judge(worlds(), facts, "mechanisms")["facts"][0]["id"] == "mechanism"
    assert judge(worlds(), facts, "parameters")["facts"][0]["id"] == "parameter"


def test_a_fact_that_cannot_be_trusted_comes_last() -> None:
    found = judge(worlds(), read_facts(row("exact", "workers_across", "relative_error = 0.0005") + TEXT, "x"))
    assert [f["thin"] for f in found["facts"]] == [False] * 4 + [True]
    assert found["facts"][-1]["id"] == "exact"


def test_replicates_are_one_draw() -> None:
    """Lines of one draw are averaged; what the mean of R lines lacks of the chance in one run is counted as error, (1 − 1/R) of its variance."""
    facts = read_facts(row("best", "workers_across", "relative_error = 0.2"), "x")
    for replicates in (2, 5):
        found = judge(worlds(replicates=replicates, chance=0.5), facts)
        assert found["facts"][0]["chance_sd"] == pytest.approx(0.5 * math.sqrt(1 - 1 / replicates), rel=0.15)
        assert found["draws"] == 150 and found["runs_of_a_draw"] == replicates
    alone = judge(worlds(replicates=1, chance=0.5), facts)
    assert alone["facts"][0]["chance_sd"] == 0.0 and alone["draws"] == 150
    noisy, quiet = (judge(worlds(chance=c), facts)["facts"][0]["closes"]["all"] for c in (1.0, 0.0))
    assert noisy < quiet


def test_chance_counts_the_same_whatever_the_replicates() -> None:
    """A draw that was run once holds chance in its number, one that was run often in the error: what a fact promises is the same."""
    facts = read_facts(row("best", "workers_across", "relative_error = 0.3"), "x")
    shares = [judge(worlds(400, replicates=r, chance=0.5), facts)["facts"][0]["parameters"][NAMES[0]] for r in (1, 2, 6)]
    assert shares == pytest.approx([shares[2]] * 3, abs=0.05)


def test_worlds_that_were_not_run_for_all_draws() -> None:
    """Later batches leave out worlds that are decided: their lines are nan, and the rest is compared."""
    facts = read_facts(row("best", "workers_across", "relative_error = 0.2"), "x")
    made = worlds()
    some = {o: np.where(np.arange(300)[:, None, None] < 200, v, np.nan) for o, v in made.outputs["without-kinship"].items()}
    found = judge(replace(made, outputs={**made.outputs, "without-kinship": some}), facts)["facts"][0]
    whole = judge(made, facts)["facts"][0]
    right = [f["mechanisms"]["without-kinship"]["right"] for f in (found, whole)]
    assert right[0] == pytest.approx(right[1], abs=0.04) and right[0] != right[1]
    assert found["parameters"] == whole["parameters"] and found["draws"] == 150


def test_facts_that_the_runs_do_not_hold_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    made = worlds()
    less = {w: {o: v for o, v in outputs.items() if w == "history" or o != "crossings"} for w, outputs in made.outputs.items()}
    found = judge(replace(made, outputs=less), read_facts(TEXT, "x"))
    assert [f["id"] for f in found["unread"]] == ["useless"] and found["unread"][0]["outputs"] == ["crossings"]
    assert {f["id"] for f in found["facts"]} == {"best", "rough", "share"}
    show_worth(found, "en")
    assert "What of useless? Not judged: the runs do not hold crossings." in capsys.readouterr().out
    with pytest.raises(UserError, match="'useless' reads crossings, which the runs do not hold"):
        judge(replace(made, outputs=less), read_facts(row("useless", "crossings", "relative_error = 1.0"), "x"))


def test_the_order_of_lines_does_not_matter() -> None:
    """Lines in another order give the same figures up to rounding and shuffling."""
    facts = read_facts(TEXT, "x")
    one = worlds()
    other = np.random.default_rng(3).permutation(len(one.parameters))
    mixed = replace(
        one, parameters=one.parameters.iloc[other], claims=one.claims.iloc[other],
        outputs={w: {o: v[other] for o, v in outputs.items()} for w, outputs in one.outputs.items()},
    )  # fmt: skip
    for a, b in zip(judge(one, facts)["facts"], judge(mixed, facts)["facts"], strict=True):
        assert a["id"] == b["id"] and a["ess"] == pytest.approx(b["ess"]) and a["bits"] == pytest.approx(b["bits"])


def test_a_draw_that_comes_twice_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.fits import worth as module

    weights: list[np.ndarray] = []

    def told(*arrays: Any) -> Any:
        weights.append(arrays[-1])
        return worth(*arrays)

    monkeypatch.setattr(module, "worth", told)
    facts = read_facts(row("best", "workers_across", "relative_error = 0.2"), "x")
    one = worlds(replicates=1)
    twice = np.concatenate([np.arange(150), np.flatnonzero(one.claims["E11"] == 1)])
    more = replace(
        one, parameters=one.parameters.iloc[twice], claims=one.claims.iloc[twice],
        outputs={w: {o: v[twice] for o, v in outputs.items()} for w, outputs in one.outputs.items()},
    )  # fmt: skip
    p = float(one.claims["E11"].mean())
    assert judge(more, facts)["claims"]["E11"] == pytest.approx(2 * p / (1 + p))
    assert sorted(weights[0].tolist()) == [1.0] * round(150 * (1 - p)) + [2.0] * round(150 * p)


def test_runs_that_do_not_fit() -> None:
    made = worlds(draws=30)
    facts = read_facts(TEXT, "x")
    with pytest.raises(UserError, match="no world 'history'"):
        replace(made, outputs={"without-kinship": made.outputs["without-kinship"]})
    with pytest.raises(UserError, match="do not belong together"):
        replace(made, claims=made.claims.iloc[:-1])
    with pytest.raises(UserError, match="other runs than"):
        replace(made, outputs={**made.outputs, "other": {"crossings": np.zeros((3, len(YEARS), 2))}})
    with pytest.raises(UserError, match="19 draws"):
        judge(worlds(draws=19), facts)


# --- files and screen -----------------------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    text = TEXT.replace('what = "What of best?"', 'what = "=What of best?"')
    found = judge(worlds(), read_facts(text, "x"))
    paths = write_worth(found, tmp_path / "new")
    assert [p.name for p in paths] == ["worth.json", "worth.csv"]
    assert json.loads(paths[0].read_text("utf-8")) == found
    lines = list(csv.DictReader(paths[1].open(encoding="utf-8")))
    assert [line["id"] for line in lines] == [f["id"] for f in found["facts"]]
    assert lines[0]["what"] == "'=What of best?"
    assert float(lines[0]["mechanism without-kinship"]) == pytest.approx(found["facts"][0]["mechanisms"]["without-kinship"]["right"])
    assert float(lines[0]["claim E11"]) > 0.5 and "claim E08" not in lines[0]
    write_worth(found, tmp_path / "new")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="cannot write"):
        write_worth(found, tmp_path / "file")


def test_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    found = judge(worlds(replicates=1), read_facts(row("exact", "workers_across", "relative_error = 0.0005") + TEXT, "x"))
    show_worth(found, "en")
    said = " ".join(capsys.readouterr().out.split())
    assert "1 of 3 claims are undecided" in said
    assert said.index("What of best?") < said.index("What of useless?") < said.index("Cannot be judged")
    for part in ("Ask about best.", "E11", "kinship", NAMES[0], "Nothing beyond", "not fitted again"):
        assert part in said, part
    for lang in ("id", "ms"):
        show_worth(found, lang)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(TEXT, "utf-8")
    monkeypatch.setattr(stored, "read_worlds", lambda folder: worlds())
    said = ["calibrate", "worth", str(tmp_path / "evidence"), "--facts", str(file)]
    assert main([*said, "-o", str(tmp_path / "out"), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "worth.json").read_text("utf-8"))
    assert main([*said, "--by", "claims"]) == 0
    assert "worth.csv" in capsys.readouterr().out and (tmp_path / "evidence" / "worth.csv").exists()
    assert main([*said, "--by", "claim"]) == 2
    assert "claims" in capsys.readouterr().err


def test_a_folder_that_is_no_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "worth", str(tmp_path)]) == 2
    assert "is no result of lintas evidence" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_shipped_list_can_be_judged() -> None:
    """Each shipped fact reads numbers that a run has on the side that it names."""
    from abm import Scenario, simulate_many

    run = next(iter(simulate_many([Scenario.load("history", end="2015-12")], seeds=[1], households=200)))
    table = run.value.sort_values(["year", "side"])
    years = np.array(sorted(table["year"].unique()))
    for fact in ObtainableFacts.load():
        outputs = {o: table[o].to_numpy(float).reshape(1, len(years), 2) for o in fact.outputs}
        assert np.isfinite(fact.on_scale(fact.natural(years, outputs))).all(), fact.id


def test_it_is_no_part_of_the_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit of it must not make results of fits count as those of another inference."""
    before, read = inference_version(), Path.read_bytes
    edited = {"worth.py", "obtainable.py"}
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"# edited" if path.name in edited else b""))
    assert inference_version() == before
    edited.add("likelihood.py")
    assert inference_version() != before
