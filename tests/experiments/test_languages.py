"""Every sentence a reader meets exists in three languages, with the same places to fill in."""

from __future__ import annotations

import pytest

from abm.errors import UserError
from experiments.words.catalogues import collect, extract, places_of, problems
from experiments.words.languages import Numbers, translator


def test_every_sentence_is_translated() -> None:
    found = problems()
    assert not found, "\n".join(found[:40])


def test_many_sentences_are_collected() -> None:
    sentences = collect()
    assert len(sentences) > 200
    assert "near" in sentences and "Income on both sides" in sentences and "Numbers behind this figure" in sentences


def test_extracting_again_changes_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from experiments.words import languages

    shutil.copytree(languages.FOLDER, tmp_path / "locales")
    monkeypatch.setattr(languages, "FOLDER", tmp_path / "locales")
    extract()
    for path in (tmp_path / "locales").iterdir():
        original = (languages.Path(languages.__file__).parent / "locales" / path.name).read_bytes()
        assert path.read_bytes() == original, f"run `uv run python -m experiments.words.catalogues extract`: {path.name} is out of date"


def test_the_two_languages_are_two() -> None:
    indonesian, malay = translator("id"), translator("ms")
    sentences = list(collect())
    same = [s for s in sentences if indonesian(s) == malay(s)]
    assert len(same) < 0.4 * len(sentences)


def test_english_is_the_source_and_unknown_sentences_stay() -> None:
    assert translator("en")("near") == "near"
    assert translator("id")("no such sentence") == "no such sentence"
    with pytest.raises(UserError, match="fr"):
        translator("fr")


def test_numbers_follow_the_language() -> None:
    english, indonesian, malay = Numbers("en"), Numbers("id"), Numbers("ms")
    assert english.number(12345.6, 1) == "12,345.6"
    assert indonesian.number(12345.6, 1) == "12.345,6"
    assert malay.number(12345.6, 1) == "12,345.6"
    assert english.percent(0.123) == "12%"
    assert english.number(-0.04, 1) == "0.0"
    assert english.number(float("nan")) == "–"
    assert [english.short(v) for v in (15234, 733.4, 12.34, 0.5, 0.0123)] == ["15,200", "733", "12.3", "0.50", "0.0123"]


def test_places_are_found() -> None:
    assert places_of("{a} and {b} of {a}") == {"a", "b"}
    assert places_of("none") == set()
