"""What does a comparison say in words? How much, in which direction, how sure, and from when on."""

from __future__ import annotations

import math
from collections.abc import Callable

from experiments.analysis.differences import Comparison, Effect, unit_of
from experiments.studies.target_names import side_name
from experiments.words.languages import Numbers, translator


def label_of(output: str, _: Callable[[str], str]) -> str:
    """An indicator's declared label; a summary or a measure of the user's own has its name only."""
    from agents.core.declare import OUTPUTS

    return _(OUTPUTS[output].label) if output in OUTPUTS else output


def _inside(label: str) -> str:
    """A label as it is written inside a sentence: no capital, unless it begins with an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() and " " in label else label


def named(output: str, _: Callable[[str], str]) -> str:
    """A label with its unit in brackets; a pure number has none to show."""
    unit = unit_of(output)
    return label_of(output, _) + (f" [{_(unit)}]" if unit not in ("", "1", "share") else "")


def years_text(years: tuple[int, int]) -> str:
    """``2004–2006`` or ``2006``."""
    return f"{years[0]}–{years[1]}" if years[0] != years[1] else str(years[0])


def sentences(part: Comparison, lang: str = "en") -> list[str]:
    """Each of the differences that were asked for in words, or the strongest where none was."""
    return [sentence(part, lang, effect) for effect in part.chosen[: max(part.asked, 1)]]


def sentence(part: Comparison, lang: str = "en", effect: Effect | None = None) -> str:
    """A difference in words; the strongest of the chosen where none is named."""
    _, n, effect = translator(lang), Numbers(lang), effect or part.chosen[0]
    said = {
        "a": part.a, "b": part.b, "label": _inside(named(effect.output, _)), "size": n.short(abs(effect.difference)),
        "mean_a": n.short(effect.mean_a), "mean_b": n.short(effect.mean_b), "years": years_text(part.years) if part.years else "",
        "side": _(side_name(part.region, effect.side)) if effect.side else "",
    }  # fmt: skip
    if not math.isfinite(effect.difference):
        return _("{label} has no value in these runs, so nothing can be compared.").format(**said)
    if effect.difference == 0:
        if part.years:
            return _("With {b} instead of {a}, {label} on the {side} side is exactly the same in {years}.").format(**said)
        return _("With {b} instead of {a}, {label} is exactly the same.").format(**said)
    if part.years and effect.difference > 0:
        head = _("With {b} instead of {a}, {label} on the {side} side is on average {size} higher in {years}: {mean_b} instead of {mean_a}")
    elif part.years:
        head = _("With {b} instead of {a}, {label} on the {side} side is on average {size} lower in {years}: {mean_b} instead of {mean_a}")
    elif effect.difference > 0:
        head = _("With {b} instead of {a}, {label} is on average {size} higher: {mean_b} instead of {mean_a}")
    else:
        head = _("With {b} instead of {a}, {label} is on average {size} lower: {mean_b} instead of {mean_a}")
    split = part.split_of(effect)
    if split is not None:
        both, posterior, chance = (
            f"{n.short(low)} … {n.short(high)}" for low, high in (split.of_both, split.of_posterior, split.of_chance)
        )
        tail = _("(90 % interval {both} over {draws} draws, of which the posterior {posterior} and of which chance {chance})")
        tail = tail.format(both=both, draws=split.draws, posterior=posterior, chance=chance)
        return f"{head.format(**said)} {tail}."
    if effect.n < 2:
        tail = _("(one pair only: there is no interval, and chance alone may do as much)")
    elif part.is_over_points:
        tail = _("(95 % interval of the difference {low} to {high} over {n} points; {share} of them agree in sign)")
    else:
        tail = _("(95 % interval of the difference {low} to {high} over {n} replicates; {share} of them agree in sign)")
    tail = tail.format(low=n.short(effect.low), high=n.short(effect.high), n=effect.n, share=n.percent(effect.same_sign))
    return f"{head.format(**said)} {tail}."


def start_sentence(part: Comparison, lang: str = "en") -> str:
    """From when on the arms differ."""
    _ = translator(lang)
    if not part.has_years:
        return ""
    if part.first is None:
        return _("Nothing differs in any year.")
    if part.first == part.from_year:
        return _("The two differ from the first year, {year}, on.").format(year=part.first)
    return _("Nothing differs before {year}.").format(year=part.first)
