"""What the pages say of the project is compared with the project: paths, modules, counts, what ships and what does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name

import pytest

import abm.model  # noqa: F401  (registers every declaration)
import calibration
from abm import Scenario
from abm.fitted import fitted_of
from abm.parameters import LAST_MONTH
from agents.core.declare import PARAMETERS
from calibration.targets import Targets

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]
PACKAGES = ("agents", "abm", "calibration", "experiments", "tests", "docs")
NUMBERS = {"six": 6, "seven": 7, "eight": 8, "a hundred": 100}


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


#: Page, a sentence as a pattern with at most one group, and what the project says to it.
STATEMENTS: list[tuple[str, str, Callable[[str], bool]]] = [
    ("README.md", r"month by month from January 1980 to December (\d{4})", lambda said: Scenario.load("history").end == f"{said}-12"),
    ("README.md", r"The model ships with a posterior: over (a hundred) uncertain parameters, ", lambda said: len([p for p in PARAMETERS.values() if p.role == "uncertain"]) > NUMBERS[said]),
    ("README.md", r"compared with (\w+) uncertain facts", lambda said: len(Targets.load(None).fit) == NUMBERS[said]),
    ("README.md", r"The shipped region has such values: the central draw of its posterior", lambda said: ships()),
    ("docs/odd.md", r"the default run is January 1980 to December (\d{4})", lambda said: Scenario.load("history").end == f"{said}-12"),
    ("docs/odd.md", r"Later months \(to (\d{4})\) are projections", lambda said: int(said) == LAST_MONTH[0]),
    ("docs/odd.md", r"Such values ship for\s+west-kalimantan-sarawak", lambda said: ships()),
]  # fmt: skip


@pytest.mark.parametrize(("page", "pattern", "holds"), STATEMENTS, ids=[f"{p}: {s[:40]}" for p, s, _ in STATEMENTS])
def test_what_a_page_says_holds(page: str, pattern: str, holds: Callable[[str], bool]) -> None:
    found = re.findall(pattern, text_of(page).replace("\n", " "))
    assert len(found) == 1, f"{page} no longer says {pattern!r}: change the statement here too"
    assert holds(found[0]), f"{page}: {found[0]}"
