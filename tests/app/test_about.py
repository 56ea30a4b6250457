"""The page about the model says what the files say: how to cite, licences, numbers of parameters, the posterior."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from agents.core.declare import PARAMETERS, SWITCHES
from calibration.posterior import Posterior
from experiments.app import about
from experiments.words.languages import LANGUAGES, Numbers, translator

ROOT = Path(__file__).resolve().parents[2]


def test_how_to_cite_is_that_of_the_citation_file() -> None:
    said = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{about.TITLE}"' in said and f'name: "{about.AUTHORS}"' in said and f"version: {metadata.version('lintas')}" in said
    for part in ("Haryatie", "Jurnal Proyeksi", "2015", "20", "19", "29"):
        assert part in about.PAPER and part in said
    assert "license: Apache-2.0" in said and metadata.version("lintas") in about.citation()


def test_licences_are_those_of_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    licences = " ".join(licence for _what, licence in about.LICENCES)
    for name in (
        "Natural Earth",
        "GeoNames",
        "World Bank",
        "Penn World Table",
        "Department of Statistics Malaysia",
        "wilayah-indonesia",
        "Federal Reserve",
    ):
        assert name in notice and name in licences


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_holds_the_numbers(language: str) -> None:
    _, n, html = translator(language), Numbers(language), about.about_html(language)
    posterior = Posterior.load("west-kalimantan-sarawak")
    for number in (len(PARAMETERS), len(SWITCHES), len(posterior.draws)):
        assert re.search(rf"\b{re.escape(n.number(number))}\b", html)
    assert posterior.id in html and posterior.model_version in html and "{" not in html
    assert all(name in html for name in SWITCHES) and "<script" not in html


def test_without_a_posterior_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(about, "posterior", dict)
    assert about.posterior_said(str, Numbers("en")) == ["There is no posterior for this region that can be used."]
