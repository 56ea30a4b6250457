"""What does the link of a page hold, and what is taken from a link? Everything that decides what is shown, with a version.

``?v=1&s=closed-border&n=2000&seed=7&set=official.set_strictness.doctrine_id:0.5&off=kinship&lang=id``. A link comes from anybody, so each part is
taken only if it is one of what the page offers; a number beyond its range is set to the nearest end. What was not taken as it stands is told in
one line. Nothing of a link is run, opened or shown unescaped.
"""

from __future__ import annotations

import math
from collections.abc import Container
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode

from abm.errors import shorten
from agents.core.declare import PARAMETERS, SWITCHES
from experiments.app.charts import indicators
from experiments.app.state import FEWEST, HOUSEHOLD_STEP, MOST, REGION, Choice, names
from experiments.app.tabs import BY_KEY, FIRST, HOLDS
from experiments.words.languages import LANGUAGES, Translate, translator

VERSION = "1"
#: Letters of a link that is read at all: every lever moved and every mechanism off take fewer.
LONGEST = 16_000
#: Faults that are named, and letters of each that are shown.
TOLD, LETTERS = 3, 40
#: Letters of a part of a link that belongs to a tab.
LONGEST_HELD = 4_000
FIRST_INDICATOR, FIRST_YEAR = "gini", 1985
YEARS = (1980, 2015)


@dataclass(frozen=True)
class View:
    """Everything that decides what a page shows."""

    choice: Choice = field(default_factory=Choice)
    #: The scenario with which the choice is compared.
    baseline: str = "history"
    language: str = "en"
    #: The indicator of the last chart, and the year of the map.
    indicator: str = FIRST_INDICATOR
    year: int = FIRST_YEAR
    #: The tab that is open, and what the link holds of the tabs, by the names of their ``holds``.
    tab: str = FIRST
    held: dict[str, str] = field(default_factory=dict)


def write(view: View) -> str:
    """The query of a view's link, with its question mark; what is as the page opens is left out, so it is empty for such a view."""
    choice, usual = view.choice, View()
    said = {
        "s": choice.scenario if choice.scenario != usual.choice.scenario else "",
        "b": view.baseline if view.baseline != usual.baseline else "",
        "n": str(choice.households) if choice.households != usual.choice.households else "",
        "seed": choice.seed.strip() if choice.seed.strip() != usual.choice.seed else "",
        "set": ",".join(f"{name}:{value!r}" for name, value in sorted(choice.changed.items())),
        "off": ",".join(sorted(choice.off)),
        "i": view.indicator if view.indicator != usual.indicator else "",
        "y": str(view.year) if view.year != usual.year else "",
        "tab": view.tab if view.tab != usual.tab else "",
        **view.held,
        "lang": view.language if view.language != usual.language else "",
    }
    kept = {name: value for name, value in said.items() if value}
    return "?" + urlencode({"v": VERSION} | kept, safe=":,", quote_via=quote) if kept else ""


def read(query: str | None) -> tuple[View, str]:
    """The view of a link's query, and one line that says what was not taken as it stands; empty if everything was."""
    text = (query or "").removeprefix("?")
    if not text:
        return View(), ""
    _ = translator("en")  # the language of a link that is not read is not known
    if len(text) > LONGEST:
        return View(), _("The link is too long ({letters} letters) and was not read.").format(letters=len(text))
    try:
        pairs = parse_qsl(text, keep_blank_values=False, max_num_fields=100, errors="replace")
    except ValueError:
        return View(), _("The link has too many parts and was not read.")
    found = dict(pairs)
    language = found.pop("lang", "en")
    _ = translator(language if language in LANGUAGES else "en")
    faults: list[str] = []
    view = View(language=language) if language in LANGUAGES else View()
    if language not in LANGUAGES:
        faults.append(_unknown("lang", language, _))
    version = found.pop("v", "")
    if version != VERSION:
        faults.append(_("version “{found}” of links is not known").format(found=_short(version)))
    else:
        view = _taken(view, found, faults, _)
    if not faults:
        return view, ""
    named = "; ".join(faults[:TOLD])
    if len(faults) > TOLD:
        named += "; " + _("and {n} more").format(n=len(faults) - TOLD)
    return view, _("The link was not taken as it stands: {faults}.").format(faults=named)


def _taken(view: View, found: dict[str, str], faults: list[str], _: Translate) -> View:
    """The view with every part of a link that is one of what the page offers."""

    def one_of(name: str, offered: Container[str], usual: str) -> str:
        value = found.pop(name, usual)
        if value in offered:
            return value
        faults.append(_unknown(name, value, _))
        return usual

    region = found.pop("region", REGION)
    if region != REGION:
        faults.append(_unknown("region", region, _))
    scenario = one_of("s", names(), view.choice.scenario)
    baseline = one_of("b", names(), view.baseline)
    indicator = one_of("i", indicators(), view.indicator)
    households = _whole("n", found, view.choice.households, (FEWEST, MOST), faults, _)
    households -= (households - FEWEST) % HOUSEHOLD_STEP
    tab = one_of("tab", BY_KEY, FIRST)
    held: dict[str, str] = {}
    for name in [name for name in found if name in HOLDS]:
        text = found.pop(name)
        if len(text) <= LONGEST_HELD and HOLDS[name](text):
            held[name] = text
        else:
            faults.append(_unknown(name, text, _))
    year = _whole("y", found, view.year, YEARS, faults, _)
    seed = str(_whole("seed", found, int(view.choice.seed), (0, 2**62), faults, _))
    choice = Choice(scenario, households, seed)
    for part in filter(None, found.pop("set", "").split(",")):
        name, _colon, value = part.partition(":")
        parameter = PARAMETERS.get(name)
        if parameter is None or parameter.role == "fixed":
            faults.append(_unknown("set", name, _))
            continue
        number = _number(name, value, (parameter.low, parameter.high), faults, _)
        if number is not None:
            choice = choice.moved(name, number)
    for name in filter(None, found.pop("off", "").split(",")):
        if name in SWITCHES:
            choice = choice.switched(name, False)
        else:
            faults.append(_unknown("off", name, _))
    faults += [_unknown(name, value, _) for name, value in found.items()]
    return replace(view, choice=choice, baseline=baseline, indicator=indicator, year=year, tab=tab, held=held)


def _whole(name: str, found: dict[str, str], usual: int, span: tuple[int, int], faults: list[str], _: Translate) -> int:
    """A whole number of a link, within its range."""
    text = found.pop(name, str(usual))
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 30:
        return int(_clamped(name, int(text), span, faults, _))
    faults.append(_unknown(name, text, _))
    return usual


def _number(name: str, text: str, span: tuple[float, float], faults: list[str], _: Translate) -> float | None:
    """A number of a link, within its range; None where it is none."""
    try:
        number = float(text) if len(text) <= 30 else math.nan
    except ValueError:
        number = math.nan
    if math.isnan(number):
        faults.append(_unknown(name, text, _))
        return None
    return _clamped(name, number, span, faults, _)


def _clamped[N: (int, float)](name: str, number: N, span: tuple[N, N], faults: list[str], _: Translate) -> N:
    nearest = min(max(number, span[0]), span[1])
    if nearest != number:
        found, taken = (str(one) if isinstance(one, int) else f"{one:g}" for one in (number, nearest))
        faults.append(_("{name} = {found} became {taken}").format(name=name, found=_short(found), taken=taken))
    return nearest


def _unknown(name: str, value: str, _: Translate) -> str:
    return _("“{value}” for {name} is not known").format(value=_short(value), name=_short(name))


def _short(text: str) -> str:
    """A part of a link as it may be shown: on one line, short."""
    return shorten("".join(letter if letter.isprintable() else "?" for letter in text), LETTERS)
