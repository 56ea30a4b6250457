"""How is what was typed after an option read? Numbers, months, and pairs of a name and a number, each refused with one sentence."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path

from abm.errors import MOST_ECHOED, UserError, shorten

#: The region of a run where none is named.
DEFAULT_REGION = "west-kalimantan-sarawak"
#: The largest seed: the seeds of runs, which come from it, fit into a column of whole numbers.
MOST_SEED = 2**62
#: The largest whole number that an option takes where it says nothing else.
MOST_WHOLE = 2**62
#: Digits of a number that is looked at; a longer one is out of every range.
MOST_DIGITS = 400
#: Letters of one sentence on standard error.
MOST_OF_A_SENTENCE = 2_000
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")


def whole_number(option: str, text: str, *, low: int, high: int = MOST_WHOLE) -> int:
    """A whole number in its range, written in the digits 0 to 9, or a sentence that says what was found."""
    said = text.strip()
    if not _WHOLE.fullmatch(said):
        raise UserError(f"{option} takes a whole number, found '{shorten(text)}'")
    digits = said.lstrip("+-").lstrip("0") or "0"
    number = int(digits) * (-1 if said[0] == "-" else 1) if len(digits) <= MOST_DIGITS else None
    if number is None or not low <= number <= high:
        raise UserError(
            f"{option} is {shorten(said)}; it must be {f'at least {low}' if _is_below(said, number, low, high) else f'{low} to {high}'}"
        )
    return number


def _is_below(said: str, number: int | None, low: int, high: int) -> bool:
    return high == MOST_WHOLE and (said[0] == "-" or (number is not None and number < low))


def seed_number(option: str, text: str) -> int:
    """A seed: a whole number from 0 to 2^62."""
    return whole_number(option, text, low=0, high=MOST_SEED)


def finite_number(option: str, text: str, *, low: float = -math.inf, high: float = math.inf, above: float | None = None) -> float:
    """A finite number from ``low`` to ``high`` (or ``above`` a value), written as ``3``, ``0.5`` or ``1e-3``."""
    where = "" if above is None else f" above {above:g}"
    if math.isfinite(low) or math.isfinite(high):
        where = f" from {low:g} to {high:g}" if math.isfinite(low) and math.isfinite(high) else f" of at least {low:g}"
    said = text.strip()
    number = float(said) if len(said) <= MOST_DIGITS and _NUMBER.fullmatch(said) else math.nan
    if not math.isfinite(number) or not low <= number <= high or (above is not None and not number > above):
        raise UserError(f"{option} takes a number{where}, found '{shorten(text.strip())}'")
    return number


def check_end(end: str) -> str:
    """A month from 1980-01 to 2030-12, written YYYY-MM."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", end):
        raise UserError(f"--end is '{shorten(end)}'; write a month as YYYY-MM, for example 2015-12")
    if not "1980-01" <= end <= "2030-12":
        raise UserError(f"--end is {end}; a run starts in 1980-01 and may end in any month up to 2030-12")
    return end


def parse_changes(changes: Sequence[str]) -> dict[str, float]:
    """``PARAMETER=VALUE`` pairs as numbers; names and ranges are checked by the scenario."""
    numbers: dict[str, float] = {}
    for change in changes:
        name, sign, text = change.partition("=")
        name = name.strip()
        if not sign or not name:
            raise UserError(
                f"--set takes PARAMETER=VALUE, found '{shorten(change)}'; for example --set household.seek_care.weight_quality=3.0"
            )
        numbers[name] = finite_number(f"--set {shorten(name)}", text)
    return numbers


def parse_precision(said: Sequence[str]) -> dict[str, float]:
    """``TARGET=H`` pairs: for each target half the width of the interval that is wanted, above 0."""
    wanted: dict[str, float] = {}
    for pair in said:
        name, sign, text = pair.rpartition("=")
        if not sign or not name:
            raise UserError(f"--precision takes TARGET=H, found '{shorten(pair)}'; for example --precision NAME=0.05")
        wanted[name] = finite_number(f"--precision {shorten(name)}", text, above=0.0)
    return wanted


def at_home(name: str) -> str:
    """A name or path with a leading ``~`` written out (a shell leaves it in quotes and after ``=``)."""
    if not name.startswith("~"):
        return name
    try:
        return str(Path(name).expanduser())
    except RuntimeError:
        raise UserError(f"there is no home folder for '{shorten(name)}'; write the path in full") from None


def is_there(path: Path) -> bool:
    """Whether there is something at a path; a name that no file can have gives False."""
    return os.path.exists(path)


def bounded(sentence: str, given: Sequence[str] = ()) -> str:
    """A sentence in one line that repeats nothing at length: arguments that were typed, and any long unbroken text, are cut off."""
    pieces = {p for a in given for p in (a, *re.split(r"[=:]", a)) if len(p) > MOST_ECHOED}
    for piece in sorted(pieces, key=len, reverse=True):
        sentence = sentence.replace(piece, shorten(piece))
    sentence = " ".join(sentence.split())
    sentence = re.sub(r"\S{161,}", lambda found: shorten(found[0]), sentence)
    return shorten(sentence, MOST_OF_A_SENTENCE)
