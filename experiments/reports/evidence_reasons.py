"""Why does a row of the ledger have its verdict? A short phrase for a table, and whole sentences for its page and for the head of the ledger."""

from __future__ import annotations

from experiments.evidence.ledger import LedgerRow, PatternResult
from experiments.reports.evidence_words import LedgerWords, deciding, key_of, works
from experiments.words.languages import mark

#: Why a pattern has its verdict, as a short phrase.
SHORT: dict[str, str] = {
    "opposite": mark("opposite"),
    "no effect of use": mark("no effect of use"),
    "draws differ": mark("draws differ"),
    "not near": mark("not near"),
    "undecided": mark("the posterior itself is undecided"),
    "open": mark("more runs needed"),
    "reading": mark("depends on the reading"),
    "no runs": mark("no runs"),
    "no pattern": mark("no pattern to show it"),
    "no number": mark("its number cannot be computed"),
    "in part": mark("not all five conditions are met"),
}


class Reasons(LedgerWords):
    """The reasons of a ledger in one language."""

    def short(self, row: LedgerRow) -> str:
        """Why, in a few words; empty where the verdict says it all."""
        why = self._why(row)
        return self._(SHORT[why]) if why else ""

    def _why(self, row: LedgerRow) -> str:
        if row.verdict == "no mechanism":
            return ""
        if not row.patterns:
            return "no pattern"
        if row.depends_on_the_reading:
            return "reading"
        if row.verdict in ("holds", "built in"):
            return "" if row.verdict == "built in" or works(row) else "in part"
        return self.why(deciding(row)[0])

    def why(self, result: PatternResult) -> str:
        """Why a pattern does not hold or cannot be told, as a key of ``SHORT``; empty where it holds."""
        finding = result.finding
        if finding.units == 0:
            return "no runs"
        if finding.said == "does not hold":
            return finding.reason
        return finding.said if finding.said in ("undecided", "open", "no number") else ""

    # --- sentences ---

    def row(self, row: LedgerRow) -> list[str]:
        """The reason of a row, one or two sentences."""
        _ = self._
        if row.verdict == "no mechanism":
            return [_("The model has no mechanism that could produce this, so the runs say nothing about the claim.")]
        if not any(result.finding.units for result in row.patterns):
            return [
                _("No run was made for this claim, so nothing can be said of it.") if row.claim.asked
                else _("It is not stated yet which numbers of the model would show this claim.")
            ]  # fmt: skip
        if row.depends_on_the_reading:
            return [self._depends(row)]
        found = [self.pattern(deciding(row)[0])]
        if row.verdict in ("holds", "built in"):
            if len(row.patterns) > 1:
                found.insert(0, _("All {count} patterns of the claim show.").format(count=len(row.patterns)))
            if not works(row):
                found.append(_("But not all five conditions of a claim that works are met, as the list below says."))
        return found

    def _depends(self, row: LedgerRow) -> str:
        holds = [r.reading for r in row.readings if r.verdict in ("holds", "built in") and r.reading]
        fails = [r.reading for r in row.readings if r.verdict == "does not hold" and r.reading]
        return self._(
            "It depends on the reading: it holds if the sentence means “{holds}”, and does not hold if it means “{fails}”."
        ).format(holds="”, “".join(map(self._, holds)), fails="”, “".join(map(self._, fails)))

    def pattern(self, result: PatternResult) -> str:
        """The reason of a pattern's verdict in a sentence."""
        _, finding = self._, result.finding
        if finding.units == 0:
            return _("No run that it needs ended well, so nothing can be said of it.")
        key = key_of(result)
        said = {
            "units": self.n.number(finding.units), "shows": self.share(finding.shows), "misses": self.share(finding.misses),
            "size": "" if key is None else self.size(key), "what": "" if key is None else self.what(result, key.condition.number),
            "sign": "" if key is None else self.share(key.condition.stated_sign),
            "model": "" if key is None else self.interval(self.number(result, key.condition.number), result.numbers.get(key.condition.number)),
        }  # fmt: skip
        if finding.said == "does not hold":
            return _(self._fails(result)).format(**said)
        if finding.said == "no number":
            return _("“{what}” cannot be computed from the runs, and a pattern without its number does not show.").format(**said)
        if finding.said == "undecided":
            return (
                _(
                    "The posterior itself is undecided: {shows} of {units} draws show more than half of the practical size and {misses} less than the whole of it. "
                    "More runs would not change that; better knowledge of the parameters could."
                )
                if has_size(result)
                else _(
                    "The posterior itself is undecided: of {units} draws {shows} show it and {misses} miss it. More runs would not change that; "
                    "better knowledge of the parameters could."
                )
            ).format(**said)
        if finding.said == "open":
            return (
                _(
                    "More runs are needed: {shows} of {units} draws show more than half of the practical size and {misses} less than the whole of it, "
                    "which does not decide."
                )
                if has_size(result)
                else _("More runs are needed: of {units} draws {shows} show it and {misses} miss it, which does not decide.")
            ).format(**said)
        if result.pattern.built_in is not None:
            return _("It shows in {shows} of {units} draws, but it was put in or fitted, so it does not support the claim.").format(**said)
        return _("It shows in {shows} of {units} draws.").format(**said)

    def _fails(self, result: PatternResult) -> str:
        finding, key = result.finding, key_of(result)
        if finding.reason == "not near":
            return mark("The model is not near what the paper says: it gives {model} for “{what}”, and {misses} of {units} draws miss it.")
        if finding.reason == "draws differ":
            return mark("The draws differ: “{what}” has the stated sign in {sign} of {units} draws, and {misses} of them miss it.")
        if finding.reason == "opposite":
            return mark("It goes the opposite way: “{what}” has the stated sign in only {sign} of {units} draws.")
        if key is not None and key.condition.size > 0:
            return mark(
                "There is no effect of use: for “{what}” it is smaller than the practical size of {size}; {misses} of {units} draws miss it."
            )
        return mark("There is no effect of use: {misses} of {units} draws miss it at “{what}”.")

    def ablation(self, result: PatternResult) -> str:
        """What becomes of a pattern without the mechanism; empty where that is not asked."""
        _ = self._
        share = "–" if result.shows_without is None else self.share(result.shows_without)
        if result.ablation == "goes away":
            return _("Without the mechanism it goes away: it then shows in {share} of the draws.").format(share=share)
        if result.ablation == "stays":
            return _("Without the mechanism it still shows in {share} of the draws: the mechanism is not what makes it.").format(
                share=share
            )
        if result.ablation == "part":
            return _("Without the mechanism it shows in {share} of the draws: the mechanism makes only part of it.").format(share=share)
        if result.ablation == "compared":
            if result.pattern.comparison == "sweep":
                return _("It compares runs at several values of a parameter.")
            return _("It compares the same draws and seeds with the mechanism and without it.")
        return ""

    # --- the head of the ledger ---

    def head(self) -> list[str]:
        """Three sentences: how many claims have which verdict, on which runs, and what a verdict means."""
        _, n, ledger = self._, self.n, self.made.ledger
        counts = {key.replace(" ", "_"): value for key, value in ledger.counts.items()}
        first = _(
            "Of {claims} claims of the paper, the model does not show {does_not_hold}, cannot tell of {cannot_tell}, shows {holds}, shows {built_in} only because "
            "it was built in, and has no mechanism for {no_mechanism}."
        ).format(claims=len(ledger.rows), **counts)
        meaning = (
            _(
                "“Holds” means that the runs show surely that at least {sure} of the posterior shows the claim, “does not hold” that at least {sure} misses it."
            )
            if self.asked is None or self.asked.posterior is not None
            else _(
                "“Holds” means that the runs show surely that at least {sure} of all seeds show the claim, “does not hold” that at least {sure} miss it."
            )
        ).format(sure=n.percent(ledger.sure))
        rate = _("Of all such verdicts on single patterns, at most {error} are expected to be wrong.").format(error=n.percent(ledger.error))
        last = f"{meaning} {rate}"
        return [first, self._runs(), last]

    def _runs(self) -> str:
        _, n, ledger, asked = self._, self.n, self.made.ledger, self.asked
        said = {"units": n.number(ledger.units), "runs": n.number(ledger.runs), "failed": n.number(ledger.failed)}
        if asked is None:
            return _("They were judged on {units} draws, with {runs} runs in all, of which {failed} did not end well.").format(**said)
        said |= {"households": n.number(asked.households), "replicates": n.number(asked.replicates), "seed": str(asked.seed)}
        if asked.posterior is None:
            return _(
                "They were judged on the fitted values alone with {units} different seeds (first seed {seed}): {runs} runs of {households} "
                "simulated households, of which {failed} did not end well."
            ).format(**said)
        return _(
            "They were judged on {units} draws of the posterior “{posterior}” (seed {seed}; runs of a draw in each world: {replicates}): {runs} runs of "
            "{households} simulated households, of which {failed} did not end well."
        ).format(posterior=asked.posterior.id, **said)


def has_size(result: PatternResult) -> bool:
    """Whether some condition has a practical size, so that a draw can show a pattern and yet miss the whole of its size."""
    return any(condition.size > 0 for condition in result.conditions)
