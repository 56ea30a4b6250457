"""The commands and programs of the README and the tutorials run as they are pasted, and give the numbers that the pages print.

What a page shows is run in its order in a fresh folder that holds ``docs/studies`` and nothing else; files that a page tells the reader to write
are written. Pages that take long are run in a *short form* here and as printed when marked slow. The short form only adds smaller sizes
(``SHORTER``); what it leaves out is named in ``LEFT_OUT``.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.cli.main import main
from experiments.words.languages import Numbers

ROOT = Path(__file__).resolve().parents[2]
#: Added to a command in the short form, by its beginning. The first run keeps the folder that it has as pasted.
SHORTER = {
    "lintas run --scenario no-puskesmas": "--households 60 --end 1980-06",
    "lintas run --without kinship": "--households 60 --end 1980-06",
    "lintas run --households 500": "--households 60 --end 1980-06",
    "lintas run --scenario far-from-care.toml": "--households 60 --end 1990-02",
    "lintas run --posterior": "--draws 2 --households 60 --end 1980-06 --allow-drift",
    "lintas run": "--households 60 --end 1980-06 --out results/history-7",
    "lintas compare history no-puskesmas --posterior": "--draws 2 --households 60 --end 1980-12 --allow-drift",
    "lintas compare history no-puskesmas": "--replicates 2 --households 60 --end 1980-12",
    "lintas estimate": "--pilot 2",
    "lintas evidence": "--draws 2 --households 60 --end 1980-12",
    "lintas calibrate plan": "--points 64 --population 32 --most 1 --households 60 --draws 10 --tests 20",
}
#: Not run here: a page that serves until it is stopped (tests/app), a measurement, and what takes hundreds of runs (tests/calibration, slow).
LEFT_OUT = ("lintas app", "lintas bench", "pytest")
LONG = ("lintas calibrate report", "lintas calibrate fit", "lintas calibrate point", "lintas calibrate retarget")
#: What differs from machine to machine, or with the version of the model, in an expected line.
MACHINE = re.compile(r" in \d+ (?:s|min)\b.*|seconds|core-hours|workers|runs in a chunk|^\s*[0-9a-f]{16} |^\s*…$|^not well|driver|a second")


@dataclass(frozen=True)
class Step:
    """One thing that a reader does: write a file, type a command (with what it prints), or run a program."""

    kind: str
    text: str
    name: str = ""
    expected: tuple[str, ...] = ()


def steps(page: str) -> list[Step]:
    """What a page tells its reader to do, in order."""
    text = (ROOT / page).read_text("utf-8")
    found: list[Step] = []
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        language, block = match[1], match[2]
        before, after = text[: match.start()].rstrip().rpartition("\n\n")[2], text[match.end() :].lstrip().partition("\n")[0]
        named = re.search(r"(?:[Ww]rite|beside it) `([\w.-]+\.(?:toml|py))`[^`]*$", before) or re.match(r"Save it as `([\w.-]+)`", after)
        if named:
            found.append(Step("file", block, named[1]))
            inline = re.findall(r"run `uv run (lintas [^`]+)`", after)
            found += [Step("command", line) for line in inline]
        elif language == "python":
            found.append(Step("python", block))
        elif not language:
            for line in block.splitlines():
                typed = re.match(r"^(?:\$ )?(?:pip install uv && )?(?:uv run (?:--group dev )?)?((?:lintas|pytest|sed) ?.*)$", line)
                if typed and (line.startswith(("$ ", "uv run ", "pip ", "sed "))):
                    found.append(Step("command", typed[1].split("  #")[0].strip()))
                elif found and found[-1].kind == "command" and line.strip() and "$ " in block:
                    last = found.pop()
                    found.append(Step("command", last.text, "", (*last.expected, line)))
    return found


def typed(line: str) -> str:
    """Run a command in this process and return what it printed."""
    program, *words = shlex.split(line)
    if program == "sed":  # sed 's/A/B/' FILE > OTHER
        found = re.fullmatch(r"sed 's/([^/]*)/([^/]*)/' (\S+) > (\S+)", line)
        assert found, line
        Path(found[4]).write_text(
            "\n".join(re.sub(found[1], found[2], row, count=1) for row in Path(found[3]).read_text("utf-8").split("\n")), "utf-8"
        )
        return ""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    fails = "bad" in words or "bad.toml" in words  # the page says that runs of this study fail
    assert code in ((0, 3) if fails else (0,)), (line, code, err.getvalue()[-2000:])
    return out.getvalue()


def flat(text: str) -> str:
    """Text in one line without the frames of tables."""
    return " ".join(re.sub(r"[│┃━─╇┼]", " ", text).split())


def walk(page: str, *, short: bool) -> int:
    """Do what a page says in the present folder; returns how many of its lines were compared with what came out."""
    compared = 0
    for step in steps(page):
        if step.kind == "file":
            Path(step.name).write_text(step.text, "utf-8")
        elif step.kind == "python":
            if "__main__" in step.text:
                continue  # starts processes that import it as a file: tests/experiments/test_same_table.py
            text = step.text
            if short:
                text = text.replace("replicates=8, households=400", 'replicates=2, households=60, end="1980-06"')
                text = text.replace("households=2000", "households=60").replace('"history")', '"history", end="1980-12")')
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, page, "exec"), {"__name__": "pasted"})
            for line in re.findall(r"^# (.*)$", text, flags=re.MULTILINE):
                assert flat(line) in flat(out.getvalue()), (page, line, out.getvalue())
                compared += 1
        elif not step.text.startswith((*LEFT_OUT, *(LONG if short else ()))):
            added = next((more for beginning, more in SHORTER.items() if step.text.startswith(beginning)), "") if short else ""
            said = flat(typed(f"{step.text} {added}".strip()))
            kept = ["" if MACHINE.search(line) else line for line in step.expected]
            for part in "\n".join(kept).split("\n\n"):  # what is printed together comes out together
                assert flat(part) in said, (page, step.text, part, said)
            compared += sum(map(bool, kept))
            for line in step.expected:  # of lines with times, the numbers of runs before them
                for count in re.findall(r"^(\d+ of \d+ runs are (?:well|left); (?:\d+ were run now|the pilot ran \d+))", line):
                    assert count in said, (page, step.text, count, said)
                    compared += 1
    return compared


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "docs" / "studies", tmp_path / "docs" / "studies")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lintas"])


def test_the_readme_in_short() -> None:
    walk("README.md", short=True)
    assert {"history-7", "without-puskesmas", "care", "fit"} <= {p.name for p in Path("results").iterdir()}


def test_no_command_of_the_readme_writes_over_the_first_run() -> None:
    """Its folder is that of the first command; those of the others have names of their own (their first months are as good as all)."""
    runs = [s.text for s in steps("README.md") if s.kind == "command" and s.text.startswith("lintas run")]
    Path("far-from-care.toml").write_text('inherits = "history"\n[switches]\npuskesmas_programme = false\n', "utf-8")
    places = []
    for line in runs:  # smaller sizes come first, so that those of the page hold where it says any
        more = "--draws 2 --allow-drift" if "--posterior" in line else ""
        places.append(typed(line.replace("lintas run", f"lintas run --quiet --households 60 --end 1980-02 {more}", 1)).strip())
    assert len(set(places)) == len(places) >= 4, places


def test_the_sweep_gives_the_numbers_it_prints() -> None:
    assert walk("docs/tutorial-sweep.md", short=False) >= 12


def test_the_page_on_python_gives_the_numbers_it_prints() -> None:
    assert walk("docs/python.md", short=False) == 12


def test_the_calibration_tutorial_in_short() -> None:
    walk("docs/tutorial-calibration.md", short=True)
    assert Path("results/three/bank/plan.parquet").is_file() and "tolerance = 0.40" in Path("wider.toml").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial-calibration.md"])
def test_as_pasted(page: str) -> None:
    walk(page, short=False)
    if page.startswith("README"):
        return
    text, n = flat((ROOT / page).read_text("utf-8")), Numbers("en")
    spans = []
    for name in ("income_id", "income_my"):
        for fit in ("three", "three-wider"):
            rows = {t["id"]: t for t in json.loads(Path(f"results/{fit}/fit.json").read_text("utf-8"))["targets"]}
            spans.append(f"{n.short(rows[name]['quantiles'][0])}–{n.short(rows[name]['quantiles'][-1])}")
    own, wider, across, across_wider = spans
    assert f"from {own} to {wider}, that in Sarawak from {across} to {across_wider}" in text, spans


def test_what_the_readme_says_of_the_fit() -> None:
    import calibration

    folder = Path(calibration.__file__).parent / "posteriors" / "west-kalimantan-sarawak"
    fit = json.loads((folder / "fit.json").read_text("utf-8"))
    text = (ROOT / "README.md").read_text("utf-8")
    fitted = [t for t in fit["targets"] if t["role"] == "fit"]
    words = {5: "five", 6: "six", 7: "seven", 8: "eight"}
    assert (
        f"{words[len(fitted)]} uncertain facts" in text and len(fit["parameters"]) > 100 and "over a hundred uncertain parameters" in text
    )
    known = [p["known"] for p in fit["parameters"]]
    assert known.count("prior only") > len(known) / 2 and "Most parameters keep their priors" in text
    assert "No\nfitted values ship" not in text and "to come" not in text
