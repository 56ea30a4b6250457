"""What stands on the pages of the ledger? The values for the templates: the rows of the index, and all that the page of one claim shows."""

from __future__ import annotations

import base64
import math
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from abm.claims.claim import Claim
from agents.core.declare import PARAMETER_CLASSES, PARAMETERS, RULES, SWITCHES
from experiments.evidence.ledger import Interval, LedgerRow, PatternResult, ReadingResult, Verdict
from experiments.evidence.ledger import number as digits
from experiments.reports.evidence_figures import Figures
from experiments.reports.evidence_reasons import has_size
from experiments.reports.evidence_words import MEANINGS, ORDER, Key, deciding, in_order, key_of, works
from experiments.reports.figure_sheet import Picture
from experiments.words.languages import mark

if TYPE_CHECKING:
    import pandas as pd

#: Headings of the literature by where it stands.
STANDS = {"for": mark("Sources for the claim"), "against": mark("Sources against the claim"), "both": mark("Sources that say both")}
STATUS = {"in the model": mark("in full"), "in part": mark("in part"), "no mechanism": mark("not at all")}

#: What it means for each verdict of a pattern that its outcome was put in.
_BUILT_IN: dict[Verdict, str] = {
    "built in": mark("Why it does not support the claim: {why}"),
    "does not hold": mark("It does not hold although it was put in or fitted: {why}"),
    "cannot tell": mark("Even if it showed, it would not support the claim: {why}"),
}


class Tables(Figures):
    """The values for the templates in one language."""

    # --- the index ---

    def index(self) -> dict[str, Any]:
        """All values of the page of the whole ledger."""
        rows = in_order(self.made)
        groups = [
            {"style": self.style(verdict), "meaning": self._(MEANINGS[verdict]), "rows": [self._index_row(row) for row in rows if row.verdict == verdict]}
            for verdict in ORDER
        ]  # fmt: skip
        picture = self.overview()
        return {
            "head": self.head(), "groups": [group for group in groups if group["rows"]], "figure": None if picture is None else figure(picture),
            "meanings": [(self.style(verdict), self._(MEANINGS[verdict])) for verdict in ORDER],
        }  # fmt: skip

    def _index_row(self, row: LedgerRow) -> dict[str, Any]:
        keys = [(result, key_of(result)) for result in deciding(row)]
        return {
            "id": row.claim.id, "claim": self._(row.claim.claim), "style": self.style_of(row), "why": self.short(row),
            "marks": self.conditions(row), "met": sum(row.conditions.values()),
            "lines": [self._key_line(row.claim, result, key) for result, key in keys], "more": len(row.patterns) - len(keys),
        }  # fmt: skip

    def _key_line(self, claim: Claim, result: PatternResult, key: Key | None) -> dict[str, Any]:
        """The cells of the condition that a verdict hangs on."""
        said = {"says": self.says(claim, result), "reading": self._(result.pattern.reading or ""), "runs": self.n.number(result.runs)}
        if key is None:
            return said | dict.fromkeys(("what", "model", "mark", "without", "difference", "sign"), "–") | {"mark": ""}
        name = key.condition.number
        number = self.number(result, name)
        return said | {
            "what": self.what(result, name), "model": self.interval(number, result.numbers.get(name)), "mark": self.mark_of(key),
            "without": self.interval(number, result.without.get(name)),
            "difference": self.difference_interval(number, result.difference.get(name)), "sign": self.share(key.condition.stated_sign),
        }  # fmt: skip

    # --- the page of a claim ---

    def page(self, row: LedgerRow, options: Sequence[str] = ()) -> dict[str, Any]:
        """All values of the page of one claim; ``options`` of the command are repeated in the line that runs it again."""
        return self.told(row, options) | {"figures": [figure(p) for p in (*self.years(row), *self.sweeps(row))]}

    def told(self, row: LedgerRow, options: Sequence[str] = ()) -> dict[str, Any]:
        """The same without its figures, which need bands of the runs."""
        _, claim = self._, row.claim
        return {
            "id": claim.id, "claim": _(claim.claim), "lines": claim.lines.replace("-", "–"), "who": _(claim.who), "style": self.style_of(row),
            "why": self.short(row), "reasons": self.row(row), "status": _(STATUS[claim.status]), "expected": _(claim.expected),
            "marks": self.conditions(row), "readings": self._readings(row),
            "patterns": [self._pattern(row, result) for result in row.patterns], "mechanism": _(claim.mechanism), "rules": self._rules(claim),
            "switch": "" if claim.switch is None else claim.switch, "switch_says": "" if claim.switch is None else _(SWITCHES[claim.switch]),
            "scenario": claim.scenario or "", "parameters": self._parameters(claim), "has_values": any(name != "draw" for name in self.made.draws.columns),
            "sources": self._sources(claim), "missing": "" if claim.missing is None else _(claim.missing),
            "command": shlex.join(["lintas", "evidence", claim.id, *options]),
        }  # fmt: skip

    def _readings(self, row: LedgerRow) -> list[dict[str, Any]]:
        """The meanings of the claim beside each other; empty where it has one meaning only."""
        if len(row.readings) < 2:
            return []
        by_id = {result.pattern.id: result for result in row.patterns}
        return [self._reading(row, reading, [by_id[one] for one in reading.patterns]) for reading in row.readings]

    def _reading(self, row: LedgerRow, reading: ReadingResult, results: list[PatternResult]) -> dict[str, Any]:
        return {
            "reading": self._(reading.reading or ""), "style": self.style(reading.verdict, in_full=works(row)),
            "lines": [self._key_line(row.claim, result, key_of(result)) | {"style": self.style(result.verdict, in_full=works(row))} for result in results],
        }  # fmt: skip

    def _pattern(self, row: LedgerRow, result: PatternResult) -> dict[str, Any]:
        claim, finding, pattern = row.claim, result.finding, result.pattern
        asked = {condition.number for condition in result.conditions}
        return {
            "id": pattern.id, "says": self.says(claim, result), "reading": self.reading(pattern) if claim_has_readings(claim) else "",
            "style": self.style(result.verdict, in_full=works(row)), "reason": self.pattern(result), "ablation": self.ablation(result),
            "built_in": "" if pattern.built_in is None else self._(_BUILT_IN[result.verdict]).format(why=self._(pattern.built_in)), "off": result.off or "",
            "units": self.n.number(finding.units), "runs": self.n.number(result.runs), "failed": self.n.number(result.failed) if result.failed else "",
            "shares": self._shares_of(result),
            "shows_without": "" if result.shows_without is None else self.share(result.shows_without),
            "for_it": self.n.short(finding.for_it), "against_it": self.n.short(finding.against_it),
            "conditions": [self._condition(Key(result, at)) for at in range(len(result.conditions))],
            "others": [
                (self.what(result, name), self.interval(self.number(result, name), found), self.interval(self.number(result, name), result.without.get(name)))
                for name, found in result.numbers.items() if name not in asked
            ],
        }  # fmt: skip

    def _shares_of(self, result: PatternResult) -> str:
        _, shows, misses = self._, self.share(result.finding.shows), self.share(result.finding.misses)
        if has_size(result):
            return _("{shows} show more than half of the practical size, {misses} less than the whole of it").format(
                shows=shows, misses=misses
            )
        return _("{shows} show it, {misses} miss it").format(shows=shows, misses=misses)

    def _condition(self, key: Key) -> dict[str, Any]:
        result, name = key.result, key.condition.number
        number = self.number(result, name)
        return {
            "words": self.condition(result, key.at), "model": self.interval(number, result.numbers.get(name)), "mark": self.mark_of(key),
            "without": self.interval(number, result.without.get(name)),
            "difference": self.difference_interval(number, result.difference.get(name)),
            "effect": self.difference_interval(number, key.condition.effect), "size": self.size(key), "power": self._power(key),
            "sign": self.share(key.condition.stated_sign), "of_use": self.share(key.condition.of_use),
            "fails": result.finding.said == "does not hold" and result.finding.failing == key.at,
        }  # fmt: skip

    def _power(self, key: Key) -> str:
        """The chance that so many draws would have found an effect of the practical size; empty where there is none."""
        power = key.condition.power
        return self._("would be found with a chance of {chance}").format(chance=self.share(power)) if math.isfinite(power) else ""

    def _rules(self, claim: Claim) -> list[dict[str, str]]:
        return [
            {"name": name, "question": RULES[name].question, "file": f"{RULES[name].loop.__module__.replace('.', '/')}.py"} for name in claim.rules
        ]  # fmt: skip

    def _parameters(self, claim: Claim) -> list[dict[str, str]]:
        """The parameters that the rules of the claim use, with their values in the draws."""
        owners = {cls: rule for rule, cls in PARAMETER_CLASSES.items()}
        classes = [cls for name in claim.rules for cls in (RULES[name].parameters, RULES[name].other_parameters) if cls is not None]
        names = dict.fromkeys(f"{owners[cls]}.{field}" for cls in classes if cls in owners for field in getattr(cls, "_fields", ()))
        return [self._parameter(name) for name in names if name in PARAMETERS]

    def _parameter(self, name: str) -> dict[str, str]:
        declared = PARAMETERS[name]
        values, text = self.made.draws, self.plain
        drawn = Interval.of(values[name].to_numpy(float)) if name in values.columns else None
        return {
            "name": name, "label": self._(declared.label), "unit": "" if declared.unit == "1" else self._(declared.unit), "value": text(declared.default),
            "range": f"{text(declared.low)} – {text(declared.high)}" if declared.low < declared.high else "–",
            "drawn": "–" if drawn is None else text(drawn.median) if math.isclose(drawn.low, drawn.high) else f"{text(drawn.median)} ({text(drawn.low)} – {text(drawn.high)})",
            "source": declared.source.reference, "basis": declared.source.basis,
        }  # fmt: skip

    def _sources(self, claim: Claim) -> list[dict[str, Any]]:
        """The literature, by where it stands."""
        return [
            {"heading": self._(heading), "all": [{"what": self._(s.what), "source": s.source, "url": s.url or ""} for s in claim.sources if s.stands == stands]}
            for stands, heading in STANDS.items() if any(s.stands == stands for s in claim.sources)
        ]  # fmt: skip


def claim_has_readings(claim: Claim) -> bool:
    """Whether its sentence can be read in more than one way."""
    return len({pattern.reading for pattern in claim.patterns if pattern.reading is not None}) > 1


def figure(picture: Picture) -> dict[str, Any]:
    """A figure as the templates take it, its drawing inside the page."""
    return {
        "key": picture.key, "title": picture.title, "alt": picture.alt, "sentence": picture.sentence, "head": picture.head, "rows": picture.rows,
        "source": "data:image/svg+xml;base64," + base64.b64encode(picture.svg).decode("ascii"),
    }  # fmt: skip


def ledger_table(words: Tables) -> pd.DataFrame:
    """The ledger as a table with a line for each pattern, or one for a claim without runs; numbers have nine digits."""
    import pandas as pd

    table = pd.DataFrame([line for row in in_order(words.made) for line in _lines(words, row)])
    return table.astype(dict.fromkeys(("units", "runs", "failed_draws"), "Int64"))


def _lines(words: Tables, row: LedgerRow) -> list[dict[str, Any]]:
    claim = row.claim
    said: dict[str, Any] = {
        "claim": claim.id, "claim_says": words._(claim.claim), "lines": claim.lines, "status": claim.status, "claim_verdict": row.verdict,
        **{f"has_{name}": met for name, met in row.conditions.items()},
    }  # fmt: skip
    return [said | _line(words, claim, result) for result in row.patterns] or [said | dict.fromkeys(_COLUMNS)]


#: Columns of a pattern.
_COLUMNS = (
    "pattern", "pattern_says", "reading", "comparison", "built_in", "verdict", "said", "reason", "world_without", "number", "number_is", "low", "median",
    "high", "without_low", "without_median", "without_high", "difference_low", "difference_median", "difference_high", "effect_low", "effect_median", "effect_high",
    "practical_size", "power", "stated_sign", "of_use", "units", "shows", "misses", "evidence_for", "evidence_against", "shows_without", "ablation", "runs", "failed_draws",
)  # fmt: skip


def _line(words: Tables, claim: Claim, result: PatternResult) -> dict[str, Any]:
    pattern, finding, key = result.pattern, result.finding, key_of(result)
    line: dict[str, Any] = dict.fromkeys(_COLUMNS) | {
        "pattern": pattern.id, "pattern_says": words.says(claim, result), "reading": pattern.reading, "comparison": pattern.comparison,
        "built_in": pattern.built_in, "verdict": result.verdict, "said": finding.said, "reason": words.why(result), "world_without": result.off,
        "units": finding.units, "shows": digits(finding.shows), "misses": digits(finding.misses), "evidence_for": digits(finding.for_it),
        "evidence_against": digits(finding.against_it), "ablation": result.ablation, "runs": result.runs, "failed_draws": result.failed,
        "shows_without": None if result.shows_without is None else digits(result.shows_without),
    }  # fmt: skip
    if key is None:
        return line
    name, condition = key.condition.number, key.condition
    line |= {
        "number": name, "number_is": words.what(result, name), "practical_size": digits(condition.size), "power": digits(condition.power), "stated_sign": digits(condition.stated_sign),
        "of_use": digits(condition.of_use),
    }  # fmt: skip
    for prefix, found in (
        ("", result.numbers.get(name)), ("without_", result.without.get(name)), ("difference_", result.difference.get(name)), ("effect_", condition.effect),
    ):  # fmt: skip
        for end in ("low", "median", "high"):
            line[prefix + end] = None if found is None else digits(getattr(found, end))
    return line
