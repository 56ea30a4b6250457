"""What the pages say of the project is compared with the project: paths, modules, counts, what ships and what does not."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from pkgutil import resolve_name
from typing import get_args

import pytest

import abm.model  # noqa: F401  (registers every declaration)
import calibration
from abm import BorderModel, Scenario
from abm.fitted import Fitted, fitted_of
from abm.parameters import LAST_MONTH
from agents.core.declare import PARAMETERS
from calibration.posterior import Posterior
from calibration.targets import Targets
from experiments.studies.study import Design

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]
PACKAGES = ("agents", "abm", "calibration", "experiments", "tests", "docs")
NUMBERS = {"six": 6, "seven": 7, "eight": 8, "a hundred": 100, "a thousand": 1000}


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(rf"`((?:{'|'.join(PACKAGES)})/[\w./-]*)`", text_of(page))
    named += [link for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text_of(page)) if "/" in link or link.endswith(".md")]
    for path in named:
        assert (ROOT / path).exists() or (ROOT / page).parent.joinpath(path).exists(), f"{page} names {path}"


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_a_page_names_is_there(page: str) -> None:
    for name in re.findall(rf"(?<![\w./-])((?:{'|'.join(PACKAGES[:5])})(?:\.[a-z_]+)+)\b(?![/(])", text_of(page)):
        if not name.endswith((".md", ".html", ".csv", ".toml", ".py")):
            resolve_name(name)  # fails where there is none


def ships(region: str = "west-kalimantan-sarawak") -> bool:
    """Whether the region has fitted values and a posterior."""
    return bool(fitted_of(region).values) and (Path(calibration.__file__).parent / "posteriors" / region / "draws.parquet").is_file()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_that_something_is_to_come_which_is_there(page: str) -> None:
    assert ships()
    said = re.findall(
        r"[^.]*\b(?:none\s+ships?|no\s+(?:fitted|posterior)[\w ]*\s+ships?|ships?\s+yet|to\s+come\b(?!\s+back)|coming\s+soon)[^.]*",
        text_of(page),
        re.IGNORECASE,
    )
    assert said == [], f"{page}: {said}"


def starts_centrally(region: str = "west-kalimantan-sarawak") -> bool:
    """Whether the region's fitted values are the central draw of its posterior."""
    fitted, posterior = fitted_of(region), Posterior.load(region)
    return fitted.posterior == posterior.id and dict(fitted.values) == posterior.central()


def labels(region: str = "west-kalimantan-sarawak") -> list[str]:
    """What the shipped fit says of each parameter: informed, weak or prior only."""
    folder = Path(calibration.__file__).parent / "posteriors" / region
    return [p["known"] for p in json.loads((folder / "fit.json").read_text("utf-8"))["parameters"]]


def mostly_prior() -> bool:
    """Whether most parameters keep their priors in the shipped fit."""
    return labels().count("prior only") > len(labels()) / 2


def reported(name: str, said: str) -> bool:
    """Whether a fitted target reports this number."""
    return {t.id: t.value for t in Targets.load(None).fit}[name] == float(said.replace(",", ""))


#: Page, a sentence as a pattern with at most one group, what the project says to it, and (with a group) a text that must not hold.
STATEMENTS: list[tuple[str, str, Callable[[str], bool], str]] = [
    ("README.md", r"month by month from January 1980 to December (\d{4})", lambda said: Scenario.load("history").end == f"{said}-12", "2014"),
    ("README.md", r"Needs Python (3\.\d+) or later", lambda said: tomllib.loads(text_of("pyproject.toml"))["project"]["requires-python"] == f">={said}", "3.11"),
    ("README.md", r"The first runs the history of ([\d,]+) households", lambda said: signature(BorderModel.__init__).parameters["households"].default == int(said.replace(",", "")), "1,000"),
    ("README.md", r"A \*study\* is a TOML file: a design \(([^)]*)\)", lambda said: len(said.split(", ")) == len(get_args(Design)), "factorial, Sobol"),
    ("README.md", r"US\$(\d+) against [\d,]+ a head; the share", lambda said: reported("income_id", said), "701"),
    ("README.md", r"US\$\d+ against ([\d,]+) a head; the share", lambda said: reported("income_my", said), "4,001"),
    ("README.md", r"Most parameters keep their priors", lambda said: mostly_prior(), ""),
    ("README.md", r"`lintas run` starts from the posterior's central draw", lambda said: starts_centrally(), ""),
    ("README.md", r"It starts from the central draw of a posterior", lambda said: starts_centrally(), ""),
    ("README.md", r"The model ships with a posterior: over (a hundred) uncertain parameters, ", lambda said: len([p for p in PARAMETERS.values() if p.role == "uncertain"]) > NUMBERS[said], "a thousand"),
    ("README.md", r"compared with (\w+) uncertain facts", lambda said: len(Targets.load(None).fit) == NUMBERS[said], "six"),
    ("README.md", r"The shipped region has such values: the central draw of its posterior", lambda said: ships() and starts_centrally(), ""),
    ("docs/odd.md", r"the default run is January 1980 to December (\d{4})", lambda said: Scenario.load("history").end == f"{said}-12", "2014"),
    ("docs/odd.md", r"Later months \(to (\d{4})\) are projections", lambda said: int(said) == LAST_MONTH[0], "2031"),
    ("docs/odd.md", r"Such values ship for\s+west-kalimantan-sarawak", lambda said: ships(), ""),
    ("docs/odd.md", r"runs start from the central draw of a posterior", lambda said: starts_centrally(), ""),
    ("docs/odd.md", r"most parameters keep their priors in it", lambda said: mostly_prior(), ""),
]  # fmt: skip


NAMES = [f"{page}: {pattern[:40]}" for page, pattern, *_ in STATEMENTS]


@pytest.mark.parametrize(("page", "pattern", "holds", "wrong"), STATEMENTS, ids=NAMES)
def test_what_a_page_says_holds(page: str, pattern: str, holds: Callable[[str], bool], wrong: str) -> None:
    found = re.findall(pattern, text_of(page).replace("\n", " "))
    assert len(found) == 1, f"{page} no longer says {pattern!r}: change the statement here too"
    assert holds(found[0]), f"{page}: {found[0]}"


@pytest.mark.parametrize(("page", "pattern", "holds", "wrong"), STATEMENTS, ids=NAMES)
def test_each_statement_can_fail(
    page: str, pattern: str, holds: Callable[[str], bool], wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not wrong:  # a sentence without a number: in a project without fitted values, whose facts inform every parameter
        monkeypatch.setattr("tests.docs.test_statements.fitted_of", lambda region: Fitted({}, None))
        monkeypatch.setattr("tests.docs.test_statements.labels", lambda: ["informed"])
    assert not holds(wrong), f"{page}: {pattern}"
