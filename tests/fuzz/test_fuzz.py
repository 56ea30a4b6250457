"""Whatever is damaged, and whatever is typed: an exit code, one sentence, never a traceback, nothing half written, nothing lost.

In the normal tests some 150 cases are tried, the same each time; ``uv run --group dev pytest -m slow tests/fuzz`` tries over 1,000 new ones. The page has
its own tests in ``tests/app``.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from abm import BorderModel
from abm.errors import UserError
from experiments.cli.main import app
from tests.fuzz import workspace
from tests.fuzz.damage import ODD, damage
from tests.fuzz.workspace import acknowledged, run, snapshot, wrong_with

#: For each kind of file: files of it, and the commands that read them (with beginnings of the names that they may write).
KINDS: dict[str, tuple[list[str], list[tuple[list[str], list[str]]]]] = {
    "manifest of a run": (["results/manifest.json"], [(["rerun", "results"], []), (["rerun", "results", "--out", "again"], ["again"])]),
    "table of a run": (["results/yearly.parquet", "results/flows.parquet"], [(["rerun", "results"], [])]),
    "manifest of a study": (
        ["study/manifest.json"],
        [
            (["status", "study"], []), (["batch", "study", "--quiet"], ["study/"]), (["collect", "study", "-o", "t.csv"], ["t.csv"]),
            (["compare", "study", "--json"], ["study/"]), (["sensitivity", "study", "--json"], ["study/"]), (["compact", "study"], ["study/"]),
            (["extend", "study", "--replicates", "2", "--quiet"], ["study/"]), (["retry", "study", "--status", "failed", "--quiet"], ["study/"]),
            (["rerun", "--study", "study", "--run-id", "0123456789abcdef"], []),
        ],
    ),
    "plan": (
        ["study/plan.parquet"],
        [(["status", "study"], []), (["batch", "study", "--quiet"], ["study/"]), (["collect", "study", "-o", "t.csv"], ["t.csv"]),
         (["extend", "study", "--replicates", "2", "--quiet"], ["study/"])],
    ),
    "part": (
        ["study/results/PART"],
        [(["status", "study"], []), (["batch", "study", "--quiet"], ["study/"]), (["collect", "study", "-o", "t.csv"], ["t.csv"]),
         (["compare", "study", "--json"], ["study/"]), (["compact", "study"], ["study/"]), (["sensitivity", "study", "--json"], ["study/"])],
    ),
    "study file": (["study.toml", "listed.toml"], [(["plan", "FILE", "-o", "new"], ["new"]), (["batch", "FILE", "-o", "new", "--dry-run"], [])]),
    "table of a study": (["points.csv"], [(["plan", "listed.toml", "-o", "new"], ["new"])]),
    "scenario": (["scenario.toml"], [(["run", "-s", "scenario.toml", "-n", "60", "--quiet", "--out", "new"], ["new"])]),
    "region": (
        ["region/places.csv", "region/links.csv", "region/goods.csv", "region/monthly.csv", "region/facilities.csv", "region/crossings.csv",
         "region/fees.csv", "region/events.csv", "region/districts.csv", "region/region.toml", "region/map.geojson", "region/fitted.toml",
         "region/annual.csv", "region/road_classes.csv", "region/wages.csv", "region/seasons.csv", "region/population.csv",
         "region/rates.csv", "region/pay.csv", "region/employment.csv", "region/estates.csv", "region/labour.csv"],
        [(["run", "-r", "./region", "-n", "60", "--end", "1980-03", "--quiet", "--out", "new"], ["new"]), (["parameters", "-r", "./region"], []),
         (["describe", "Entikong", "-r", "./region"], [])],
    ),
    "slurm.toml": (["slurm.toml"], [(["batch", "study", "--slurm", "slurm.toml", "--dry-run"], [])]),
    "fit": (
        ["fit/manifest.json", "fit/targets.toml", "fit/bank/manifest.json"],
        [(["calibrate", stage, "fit"], ["fit/"]) for stage in ("bank", "fit", "check", "report", "adopt")]
        + [(["calibrate", "retarget", "fit", "--targets", "targets.toml", "-o", "new"], ["new"])],
    ),
    "targets": (["targets.toml"], [(["calibrate", "plan", "-o", "new", "--points", "64", "--population", "32", "--targets", "targets.toml"], ["new"])]),
    "posterior": (
        ["posterior/manifest.json", "posterior/draws.parquet"],
        [(["run", "--posterior-from", "posterior", "--allow-drift", "--draws", "2", "-n", "60", "--end", "1980-03", "--quiet", "--out", "new"], ["new"])],
    ),
    "saved run": (["saved.npz"], []),
}  # fmt: skip


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of every kind, all good."""
    return workspace.make(tmp_path_factory.mktemp("fuzz") / "template")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What takes long or leaves this process is cut short: stages of a fit end before their runs, workers are threads, no page is served."""
    import experiments.cli.bench
    import experiments.fits.populations
    from experiments.execution import batch
    from experiments.execution.engine import ThreadsEngine

    def no_runs(*_given: Any, **_named: Any) -> Any:
        raise UserError("the test stops here, before any run")

    monkeypatch.setattr(experiments.fits.populations, "drive", no_runs)
    monkeypatch.setattr(batch, "LocalEngine", lambda workers, *_: ThreadsEngine(min(workers, 2)))
    monkeypatch.setattr(experiments.cli.bench, "main", lambda *_given: 0)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@contextmanager
def inside(template: Path) -> Iterator[Path]:
    """A copy of the workspace as the current folder."""
    import tempfile

    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="lintas-fuzz-") as place:
        shutil.copytree(template, Path(place) / "w", symlinks=True)
        os.chdir(Path(place) / "w")
        try:
            yield Path(place) / "w"
        finally:
            os.chdir(before)


def try_damage(template: Path, data: st.DataObject, kind: str) -> str:
    """One damaged file and one command that reads it; returns how it ended."""
    files, commands = KINDS[kind]
    with inside(template) as place:
        name = data.draw(st.sampled_from(files))
        if name.endswith("PART"):
            name = f"study/results/{data.draw(st.sampled_from(sorted(p.name for p in Path('study/results').glob('part-*'))))}"
        command, allowed = data.draw(st.sampled_from(commands)) if commands else ([], [])
        command = [name if word == "FILE" else word for word in command]
        stored = acknowledged(Path("study"))
        how = damage(Path(name), data.draw)
        if kind == "saved run":
            try:
                BorderModel.load(Path(name))
            except UserError as refused:
                assert "\n" not in str(refused), refused
                return "refused"
            return "taken"
        before = snapshot(place)
        said = run(*command)
        after = snapshot(place)
        wrong = wrong_with(said, before, after, allowed)
        assert not wrong, f"{kind}, {name}, {how}, {command}: {wrong}\n{said.err[-2000:]}"
        if kind in ("manifest of a study", "plan"):
            assert not Path("study/manifest.json").is_file() or stored <= acknowledged(Path("study")), (
                f"{name}, {how}, {command}: rows were lost"
            )
        return {0: "taken", 2: "refused"}.get(said.code, "ended early")


# --- random arguments ------------------------------------------------------------------------------------------------


def commands() -> dict[str, Any]:
    """Every command by its words, as the parser knows it."""
    root = typer.main.get_command(app)
    found = {}
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found |= {f"{name} {n}": c for n, c in below.items()} if below else {name: command}
    return found


#: Things that are in the workspace or nowhere, numbers, and nonsense.
WORDS = [
    "study", "study.toml", "results", "results/manifest.json", "fit", "posterior", "region", "./region", "scenario.toml", "slurm.toml", "targets.toml",
    "points.csv", "saved.npz", "thesis.docx", "folder", "nowhere", "nowhere/deeper", "new", "new/er", "", ".", "..", "/", "/dev/null", "/proc/self/mem",
    "~", "~nobody", "~nobody/x", "history", "closed-border", "histroy", "household.seek_care", "household.seek_care.weight_quality=2",
    "household.seek_care.weight_quality=x", "=", "kinship", "en", "id", "xx", "1", "2", "0", "-1", "1e9", "99999999999999", "1" * 400, "nan", "inf",
    "1980-06", "1979-01", "9999-99", "ok", "failed", "0123456789abcdef", "ratio", "ratio=0.1", "ratio=inf", "income_ratio:id:1980-1980", "above", "t.csv",
    "t.parquet", "t.xyz", "x" * 5000, "a\nb", "\x1b[31m", "漢字", "--", "-o", "--help", "\udcff", "a\0b",
]  # fmt: skip
#: Commands that would do long work with any arguments get these first, so that only what is typed after them can make them long.
SMALL: dict[str, list[str]] = {
    "run": ["--households", "60", "--end", "1980-03"],
    "compare": ["--households", "60", "--end", "1980-12", "--replicates", "2"],
    "calibrate plan": ["--points", "64", "--population", "32"],
}
#: Options whose good values would start something that never ends by itself, or long work.
NEVER = ("--scheduler-file", "--watch", "--draws", "--most", "--pilot", "--precision", "--chunk-seconds", "--replicates")


def try_arguments(template: Path, data: st.DataObject, name: str) -> str:
    """One command with random arguments; returns how it ended."""
    command = commands()[name]
    words = [*name.split(), *SMALL.get(name, [])]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            if data.draw(st.integers(0, 5)):
                words.append(data.draw(st.sampled_from(WORDS)))
            continue
        option = parameter.opts[0]
        if option in NEVER and not data.draw(st.booleans()):
            continue
        if data.draw(st.integers(0, 3)) == 0 or (parameter.required and data.draw(st.integers(0, 5))):
            words.append(option)
            if not parameter.is_flag:
                short = [w for w in WORDS if not w.isdigit() or len(w) > 3] if option in NEVER or "households" in option else WORDS
                if option == "--scheduler-file":
                    short = ["thesis.docx", "folder", "study/manifest.json"]
                words.append(
                    data.draw(
                        st.one_of(st.sampled_from(short), st.sampled_from(short), st.text(max_size=8).filter(lambda t: not t.isdigit()))
                    )
                )
    if data.draw(st.integers(0, 9)) == 0:
        words.append(str(data.draw(st.sampled_from(ODD))))
    with inside(template) as place:
        before = snapshot(place)
        said = run(*words)
        after = snapshot(place)
    asked = [w for k, w in enumerate(words) if k and words[k - 1] in ("-o", "--out", "--into")]
    allowed = [os.path.normpath(w) for w in asked if w and "\0" not in w]
    allowed += ["study/"] if name in ("batch", "estimate", "extend", "retry", "compact", "compare", "sensitivity") else []
    allowed += ["fit/"] if name.startswith("calibrate") else []
    allowed += ["results/"] if name in ("run", "batch", "compare") else []
    wrong = wrong_with(said, before, after, allowed if said.code != 2 else ["study/logs", "fit/logs"])
    assert not wrong, f"{words}: {wrong}\n{said.err[-2000:]}"
    return {0: "taken", 2: "refused"}.get(said.code, "ended early")


def try_often(what: str, attempt: Any, cases: int, *, same: bool) -> Counter[str]:
    """So many cases, the same each time or new ones; returns how often each end came."""
    ended: Counter[str] = Counter()

    @settings(
        max_examples=cases, deadline=None, derandomize=same, database=None, suppress_health_check=list(HealthCheck), print_blob=True,
        phases=(Phase.generate, Phase.shrink) if same else (Phase.generate,),
    )  # fmt: skip
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        ended[attempt(data)] += 1

    tried()
    print(f"\n{what}: {sum(ended.values())} cases: " + ", ".join(f"{n} {how}" for how, n in sorted(ended.items())))
    return ended


def each(few: int, many: int) -> list[Any]:
    """A few cases, the same each time, in the normal tests; many new ones in the slow ones."""
    return [pytest.param(few, True, id=f"{few} cases"), pytest.param(many, False, id=f"{many} new cases", marks=pytest.mark.slow)]


@pytest.mark.parametrize(("cases", "same"), each(6, 60))
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(template: Path, kind: str, cases: int, same: bool) -> None:
    ended = try_often(f"damage to {kind}", lambda data: try_damage(template, data, kind), cases, same=same)
    assert ended["refused"] > 0 or kind in ("table of a run", "part"), "the damage does nothing"


@pytest.mark.parametrize(("cases", "same"), each(3, 30))
@pytest.mark.parametrize("name", [n for n in commands() if n != "app"])
def test_random_arguments(template: Path, name: str, cases: int, same: bool) -> None:
    try_often(f"arguments of {name}", lambda data: try_arguments(template, data, name), cases, same=same)
