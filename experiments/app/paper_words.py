"""What does the page say of a claim? The rows of the ledger that ships, and what pairs of runs gave, as HTML; nothing of the browser's state.

Words and numbers are those of the report of ``lintas evidence``, so the page, the report and a direct run say the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from abm.claims.claim import claims
from experiments.app.pairs import ClaimPairs, PatternGiven, WantedPairs, seed_number
from experiments.app.series import DRAWS_SEED, posterior
from experiments.app.state import REGION
from experiments.evidence.ledger import ConditionResult, Ledger, LedgerRow, PatternResult, row_of
from experiments.evidence.make import Made
from experiments.evidence.runs import AskedOfRuns
from experiments.evidence.shipped import ledger_from, shipped
from experiments.evidence.verdict import ERROR, SURE, judge
from experiments.evidence.worlds import ClaimWorlds
from experiments.reports.evidence_tables import Tables
from experiments.reports.evidence_words import ORDER, Key, in_order, works
from experiments.words.languages import Translate, mark

LAST_YEAR = 2015


@dataclass(frozen=True, eq=False)
class Shipped:
    """The ledger that ships, and whether it is of the posterior and the model of this version."""

    made: Made
    asked: AskedOfRuns | None
    is_there: bool
    is_of_posterior: bool
    version: str
    off: dict[str, str]

    def row(self, claim: str) -> LedgerRow:
        """The row of a claim."""
        return next(row for row in self.made.ledger.rows if row.claim.id == claim)


@cache
def ledger() -> Shipped:
    """The ledger that ships with every claim of this version; a claim that it lacks has a row without patterns."""
    import pandas as pd

    said = shipped(REGION)
    found = ledger_from(said) if said is not None else Ledger((), 0, 0, 0)
    known = {row.claim.id: row for row in found.rows}
    rows = tuple(known.get(claim.id) or row_of(claim, ()) for claim in claims().values())
    whole = Ledger(rows, found.units, found.runs, found.failed, found.error, found.sure)
    made = Made(whole, ClaimWorlds({}, {}, {}), pd.DataFrame({"year": [LAST_YEAR]}), (), {}, pd.DataFrame())
    if said is None:
        return Shipped(made, None, False, False, "", {})
    asked, ours = said["asked"], posterior()
    is_of_posterior = ours is not None and ours.id == asked["posterior"]
    of_runs = AskedOfRuns(ours, REGION, asked["households"], asked["replicates"], asked["seed"]) if is_of_posterior else None
    return Shipped(made, of_runs, True, is_of_posterior, asked["model_version"], dict(said["off"]))


@cache
def words_of(language: str) -> Tables:
    """The words of the ledger in a language."""
    return Tables(ledger().made, language, ledger().asked)


def head(language: str) -> list[str]:
    """How many claims have which verdict, on which runs, and what a verdict means; that none ships, or that it is of another model."""
    from experiments.runs.identity import model_version

    words, found = words_of(language), ledger()
    if not found.is_there:
        return [words._("No verdicts ship with this version. Each claim can be run here; 'lintas evidence' judges all.")]
    said = words.head()
    if not found.is_of_posterior:
        said.append(words._("These verdicts were made with another posterior than the one that ships now."))
    if found.version != model_version():
        said.append(
            words._("These verdicts are those of model {version}; rules have changed since, so pairs that are run here may differ.").format(
                version=found.version
            )
        )
    return said


def counted(verdict: str | None = None) -> list[LedgerRow]:
    """The rows, those that fail first; of one verdict where one is given."""
    return [row for row in in_order(ledger().made) if verdict in (None, row.verdict)]


def chip(words: Tables, row: LedgerRow) -> str:
    """The verdict of a row with its sign; green only where all five conditions are met."""
    style = words.style_of(row)
    return f"<span class='lintas-verdict lintas-{style.css}'><span aria-hidden='true'>{style.sign}</span> {escape(style.word)}</span>"


def _items(items: list[tuple[str, str]]) -> str:
    return "<dl class='lintas-facts'>" + "".join(f"<dt>{escape(name)}</dt><dd>{text}</dd>" for name, text in items if text) + "</dl>"


def _list(lines: list[str], css: str = "") -> str:
    return f"<ul class='{css}'>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>" if lines else ""


def reasons_html(claim: str, language: str) -> str:
    """Why a claim has its verdict."""
    return "".join(f"<p>{escape(reason)}</p>" for reason in words_of(language).row(ledger().row(claim)))


def claim_html(claim: str, language: str) -> str:
    """Lines, mechanism, alternatives and sources of a claim."""
    words, row = words_of(language), ledger().row(claim)
    _, told = words._, words.told(row)
    mechanism = escape(told["mechanism"])
    if told["rules"]:
        mechanism += _list(
            [f"<code>{escape(rule['name'])}</code>: <span lang='en'>{escape(rule['question'])}</span>" for rule in told["rules"]]
        )
    facts = [
        (_("lines of the paper"), escape(told["lines"])),
        (_("about whom"), escape(told["who"])),
        (_("what should show"), escape(told["expected"])),
        (_("in the model"), escape(told["status"])),
        (_("mechanism"), mechanism),
        (_("what else could make it, or speaks against it"), _list(_alternatives(told, row, words))),
    ]
    sources = [
        (group["heading"], _list([_source(one) for one in group["all"]])) for group in told["sources"]
    ]  # fmt: skip
    marks = _list([f"<span aria-hidden='true'>{'●' if met else '○'}</span> {escape(text)}" for met, text in told["marks"]], "lintas-notes")
    return (
        _items([*facts, *(sources or [(_("sources"), escape(_("None is known for it or against it.")))])])
        + marks
        + _readings(told, _)
        + _patterns(told, _)
    )


def _alternatives(told: dict[str, Any], row: LedgerRow, words: Tables) -> list[str]:
    said = [p["built_in"] for p in told["patterns"] if p["built_in"]]
    said += [
        f"{p['says']}: {p['ablation']}"
        for p, result in zip(told["patterns"], row.patterns, strict=True)
        if result.ablation in ("stays", "part")
    ]
    if told["missing"]:
        said.append(words._("What the model lacks: {missing}.").format(missing=told["missing"]))
    return [escape(one) for one in dict.fromkeys(said)]


def _source(one: dict[str, str]) -> str:
    where = (
        f" <a href='{escape(one['url'], quote=True)}' rel='noreferrer'>{escape(one['source'])}</a>"
        if one["url"]
        else f" [{escape(one['source'])}]"
    )
    return escape(one["what"]) + where


def _style(style: Any) -> str:
    return f"<span class='lintas-{style.css}'><span aria-hidden='true'>{style.sign}</span> {escape(style.word)}</span>"


def _readings(told: dict[str, Any], _: Translate) -> str:
    """The meanings of the sentence, each with its verdict and what the runs gave."""
    if not told["readings"]:
        return ""
    parts = []
    for reading in told["readings"]:
        lines = [f"{escape(line['says'])}: {escape(line['model'])} {_style(line['style'])}" for line in reading["lines"]]
        parts.append(f"<li><b>{escape(reading['reading'])}</b>: {_style(reading['style'])}{_list(lines)}</li>")
    return f"<h3>{escape(_('The sentence can be read in several ways'))}</h3><ul class='lintas-readings'>{''.join(parts)}</ul>"


def _table(head: list[str], groups: list[tuple[str, list[list[str]]]], title: str, css: str = "") -> str:
    """A table of cells that are HTML already, in groups with a heading each; on a narrow screen each row becomes a block."""
    top = "".join(f"<th scope='col'>{escape(one)}</th>" for one in head)
    body = ""
    for heading, rows in groups:
        body += f"<tbody><tr class='lintas-group'><th scope='rowgroup' colspan='{len(head)}'>{heading}</th></tr>"
        for row in rows:
            cells = "".join(f"<td data-head='{escape(name, quote=True)}'>{cell}</td>" for name, cell in zip(head[1:], row[1:], strict=True))
            body += f"<tr><th scope='row'>{row[0]}</th>{cells}</tr>"
        body += "</tbody>"
    return f"<table class='lintas-claims {css}'><caption>{escape(title)}</caption><thead><tr>{top}</tr></thead>{body}</table>"


def _patterns(told: dict[str, Any], _: Translate) -> str:
    """Both worlds' figures over the draws of the ledger, and the share of draws that show each pattern."""
    if not told["patterns"]:
        return f"<p>{escape(_('No pattern of this claim was run.'))}</p>"
    head = [_("condition"), _("the model gives"), _("without the mechanism"), _("difference"), _("practical size"), _("stated sign")]
    groups = []
    for pattern in told["patterns"]:
        rows = []
        for one in pattern["conditions"]:
            beside = f" ({escape(_('set against {number}').format(number=one['mark']))})" if one["mark"] else ""
            rows.append(
                [escape(one["words"]), escape(one["model"]) + beside, *(escape(one[k]) for k in ("without", "difference", "size", "sign"))]
            )
        groups.append((f"{escape(pattern['says'])}: {_style(pattern['style'])} ({escape(pattern['shares'])})", rows))
    return _table(head, groups, _("What the ledger's draws gave: median, and in brackets the middle 90 %"))


# --- pairs that are run on the page ---------------------------------------------------------------------------------------


def result_of(claim: str, given: PatternGiven) -> PatternResult:
    """What the units of the page gave, in the form in which the ledger has it."""
    units = given.units
    finding = judge({given.pattern.id: units}, ERROR, SURE)[given.pattern.id]
    sizes = [[unit[k] for unit in given.sizes] for k in range(len(given.conditions))]
    conditions = tuple(
        ConditionResult(name, given.effect(k), sorted(sizes[k])[len(sizes[k]) // 2], given.sign_share(k), float("nan"), float("nan"))
        for k, name in enumerate(given.conditions)
    )
    names = given.numbers[0]
    return PatternResult(
        claim, given.pattern, finding, "cannot tell", {n: given.interval(n) for n in names}, {n: given.interval(n, "without") for n in given.without[0]},
        {n: given.interval(n, "difference") for n in given.without[0]}, {}, conditions, None, None, "none", len(given.effects), 0,
    )  # fmt: skip


#: What one pair gave for a pattern.
SHOWS, PART, MISSES, NOTHING = (
    mark("shows in this pair"), mark("the stated direction, but less than the practical size"), mark("does not show in this pair"),
    mark("its number cannot be computed"),
)  # fmt: skip


def pair_verdict(given: PatternGiven) -> tuple[str, str]:
    """What the first finished unit gave: a sentence to translate and a class of the style sheet. No pair is shown in green: one pair proves nothing."""
    units = given.units
    if not units.known[0]:
        return NOTHING, "open"
    shows, misses = bool(units.shows[0]), bool(units.misses[0])
    return (PART, "open") if shows and misses else (SHOWS, "shown") if shows else (MISSES, "no")


def pairs_html(pairs: ClaimPairs, asked: WantedPairs, language: str) -> str:
    """What the pairs gave for each condition: both worlds, the difference, the stated sign, and what the first pair or all of them say."""
    words = words_of(language)
    _ = words._
    groups = [_group(words, pairs, given) for given in pairs.given(asked)]
    if not groups:
        return ""
    head = [_("condition"), _("with the mechanism"), _("without the mechanism"), _("difference"), _("practical size"), _("stated sign")]
    if asked.is_draws:
        title = _("Pairs of this page: draws of the posterior, each with a seed")
    else:
        title = _("Pairs of this page: the fitted values with seeds")
    return _table(head, groups, title, "lintas-pairs")


def _group(words: Tables, pairs: ClaimPairs, given: PatternGiven) -> tuple[str, list[list[str]]]:
    """One pattern: what the paper says with what the pairs gave for it, and its conditions."""
    _, n, result, count = words._, words.n, result_of(pairs.claim.id, given), len(given.effects)
    if count == 1:
        text, css = pair_verdict(given)
        verdict = f"<span class='lintas-{css}'>{escape(_(text))}</span>"
    else:
        shows, misses = int(given.units.shows.sum()), int(given.units.misses.sum())
        verdict = escape(
            _("{shows} of {n} show it, {misses} miss it").format(shows=n.number(shows), n=n.number(count), misses=n.number(misses))
        )
    rows = [_condition(words, given, result, at) for at in range(len(given.conditions))]
    return f"{escape(words.says(pairs.claim, result))}: {verdict}", rows


def _condition(words: Tables, given: PatternGiven, result: PatternResult, at: int) -> list[str]:
    """The cells of one condition: of one pair its numbers, of several their medians and middle 90 %."""
    _, count, name, share = words._, len(given.effects), given.conditions[at], given.sign_share(at)
    number, both = words.number(result, name), (result.numbers, result.without)
    if count == 1:
        values = [words.value(number, of[name].median) if name in of else "–" for of in both]
        change = words.difference(number, result.difference[name].median) if name in result.difference else "–"
        sign = "–" if math.isnan(share) else _("yes") if share else _("no")
    else:
        values = [words.interval(number, of.get(name)) for of in both]
        change = words.difference_interval(number, result.difference.get(name))
        sign = _("{share} of {n}").format(share=words.share(share), n=words.n.number(count))
    return [escape(one) for one in (words.condition(result, at), *values, change, words.size(Key(result, at)), sign)]


def said_of_units(pairs: ClaimPairs, asked: WantedPairs, language: str) -> str:
    """Which units are asked for, in a sentence."""
    words = words_of(language)
    _, first = words._, seed_number(pairs.history)
    said = {
        "first": first,
        "last": first + asked.count - 1,
        "households": words.n.number(pairs.history.households),
        "n": asked.count,
        "draws": DRAWS_SEED,
    }
    if asked.is_draws:
        return _(
            "{n} draws of the posterior (the first of the sequence of seed {draws}, as in 'lintas evidence'), with seeds {first} to {last}, {households} households."
        ).format(**said)
    if asked.count == 1:
        return _(
            "One pair: seed {first}, {households} households, the same in both. It cannot say how much it would vary from seed to seed."
        ).format(**said)
    return _(
        "Seeds {first} to {last} with the fitted values, {households} households; in each pair both worlds have the same households."
    ).format(**said)


__all__ = [
    "ORDER",
    "chip",
    "claim_html",
    "counted",
    "head",
    "ledger",
    "pair_verdict",
    "pairs_html",
    "result_of",
    "said_of_units",
    "words_of",
    "works",
]
