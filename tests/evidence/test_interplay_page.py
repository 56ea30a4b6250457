"""The page of the experiment over all mechanisms, from made-up runs: what the map, the tables and the files say."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from abm.claims.claim import Claim, claims
from abm.errors import UserError
from experiments.evidence.factorial import Factorial
from experiments.evidence.interplay import Budget, Interplay, estimate, worlds_of_design
from experiments.evidence.make import looked_at
from experiments.evidence.runs import BatchRuns
from experiments.reports.interplay import as_json, budget_words, page, table_of, write_interplay
from experiments.reports.interplay_figure import ONLY, UNKNOWN, colour_of, fill_of, heat_map, keys, signed, text_of
from experiments.reports.svg import PAPER
from experiments.words.languages import Numbers

MECHANISMS = ("bribery", "crisis", "enforcement", "kinship", "traditional_trade")
YEARS = np.arange(1980, 2016)


@pytest.fixture(scope="module")
def few() -> dict[str, Claim]:
    return {key: claim for key, claim in claims().items() if key in ("E01", "E02", "E06", "E07", "E24")}


@pytest.fixture(scope="module")
def found(few: Mapping[str, Claim]) -> Interplay:
    """Outputs at 800 less 200 for the crisis (and 60 more for crisis and kinship together), a little chance, six draws; no doctrine without bribery."""
    design, outputs, rng = Factorial.of(MECHANISMS), looked_at(few), np.random.default_rng(3)
    names = list(worlds_of_design(design).scenarios)
    worlds, well = {}, {}
    for k, name in enumerate(names):
        crisis, kinship = design.signs[k, 1], design.signs[k, 3]
        level = 800 - 100 * crisis + 30 * crisis * kinship + rng.normal(0, 3, 6)
        block = np.broadcast_to(level[:, None, None, None, None], (6, 1, 36, 2, len(outputs))).copy()
        if design.signs[k, 0] < 0:
            block[..., outputs.index("doctrine")] = np.nan
        worlds[name], well[name] = block, np.ones((6, 1), dtype=bool)
    batch = BatchRuns(YEARS, outputs, worlds, well, pd.DataFrame(index=range(6)))
    return estimate(design, Budget(MECHANISMS, len(design), 6, 1), few, [batch], names)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]


def test_page_stands_alone(found: Interplay, few: Mapping[str, Claim]) -> None:
    text = page(found, few)
    reader = _Links()
    reader.feed(text)
    assert reader.links and all(link.startswith("data:image/svg+xml;base64,") for link in reader.links)
    assert "<script" not in text and "@import" not in text
    assert text == page(found, few)


def test_page_says_what_was_found(found: Interplay, few: Mapping[str, Claim]) -> None:
    text = page(found, few)
    row = re.search(r'<tr id="E01">.*?</tr>', text, re.S)
    assert row is not None and re.search(r"crisis −2[67]%", row[0])  # −200 of 730
    assert "Product per head (Indonesian side), 2005–2007" in row[0]
    assert "crisis × kinship" in text
    assert "There is no such number without: bribery" in text
    assert '<tr id="E07">' not in text  # it has no pattern
    assert "did not end well" not in text and "differ by more" not in text
    assert "enforcement × kinship × traditional_trade" in text  # the three that have the signs of bribery and crisis together


def test_few_draws_are_said(few: Mapping[str, Claim], found: Interplay) -> None:
    from dataclasses import replace

    text = page(replace(found, budget=replace(found.budget, draws=1), failed=3), few)
    assert "differ by more" in text and "3 runs did not end well" in text


def test_cells_have_sign_and_colour(found: Interplay) -> None:
    n, one = Numbers("en"), found.key("E01")
    assert one is not None
    assert text_of(one, "crisis", n).startswith("−") and text_of(one, "enforcement", n) == "·"
    red, _green, blue = (int(fill_of(one, "crisis")[k : k + 2], 16) for k in (1, 3, 5))
    assert red > blue and fill_of(one, "enforcement") == PAPER
    doctrine = found.key("E24")
    assert doctrine is not None and text_of(doctrine, "bribery", n) == ONLY and fill_of(doctrine, "bribery") == PAPER
    assert UNKNOWN not in [text_of(one, name, n) for name in MECHANISMS]
    estimate = one.single["crisis"]
    assert colour_of(estimate) != colour_of(one.strongest_pairs[0])


def test_map_is_a_drawing_with_a_cell_for_each_claim_and_mechanism(found: Interplay) -> None:
    root = ElementTree.fromstring(heat_map(found, str, Numbers("en")))
    texts = [e.text for e in root.iter() if e.tag.endswith("text")]
    assert all(name in texts for name in MECHANISMS) and [t for t in texts if re.fullmatch(r"E\d\d", t or "")] == [
        "E01",
        "E02",
        "E06",
        "E24",
    ]
    rects = [e for e in root.iter() if e.tag.endswith("rect") and e.get("width") == "42"]
    assert len(rects) == 4 * len(MECHANISMS)
    width, height = (float(root.attrib[k]) for k in ("width", "height"))
    assert all(0 <= float(e.get("x", 0)) <= width and 0 <= float(e.get("y", 0)) <= height for e in root.iter() if e.tag.endswith("text"))


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [(3.2, 0, "+3"), (-0.3, 0, "−0.3"), (0.04, 1, "+0.04"), (0.0, 0, "0"), (-12.26, 1, "−12.3")]
)
def test_signed(value: float, decimals: int, text: str) -> None:
    assert signed(Numbers("en"), value, decimals) == text


def test_files(found: Interplay, few: Mapping[str, Claim], tmp_path: Path) -> None:
    written = write_interplay(found, few, tmp_path / "new", language="id", languages=("en", "ms"), asked={"draws": 6})
    assert [p.name for p in written] == ["interplay.html", "interplay-en.html", "interplay-ms.html", "interplay.json", "interplay.csv"]
    assert '<html lang="id">' in written[0].read_text() and 'href="interplay-ms.html"' in written[0].read_text()
    said = json.loads(written[3].read_text())
    assert (said["worlds"], said["resolution"], said["asked"], said["keys"]["E01"]) == (16, 5, {"draws": 6}, ["own", 0])
    assert said["confounded_with_three"]["bribery+crisis"] == ["enforcement+kinship+traditional_trade"]
    first = said["outcomes"][0]
    assert (first["claim"], first["number"], len(first["effects"])) == ("E01", "value", 15)
    assert json.loads(as_json(found)) == said | {"asked": {}}
    rows = list(csv.DictReader(io.StringIO(written[4].read_text())))
    assert len(rows) == len(found.outcomes) * 15 == len(table_of(found))
    crisis = next(row for row in rows if (row["claim"], row["mechanism"], row["second"]) == ("E01", "crisis", ""))
    assert float(crisis["median"]) == pytest.approx(-200, abs=3) and (crisis["clear"], crisis["of_use"]) == ("True", "True")


def test_unknown_language_is_refused(found: Interplay, few: Mapping[str, Claim]) -> None:
    with pytest.raises(UserError, match="no language 'xx'"):
        page(found, few, "xx")


def test_budget_in_words() -> None:
    assert budget_words(Budget(tuple(f"m{k}" for k in range(13)), 256, 8, 1)) == (
        "Mechanisms: 13; worlds: 256 of 8,192; draws: 8; runs of a draw in a world: 1; runs in all: 2,048."
    )


def test_a_claim_is_read_from_its_first_pattern(found: Interplay) -> None:
    assert [(one.claim, one.condition) for one in keys(found)] == [("E01", 0), ("E02", 0), ("E06", 0), ("E24", 0)]


def test_the_page_links_to_the_ledger_beside_it(found: Interplay, few: Mapping[str, Claim], tmp_path: Path) -> None:
    write_interplay(found, few, tmp_path / "with", languages=("id",), index=True)
    assert 'href="index.html"' in (tmp_path / "with" / "interplay.html").read_text("utf-8")
    assert 'href="index-id.html"' in (tmp_path / "with" / "interplay-id.html").read_text("utf-8")
    write_interplay(found, few, tmp_path / "without")
    assert "index" not in (tmp_path / "without" / "interplay.html").read_text("utf-8")
