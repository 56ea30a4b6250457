"""The page of the experiment over all mechanisms: a map of claims and mechanisms, the strongest pairs, and every number behind them.

It stands alone, needs no network, and says nothing of when or where it was made: the same runs give the same bytes.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.claims.claim import Claim, Pattern, Written
from agents.core.declare import OUTPUTS, SWITCHES
from experiments.evidence.factorial import RESOLUTION
from experiments.evidence.interplay import Budget, Interplay, MechanismEffect, NumberEffects
from experiments.evidence.interplay_fit import FEWEST_DRAWS
from experiments.evidence.ledger import Interval, interval, number
from experiments.files import csv_of, write_file
from experiments.reports.interplay_figure import heat_map, keys, signed
from experiments.reports.paper import formats
from experiments.words.languages import LANGUAGES, Numbers, check_language, mark, translator

if TYPE_CHECKING:
    import pandas as pd

NAME = "interplay"
#: Version of the JSON.
FORMAT = 1
#: Most pairs of a claim in the table.
MOST_PAIRS = 3
SIDES = {"id": mark("Indonesian side"), "my": mark("Malaysian side"), "both": mark("both sides")}
_TEMPLATE = "templates/interplay.html.j2"


def write_interplay(
    found: Interplay, claims: Mapping[str, Claim], folder: Path, *, language: str = "en", languages: Sequence[str] = (), asked: Mapping[str, Any] | None = None,
    index: bool = False,
) -> list[Path]:  # fmt: skip
    """Write the page in some languages, the numbers as JSON and as CSV; returns their paths.

    The page in ``language`` is ``interplay.html``, those in other ``languages`` are ``interplay-id.html`` …; ``asked`` is put into the JSON, ``index``: the pages of the ledger lie in the folder and are linked. UserError for
    an unknown language, or where the disk does not take a file.
    """
    all_of = tuple(dict.fromkeys((language, *languages)))
    files = {file_of(one, language): page(found, claims, one, main=language, languages=all_of, index=index) for one in all_of}
    files[f"{NAME}.json"] = as_json(found, asked)
    files[f"{NAME}.csv"] = csv_of(table_of(found))
    for name, text in files.items():
        write_file(folder / name, text.encode(), make_folder=True)
    return [folder / name for name in files]


def file_of(language: str, main: str) -> str:
    """The file of the page in a language; the ``main`` one has no ending."""
    return f"{NAME}.html" if language == main else f"{NAME}-{language}.html"


def _index(language: str, main: str) -> str:
    """The file of the ledger's page in a language."""
    return "index.html" if language == main else f"index-{language}.html"


def budget_words(budget: Budget, language: str = "en") -> str:
    """What is going to be run, as a sentence for the screen."""
    _ = translator(language)
    sentence = _(
        "Mechanisms: {mechanisms}; worlds: {worlds} of {all}; draws: {draws}; runs of a draw in a world: {replicates}; runs in all: {runs}."
    )
    n = Numbers(language)
    return sentence.format(
        mechanisms=len(budget.mechanisms), worlds=n.number(budget.worlds), all=n.number(2 ** len(budget.mechanisms)), draws=n.number(budget.draws),
        replicates=n.number(budget.replicates), runs=n.number(budget.runs),
    )  # fmt: skip


# --- numbers as files --------------------------------------------------------------------------------------------------


def as_json(found: Interplay, asked: Mapping[str, Any] | None = None) -> str:
    """Everything that was found, as JSON; what is no number is null."""
    design, budget = found.design, found.budget
    confounded = {
        "+".join(design.names(term)): ["+".join(design.names(at)) for at in design.confounded(term)]
        for term in design.terms
        if len(term) == 2
    }
    said = {
        "kind": "lintas interplay", "format": FORMAT, "asked": dict(asked or {}), "mechanisms": list(design.mechanisms), "columns": list(design.numbers),
        "resolution": RESOLUTION, "worlds": budget.worlds, "draws": budget.draws, "replicates": budget.replicates, "runs": budget.runs,
        "failed": found.failed, "error_rate": found.error, "effects_judged": found.asked, "over_draws": found.over_draws,
        "confounded_with_three": {pair: three for pair, three in confounded.items() if three},
        "keys": {one.claim: [one.pattern, one.condition] for one in keys(found)}, "outcomes": [_outcome_as_dict(one) for one in found.outcomes],
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=False) + "\n"


def _outcome_as_dict(one: NumberEffects) -> dict[str, Any]:
    return {
        "claim": one.claim, "pattern": one.pattern, "condition": one.condition, "number": one.number, "measured": one.measured, "full": interval(one.full),
        "size_of_use": number(one.size), "alone": number(one.alone), "pairs": number(one.pairs), "rest": number(one.rest), "only_with": list(one.only_with),
        "worlds": one.worlds, "effects": [_estimate_as_dict(e) for e in one.estimates],
    }  # fmt: skip


def _estimate_as_dict(e: MechanismEffect) -> dict[str, Any]:
    return {
        "mechanisms": list(e.mechanisms), "change": interval(e.change), "share": interval(e.share), "same_sign": number(e.same_sign), "p": number(e.p),
        "adjusted": number(e.adjusted), "clear": e.clear, "of_use": e.of_use,
    }  # fmt: skip


def table_of(found: Interplay) -> pd.DataFrame:
    """A row for each effect of a mechanism or a pair on each number."""
    import pandas as pd

    rows = [
        (one.claim, one.pattern, one.condition, one.number, one.measured, one.full.median, one.size, e.mechanisms[0], e.mechanisms[1] if len(e.mechanisms) > 1 else "",
         e.change.low, e.change.median, e.change.high, e.share.low, e.share.median, e.share.high, e.same_sign, e.p, e.adjusted, e.clear, e.of_use)
        for one in found.outcomes for e in one.estimates
    ]  # fmt: skip
    columns = [
        "claim", "pattern", "condition", "number", "measured", "full", "size_of_use", "mechanism", "second", "low", "median", "high", "share_low", "share_median",
        "share_high", "same_sign", "p", "adjusted", "clear", "of_use",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).replace([math.inf, -math.inf], math.nan)


# --- the page ----------------------------------------------------------------------------------------------------------


def page(
    found: Interplay, claims: Mapping[str, Claim], language: str = "en", *, main: str | None = None, languages: Sequence[str] = (),
    index: bool = False,
) -> str:  # fmt: skip
    """The page as HTML; ``main`` is the language whose file has no ending, ``languages`` are those that it links to, ``index``: the ledger's page lies beside it."""
    from jinja2 import Environment, StrictUndefined

    words = _Words(found, claims, language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals["_"] = words._
    template = environment.from_string(resources.files("experiments.reports").joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    others = [(file_of(one, main or language), one, LANGUAGES[one]) for one in languages if one != language]
    return (
        template.render(language=language, others=others, index=_index(language, main or language) if index else "", **words.said()) + "\n"
    )


class _Words:
    """What the page says, in one language."""

    def __init__(self, found: Interplay, claims: Mapping[str, Claim], language: str):
        self.found, self.claims = found, claims
        self._, self.n = translator(check_language(language)), Numbers(language)
        self.written = formats(self.n)

    def said(self) -> dict[str, Any]:
        """What is filled into the template."""
        _, n, found = self._, self.n, self.found
        shown = keys(found)
        picture = heat_map(found, _, n)
        single = [e for one in shown for e in one.single.values()]
        counts = _("Of {n} effects of a mechanism on a claim, {clear} are clear and {of_use} are as large as an effect of use.").format(
            n=len(single), clear=sum(e.clear for e in single), of_use=sum(e.of_use for e in single)
        )
        return {
            "budget": budget_words(found.budget, n.locale.language), "picture": "data:image/svg+xml;base64," + base64.b64encode(picture).decode("ascii"),
            "counts": counts, "alt": _("Map of {claims} claims and {mechanisms} mechanisms. {counts}").format(
                claims=len(shown), mechanisms=len(found.design.mechanisms), counts=counts),
            "mechanisms": [(name, _(SWITCHES.get(name, ""))) for name in found.design.mechanisms], "claims": [self._claim(one) for one in shown],
            "pairs": [self._effect(one, e) for one in shown for e in _strongest(one)],
            "without_pairs": ", ".join(one.claim for one in shown if not _strongest(one)), "over_draws": found.over_draws, "draws": found.budget.draws, "least": FEWEST_DRAWS,
            "error": n.percent(found.error), "asked": n.number(found.asked), "failed": found.failed, "everything": self._everything(),
            "confounded": self._confounded(), "column_files": (f"{NAME}.json", f"{NAME}.csv"),
        }  # fmt: skip

    # --- the parts ---

    def _claim(self, one: NumberEffects) -> dict[str, Any]:
        depends = sorted((e for e in one.single.values() if e.of_use), key=lambda e: (-abs(e.change.median), e.mechanisms))
        said = [f"{e.mechanisms[0]} {self._share(e)}" for e in depends]
        return {
            "id": one.claim, "claim": self._(self.claims[one.claim].claim), "what": self.what(one), "full": self._value(one, one.full),
            "depends": ", ".join(said) or self._("none"), "only": ", ".join(one.only_with),
            "shares": [self.n.percent(share) for share in (one.alone, one.pairs, one.rest)],
        }  # fmt: skip

    def _effect(self, one: NumberEffects, e: MechanismEffect) -> dict[str, Any]:
        _ = self._
        return {
            "id": one.claim, "mechanisms": " × ".join(e.mechanisms), "change": self._change(one, e.change.median),
            "range": f"{self._change(one, e.change.low)} … {self._change(one, e.change.high)}", "share": self._share(e), "same_sign": self.n.percent(e.same_sign),
            "reads": _("of use") if e.of_use else _("clear, but small") if e.clear else _("not clear"), "of_use": e.of_use,
        }  # fmt: skip

    def _everything(self) -> list[dict[str, Any]]:
        """All numbers of each claim, with the effects that are clear."""
        rows = []
        for claim in dict.fromkeys(one.claim for one in self.found.outcomes):
            mine = [one for one in self.found.outcomes if one.claim == claim]
            parts = []
            for one in mine:
                clear = sorted(
                    (e for e in one.estimates if e.clear), key=lambda e: (len(e.mechanisms), -abs(e.change.median), e.mechanisms)
                )
                head = {
                    "what": self.what(one),
                    "pattern": one.pattern,
                    "full": self._value(one, one.full),
                    "only": ", ".join(one.only_with),
                }
                parts.append(head | {"effects": [self._effect(one, e) for e in clear if e.of_use]})
            rows.append({"id": claim, "claim": self._(self.claims[claim].claim), "parts": parts})
        return rows

    def _confounded(self) -> list[tuple[str, str]]:
        design = self.found.design
        found = [(design.names(term), design.confounded(term)) for term in design.terms if len(term) == 2]
        return [(" × ".join(pair), "; ".join(" × ".join(design.names(at)) for at in three)) for pair, three in found if three]

    # --- words and numbers ---

    def what(self, one: NumberEffects) -> str:
        """What is measured, in words."""
        _, pattern = self._, self.claims[one.claim][one.pattern]
        name, span = _name_of(pattern, one.number)
        labels = []
        for part in pattern.numbers[name].parts:
            first, last = span or (part.first, part.last)
            label = _("{what} ({side})").format(what=_(OUTPUTS[part.output].label), side=_(SIDES[part.side]))
            labels.append(label + (f", {first}–{last}" if first is not None and last is not None else ""))
        what = labels[0] if len(labels) == 1 else _("{one} against {other}").format(one=labels[0], other=labels[1])
        return what if one.measured == "number" else _("{what}: how far beyond its mark in the stated direction").format(what=what)

    def _written(self, one: NumberEffects) -> Written:
        pattern = self.claims[one.claim][one.pattern]
        return pattern.numbers[_name_of(pattern, one.number)[0]].written

    def _value(self, one: NumberEffects, found: Interval) -> str:
        """The number in the full model: the median, and the middle 90 % of the draws where there are several."""
        show = self.written[self._written(one)] if one.measured == "number" else lambda value: self._change(one, value)
        if not self.found.over_draws:
            return show(found.median)
        return f"{show(found.median)} ({show(found.low)} … {show(found.high)})"

    def _change(self, one: NumberEffects, value: float) -> str:
        """A difference in the unit of the number, with its sign; that of percentages in points."""
        written = self._written(one)
        if not math.isfinite(value):
            return "–"
        if written.startswith("percent") or written == "change":
            decimals = 3 if written == "percent3" else 1
            return self._("{value} points").format(value=signed(self.n, 100 * value, decimals))
        return ("+" if value > 0 else "") + self.n.short(value)

    def _share(self, e: MechanismEffect) -> str:
        share = e.share.median
        return "–" if not math.isfinite(share) else signed(self.n, 100 * share) + "%"


def _strongest(one: NumberEffects) -> list[MechanismEffect]:
    """The pairs of an outcome that the table has: the largest of use, or else the largest that is clear."""
    clear = [e for e in one.strongest_pairs if e.clear]
    return [e for e in clear if e.of_use][:MOST_PAIRS] or clear[:1]


def _name_of(pattern: Pattern, said: str) -> tuple[str, tuple[int, int] | None]:
    """The name of a number in its pattern and the span that it was taken of."""
    found = re.fullmatch(r"(.+)_(\d{4})", said)
    if found is not None and pattern.spans and found[1] in pattern.numbers:
        return found[1], next((span for span in pattern.spans if span[0] == int(found[2])), None)
    return said, None
