"""Whatever a file of a fit or a posterior holds: one of the documented exit codes, one sentence, no traceback."""

from __future__ import annotations

import copy
import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import calibration
from abm import Region
from abm.errors import UserError
from calibration.emulator import Emulator, Polynomial
from calibration.infer import Proposal
from calibration.posterior import Posterior
from calibration.target import TargetError
from calibration.targets import Targets
from experiments.cli import calibrate as calibrate_commands
from experiments.cli.main import main
from experiments.fits.adopt import adopt
from experiments.fits.asked import FitError
from experiments.fits.files import CHECK, FIT, read_result
from experiments.fits.fit import Fit
from experiments.reports.fit_figures import FitDrawing
from experiments.reports.fit_report import report
from experiments.runs.identity import model_version
from experiments.runs.posterior import check_posterior
from tests.calibration.test_report import made, place
from tests.shares import share, some

REGION = "west-kalimantan-sarawak"
SHIPPED = Path(calibration.__file__).parent / "posteriors" / REGION
GONE = object()
#: What each value is replaced by in turn.
WRONG: list[Any] = [None, 3, -1, float("inf"), float("nan"), "x", [], {}, [3], [[]], True, "y" * 100_000, 10**400, GONE]


def paths(said: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of every value; of a list the first entry is used for all."""
    if before:
        yield before
    if isinstance(said, dict):
        for key, value in said.items():
            yield from paths(value, (*before, key))
    elif isinstance(said, list) and said:
        yield from paths(said[0], (*before, 0))


def damaged(said: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The same with one value replaced or taken out."""
    found = copy.deepcopy(said)
    at = found
    for key in path[:-1]:
        at = at[key]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


def sentence(capsys: pytest.CaptureFixture[str], *arguments: str) -> int:
    """Run a command; whatever it says is no traceback, and a refusal is one short sentence."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    assert code in (0, 1, 2, 3), (code, arguments)
    assert "Traceback" not in out + err
    if code == 2:
        lines = [line for line in err.splitlines() if line.startswith("lintas: ")]
        assert len(lines) == 1 and len(lines[0]) < 900, err[:2000]
        assert "y" * 81 not in err
    return code


def refusal(read: Callable[[], Any]) -> str:
    """What a reader says of a file: a refusal in one short sentence, or nothing where it takes it."""
    try:
        read()
    except UserError as error:
        said = str(error)
        assert "\n" not in said and len(said) < 900 and "y" * 81 not in said, said[:2000]
        return said
    return ""


class WorkBegins(UserError):
    """Called in place of the work: nothing was refused."""


def _work(*_: Any, **__: Any) -> Any:
    raise WorkBegins("the work begins")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run: what would be ends with a sentence."""
    for name in ("_bank", "_fit", "_check"):
        monkeypatch.setattr(calibrate_commands, name, _work)
    monkeypatch.setattr("experiments.fits.point.point_fits", _work)
    monkeypatch.setattr("experiments.fits.retarget.retarget", _work)
    monkeypatch.setattr("experiments.fits.cost.trial", lambda _: 0.1)
    monkeypatch.setattr("experiments.execution.drive.drive", _work)
    load = Region.load
    monkeypatch.setattr(Region, "load", cache(load))


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit folder before its first run."""
    folder = tmp_path_factory.mktemp("fit") / "fit"
    only = ["--only", "world.set_month.farm_id", "--only", "world.set_month.farm_my"]
    more = ["--prior", "world.set_month.farm_id=1:2", "--without", "kinship", "--points", "64", "--households", "60"]
    assert main(["calibrate", "plan", "-o", str(folder), *only, *more]) == 0
    return folder


COMMANDS = ("bank", "fit", "check", "report", "point", "adopt", "retarget")


def command(name: str, folder: Path) -> list[str]:
    """A command of ``lintas calibrate`` on a folder."""
    more = ["--targets", str(folder / "targets.toml"), "-o", str(folder.parent / "new")] if name == "retarget" else []
    return ["calibrate", name, str(folder), *more]


@share(4)
def test_a_manifest_of_a_fit(one_in: int, planned: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    file = planned / "manifest.json"
    text = file.read_text("utf-8")
    said = json.loads(text)
    capsys.readouterr()
    needed = {("asked",), ("model_version",), ("region_hash",), ("targets_hash",), *((("asked", k)) for k in said["asked"])}
    try:
        for n, path in some(enumerate(paths(said)), one_in):
            for k, value in enumerate(WRONG):
                file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
                name = COMMANDS[(k + n) % len(COMMANDS)] if path in needed else "fit"  # each command meets each entry twice
                assert sentence(capsys, *command(name, planned)) == 2, (path, k, name)
        for text_ in ("", "{", "[]", "3", "null", "[" * 200_000, '{"kind": "lintas fit", "format": 1}', "\x00"):
            file.write_text(text_, "utf-8")
            assert sentence(capsys, *command("fit", planned)) == 2
        file.write_bytes(b"\xff\xfe")
        assert sentence(capsys, *command("fit", planned)) == 2
        file.unlink()
        file.mkdir()
        assert sentence(capsys, *command("fit", planned)) == 2
        file.rmdir()
    finally:
        file.write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("households", 10**12, "asked.households = 1000000000000; it must be at most"),
        ("points", 100, "asked.points: 100: a Sobol sequence is balanced at powers of two only"),
        ("widen", float("nan"), "asked.widen = nan"),
        ("end", "2015-11", "end a fit in a December"),
        ("ranges", [["world.set_month.farm_id", 2.0, 1.0]], "has no width"),
        ("names", ["a", "a"], "is given twice"),
        ("tests", "256", "asked.tests = '256' is not a whole number"),
        ("housholds", 3, "unknown key 'housholds'; did you mean households?"),
    ],
)
def test_what_a_manifest_asks_has_limits(planned: Path, idle: None, key: str, value: Any, said: str) -> None:
    file = planned / "manifest.json"
    text = file.read_text("utf-8")
    try:
        file.write_text(json.dumps(damaged(json.loads(text), ("asked", key), value)), "utf-8")
        with pytest.raises(FitError) as refused:
            Fit.open(planned)
        assert said in str(refused.value) and "manifest.json" in str(refused.value)
    finally:
        file.write_text(text, "utf-8")


NUMBERS: list[tuple[str, str]] = [
    *((option, value) for option in ("--points", "--population", "--most", "--households", "--seed", "--draws", "--tests", "--widen")
      for value in ("-1", "x", "1.5e400", "99999999999999999999999", "nan", "inf", "", "1" * 5000)),
    *(("--prior", f"world.set_month.farm_id={span}") for span in
      ("inf:1", "1:inf", "nan:2", "2:1", "1:1", "1", "", ":", "1:2:3", "x:y", "-5:2", "1:1e308", "1" * 5000)),
    ("--prior", "=1:2"), ("--prior", "world.set_month.farm=1:2"), ("--end", "2015-11"), ("--end", "1979-12"), ("--end", "2031-12"), ("--end", "x"),
    ("--households", "99999999999"), ("--households", "5000001"), ("--draws", "1000001"), ("--tests", "100001"), ("--most", "101"),
    ("--population", "1048577"), ("--points", "2097152"), ("--widen", "1.01"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value"), NUMBERS, ids=lambda v: v[:40])
def test_each_number_of_a_plan_has_limits(option: str, value: str, tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "plan", "-o", str(tmp_path / "fit"), f"{option}={value}"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and len(err) < 900 and (option in err or "prior" in err or "parameter" in err), err
    assert "1" * 81 not in err
    assert not (tmp_path / "fit").exists()


def test_a_name_given_twice(tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    for option, value in (
        ("--only", "world.set_month.farm_id"), ("--without", "kinship"), ("--prior", "world.set_month.farm_id=1:2"),
    ):  # fmt: skip
        assert main(["calibrate", "plan", "-o", str(tmp_path / "fit"), option, value, option, value]) == 2
        assert "twice" in capsys.readouterr().err


@pytest.mark.parametrize("draws", ["1000000000000", "10001", "0", "-1", "x", "1e3", "nan"])
def test_draws_have_a_limit(draws: str, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--posterior", "--allow-drift", "--draws", draws, "-q"]) == 2
    err = capsys.readouterr().err
    assert "--draws" in err and err.count("\n") == 1 and ("1 to 10000" in err.replace(",", "") or "whole number" in err)


@share(3)
def test_targets(one_in: int, planned: Path, tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Every key of every kind of row, in a file that ``plan`` and ``retarget`` read."""
    rows = tomllib.loads((SHIPPED / "targets.toml").read_text("utf-8"))["target"]
    by_kind = {r["kind"]: r for r in rows}
    chosen = [r for r in rows if r["role"] == "fit"] + [r for r in by_kind.values() if r["role"] != "fit"]
    file = tmp_path / "targets.toml"
    capsys.readouterr()
    for row in [*by_kind.values(), next(r for r in rows if r.get("reading_of"))]:
        at = chosen.index(row) if row in chosen else None
        rest = chosen if at is None else chosen[:at] + chosen[at + 1 :]
        others = "\n".join(_toml(r) for r in rest)
        for path in some(paths(row), one_in):
            for value in WRONG:
                file.write_text(_toml(damaged(row, path, value)) + "\n" + others, "utf-8")
                refusal(lambda: Targets.load(file))
    file.write_text(_toml(damaged(rows[0], ("of", "first"), "x")), "utf-8")
    for name, more in (("retarget", [str(planned), "-o", str(tmp_path / "new")]), ("plan", ["-o", str(tmp_path / "new")])):
        assert sentence(capsys, "calibrate", name, "--targets", str(file), *more) == 2
    for text in ("", "target = 3", "[target]", "target = []", "[[target]]", "target = [3]", "a = " + "[" * 5000, "target = [[]]"):
        file.write_text(text, "utf-8")
        with pytest.raises(TargetError):
            Targets.load(file)


def _toml(row: Any) -> str:
    """A row as TOML."""
    if not isinstance(row, dict):
        return ""
    return "[[target]]\n" + "\n".join(f"{k} = {_value(v)}" for k, v in row.items() if v is not None)


def _value(said: Any) -> str:
    if isinstance(said, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in said.items() if v is not None) + " }"
    if isinstance(said, list):
        return "[" + ", ".join(_value(v) for v in said if v is not None) + "]"
    if isinstance(said, float):
        return repr(said)
    return json.dumps(said, ensure_ascii=False)


@share(8)
@pytest.mark.parametrize("name", ["fit", "check"])
def test_results_of_a_fit(
    name: str, one_in: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report of a damaged ``fit.json`` or ``check.json`` (of a retarget, which is never made anew on the way).

    Every value is checked against what the file may hold; of those that it may, the first two of each place are made into a page (all in the slow tests).
    """
    from experiments.fits.fit import inference_version

    most = 100 if one_in == 1 else 2
    monkeypatch.setattr(Region, "load", cache(Region.load))
    content = made(Targets.load())
    manifest = content[0] | {"retargeted_from": "fit", "folder": "new"}
    folder = place(tmp_path, (manifest, content[1] | {"inference": inference_version()}, content[2]))
    file = folder / f"{name}.json"
    said = json.loads(file.read_text("utf-8"))
    assert sentence(capsys, "calibrate", "report", str(folder)) == 0
    monkeypatch.setattr("experiments.reports.fit_figures.svg", lambda canvas: b"")
    draw = FitDrawing.all
    drawn = {"parameters", "years", "sbc", "predictive"}  # what figures are made of
    monkeypatch.setattr(
        FitDrawing,
        "all",
        lambda self: (
            draw(self) if path[0] in drawn and (path[0] != "predictive" or "years" in path) and (made_into_pages == 1 or most > 2) else {}
        ),
    )
    from jinja2 import Environment

    template = Environment.from_string
    ready: dict[str, Any] = {}  # the page's template is made ready once

    def once(self: Environment, source: str) -> Any:
        if source not in ready:
            ready[source] = template(self, source)
        return ready[source]

    monkeypatch.setattr(Environment, "from_string", once)
    places = [p for p in paths(said) if not ("years" in p and p.index("years") + 2 < len(p) and p[p.index("years") + 1] in MANY_ALIKE)]
    for path in some(places, one_in):
        if path[0] == "predictive" and len(path) > 1 and path[1] not in ("all", "puskesmas_programme"):
            continue
        if path[0] == "predictive" and len(path) > 3 and path[2] == "targets" and path[3] not in ("care_majority", "visits_fall"):
            continue
        made_into_pages = 0
        for k, value in enumerate(reversed(WRONG)):
            file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
            try:
                if refusal(lambda: read_result(file, KINDS[name])) or made_into_pages >= most:
                    continue
                made_into_pages += 1
                refusal(lambda: report(folder))
            except Exception as error:
                raise AssertionError((path, k)) from error
    file.write_text("{", "utf-8")
    assert sentence(capsys, "calibrate", "report", str(folder)) == 2


KINDS = {"fit": FIT, "check": CHECK}
#: Outputs of the bands that are treated as others are.
MANY_ALIKE = ("visits_primary_across", "visits_hospital_across", "visits_hospital_home", "care_share_across")


@pytest.mark.parametrize("name", ["fit.json", "check.json", "posterior/manifest.json"])
def test_nothing_damaged_is_adopted(name: str, tmp_path: Path, idle: None) -> None:
    folder, into = tmp_path / "fit", tmp_path / "region"
    into.mkdir()
    for part in ("posterior", "report"):
        (folder / part).mkdir(parents=True)
    for file in SHIPPED.iterdir():
        where = "posterior" if file.name in ("draws.parquet", "manifest.json") else "report" if file.suffix == ".html" else "."
        shutil.copyfile(file, folder / where / file.name)
    from experiments.fits.asked import Asked, prior_of

    opened = Fit(folder, {}, Asked(), Targets.load(), prior_of(Asked()))
    file = folder / name
    said = json.loads(file.read_text("utf-8"))
    needed = {
        "fit.json": ("ess", "parameters", "targets"), "check.json": ("model_version", "sbc"), "posterior/manifest.json": ("central", "id", "ess"),
    }[name]  # fmt: skip
    for key in needed:
        for k, value in enumerate(WRONG):
            file.write_text(json.dumps(damaged(said, (key,), value)), "utf-8")
            harmless = (
                value == "x" or (key == "ess" and value == 3 and name == "fit.json") or (key == "sbc" and (value == [] or value is GONE))
            )
            if harmless and key != "central":
                continue
            assert refusal(lambda: adopt(opened, into, tmp_path / "package")), (key, k)
            assert not (into / "fitted.toml").exists() and not (tmp_path / "package").exists()


def test_a_posterior(tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "posterior"
    folder.mkdir()
    said = json.loads((SHIPPED / "manifest.json").read_text("utf-8")) | {"model_version": model_version()}
    draws = pd.read_parquet(SHIPPED / "draws.parquet").iloc[:3]
    draws["weight"] = [0.5, 0.25, 0.25]
    draws.to_parquet(folder / "draws.parquet", index=False)
    file = folder / "manifest.json"
    region = Region.load(REGION)
    run = ("run", "--posterior-from", str(folder), "-q", "--out", str(tmp_path / "out"))
    few = list(said["central"])[:2]

    def use() -> None:
        found = Posterior.load(folder)
        found.central()
        check_posterior(found, region, allow_drift=True)

    for path in paths(said | {"central": {n: said["central"][n] for n in few}}):
        for value in WRONG:
            file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
            refusal(use)
    file.write_text(json.dumps(said | {"parameters": 3}), "utf-8")
    assert sentence(capsys, *run) == 2
    file.write_text(json.dumps(said), "utf-8")
    names = list(draws.columns)
    tables: list[Callable[[], pd.DataFrame]] = [
        lambda: draws.drop(columns="weight"), lambda: draws[names[::-1]], lambda: draws.iloc[:0], lambda: draws.assign(weight="a"),
        lambda: draws.assign(weight=np.nan), lambda: draws.assign(draw=[0.5, 1, 2]), lambda: draws.assign(**{names[2]: [[1], [2], [3]]}),
        lambda: draws.assign(**{names[2]: 1e300}), lambda: draws.assign(**{"y" * 5000: 1.0}), lambda: draws.astype(str),
    ]  # fmt: skip
    for make in tables:
        make().to_parquet(folder / "draws.parquet", index=False)
        with pytest.raises(UserError):
            Posterior.load(folder)
    for raw in (b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", (SHIPPED / "draws.parquet").read_bytes()[:-200]):
        (folder / "draws.parquet").write_bytes(raw)
        assert sentence(capsys, *run) == 2


def test_a_proposal(planned: Path, tmp_path: Path) -> None:
    """``population-K.npz``: arrays of another kind or shape, a pickle, no archive at all."""
    fit = Fit.open(planned)
    file = planned / "population-1.npz"
    each = tuple(
        Polynomial(np.array([0]), np.array([[1]]), np.array([0.1]), 0.0, 0.1, 0.5, np.zeros(4)) for _ in fit.targets.fit
    )  # fmt: skip
    from experiments.fits.fit import probe

    proposal = Proposal(Emulator(each), 0.0, 0.0)
    good = {"probe": proposal.log_density(fit.likelihood, probe(2)), **proposal.pack()}
    try:
        np.savez(file, **good)
        assert np.array_equal(fit.proposal(1).log_density(fit.likelihood, probe(2)), good["probe"])
        wrong: list[Any] = [
            np.zeros(0), np.zeros((2, 2)), np.array("x"), np.array([np.nan] * 4), np.array([10**6]), np.array(3), np.array([{}], dtype=object), np.array([-1]),
            np.array([1j] * 4),
        ]  # fmt: skip
        for key in good:
            for value in [*(wrong[1:] if key.endswith("noise") else wrong), None]:  # a list of no residuals is one
                np.savez(file, **{k: v for k, v in good.items() if k != key}, **({} if value is None else {key: value}))
                with pytest.raises(FitError, match="population"):
                    fit.proposal(1)
        for raw in (b"", b"PK\x03\x04", b"\x80\x04N.", b"\x93NUMPY\x01\x00"):
            file.write_bytes(raw)
            with pytest.raises(FitError, match="is damaged"):
                fit.proposal(1)
    finally:
        file.unlink()
