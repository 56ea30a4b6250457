"""The words of the command line and the report in English, Indonesian and Malay.

English is the language of the source: every sentence meant for a reader is written as ``_("…")`` with named places
(``_("{n} households")``), where ``_`` comes from :func:`translator`. The other two languages are catalogues,
``locales/id.po`` and ``locales/ms.po``. A sentence that lacks a translation is shown in English, never left out.

:mod:`experiments.words.catalogues` keeps the catalogues complete.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from abm.errors import UserError

LANGUAGES: dict[str, str] = {"en": "English", "id": "Bahasa Indonesia", "ms": "Bahasa Melayu"}
FOLDER = Path(__file__).parent / "locales"

Translate = Callable[[str], str]


def mark(sentence: str) -> str:
    """Mark a sentence for translation where no language is known yet; it is translated when shown."""
    return sentence


def check_language(language: str) -> str:
    """The language, or a refusal that lists the known ones."""
    if language not in LANGUAGES:
        known = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        raise UserError(f"there is no language '{language}'; choose one of {known}")
    return language


def translator(language: str) -> Translate:
    """A function that gives a sentence in ``language``, or the sentence itself where there is no translation."""
    if check_language(language) == "en":
        return str
    sentences = catalogue_of(language)
    return lambda sentence: sentences.get(sentence) or sentence


@cache
def catalogue_of(language: str) -> dict[str, str]:
    """The translated sentences of a language."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id and m.string and not m.fuzzy}


class Numbers:
    """Numbers written the way a language writes them (a decimal comma in Indonesian, a point in English and Malay)."""

    def __init__(self, language: str):
        from babel import Locale

        self.locale = Locale.parse(check_language(language))

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with separators and a fixed count of decimals."""
        from babel.numbers import format_decimal

        if not _is_finite(value):
            return "–"
        tail = "." + "0" * decimals if decimals else ""
        return format_decimal(round(float(value), decimals) + 0.0, format=f"#,##0{tail};\N{MINUS SIGN}#,##0{tail}", locale=self.locale)

    def short(self, value: float) -> str:
        """A number with about three digits, for running text: 0.062, 4.1, 733, 15,200."""
        if not _is_finite(value) or value == 0:
            return self.number(value)
        size = abs(value)
        if size >= 1000:
            scale = 10 ** (len(str(int(size))) - 3)
            return self.number(round(value / scale) * scale)
        return self.number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4 if size >= 0.001 else 6)

    def percent(self, share: float, decimals: int = 0) -> str:
        """A share of 0 to 1 as a percentage."""
        return f"{self.number(100 * share, decimals)}%"

    def month(self, year: int, month: int) -> str:
        """A month as a short name and the year (``Jan 1987``)."""
        from datetime import date

        from babel.dates import format_date

        return format_date(date(year, month, 1), "MMM yyyy", locale=self.locale)


def _is_finite(value: float) -> bool:
    import math

    return value is not None and math.isfinite(value)


def duration(seconds: float | None) -> str:
    """``4 s``, ``3 min 20 s``, ``2 h 05 min``: units that all three languages write alike."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
