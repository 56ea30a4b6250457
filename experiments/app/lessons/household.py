"""Lesson: follow one household, in the world as it was and in one where ties across the border help nobody."""

from __future__ import annotations

import numpy as np

from abm import Scenario, Simulation
from experiments.app.lessons.lesson import HOUSEHOLDS, Ask, Found, Going, Lesson, LessonAnswer, LessonStep, Told
from experiments.app.people.decisions import CARE, SEVERITY, Decision, differ
from experiments.app.people.life import Life, watch
from experiments.words.languages import mark

BASELINE, OTHER = "history", "no-kinship"
#: Decisions that differ which are shown.
SHOWN = 6


def pick(seed: int, going: Going) -> int:
    """The uid of a household: of the Indonesian ones of 1980 that are there to the end, the one with most support across the border in 1980."""
    run = Simulation(Scenario.load(BASELINE), households=HOUSEHOLDS, rng=seed, shared=going.shared)
    h = run.frames["household"]
    uid, side, support = h["uid"].copy(), h["side"].copy(), h["support_across"].copy()
    run.run(stop=going.stop)
    stays = (run.frames["household"].find(uid) >= 0) & (side == 0)
    return int(uid[stays][np.argmax(support[stays])])


def find(seed: int, going: Going) -> Found:
    """The household's life in both worlds, and what of its care differs."""
    going.tell(0, 3)
    with going.turn():
        uid = pick(seed, going)
    lives: list[Life] = []
    for k, name in enumerate((BASELINE, OTHER)):
        going.tell(1 + k, 3)
        with going.turn():
            lives.append(watch(Scenario.load(name), "household", uid, going.stop, households=HOUSEHOLDS, rng=seed, shared=going.shared))
    care, other = ([one for one in life.decisions if one.kind == "care"] for life in lives)
    known = {one.key: one for one in other}
    # the one to look at: one that went elsewhere in the other world, if any did; of these the most severe, and the first
    first = max(
        (one for one in care if one.key in known), key=lambda one: (known[one.key].chosen != one.chosen, one.about, -one.month, -one.slot)
    )
    both = [(a, b) for a, b in differ(care, other) if a is not None and b is not None]
    life = lives[0]
    return {
        "uid": uid, "place": life.place, "adults": int(life.months["n_adults"][0]), "children": int(life.months["n_children"][0]),
        "support": float(life.months["support_across"][0]), "ill": len(care), "by": {code: sum(one.chosen == code for one in care) for code in CARE},
        "decision": first, "decision_other": known[first.key], "differ": len(both), "same": sum(one.key in known for one in care), "shown": both[:SHOWN],
        "income": [[float(one.year("income", y).mean()) for y in range(1980, 2016)] for one in lives if len(one.months["income"]) >= 432],
    }  # fmt: skip


def _month(t: Told, month: int) -> str:
    return t.n.month(1980 + month // 12, month % 12 + 1)


def _utilities(t: Told, first: Decision, second: Decision | None = None) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    _, n = t._, t.n
    both = [one for one in (first, second) if one is not None]
    rows = tuple(
        (_(said), *(n.number(one.options[code], 2) if code in one.options else "–" for one in both)) for code, (_name, said) in CARE.items()
    )
    head = (_("option"), _("utility")) if second is None else (_("option"), _("utility, as it was"), _("utility, without kin"))
    return head, rows


def _ill(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    rows = tuple((_(said), n.number(f["by"][code])) for code, (_name, said) in CARE.items())
    return LessonAnswer(
        f"{f['ill']}",
        (_("In 36 years its members fell ill {n} times. {none} times they sought no care.").format(n=f["ill"], none=f["by"][-1]),),
        head=(_("where they went"), _("times")), rows=rows,
    )  # fmt: skip


def _decided(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    one: Decision = f["decision"]
    best = max(one.options, key=lambda code: one.options[code])
    head, rows = _utilities(t, one)
    luck = (
        _("It took the option with the highest utility.")
        if best == one.chosen
        else _("It did not take the option with the highest utility: what the model does not know of a person stands in the draw.")
    )
    return LessonAnswer(
        "abcde"[one.chosen + 1],
        (
            _("It chose: {chosen}. The draw was {draw}: each option has a share of the numbers from 0 to 1, larger the higher its utility, and the draw says into whose share it falls.").format(
                chosen=_(CARE[one.chosen][1]), draw=n.number(one.draw, 3)
            ),
            luck,
        ),
        head=head, rows=rows,
    )  # fmt: skip


def _other(t: Told) -> LessonAnswer:
    _, n, f = t._, t.n, t.found
    one, other = f["decision"], f["decision_other"]
    head, rows = _utilities(t, one, other)
    return LessonAnswer(
        "a" if one.draw == other.draw else "b",
        (
            _("The draw is {first} in one world and {second} in the other: it belongs to this decision, this month and this household.").format(
                first=n.number(one.draw, 3), second=n.number(other.draw, 3)
            ),
            _("What changes is the utility of the other side. There the household chose: {chosen}.").format(chosen=_(CARE[other.chosen][1])),
        ),
        head=head, rows=rows,
    )  # fmt: skip


def _differ(t: Told) -> LessonAnswer:
    _, f = t._, t.found
    rows = tuple(
        (_month(t, a.month), _(SEVERITY[a.about]), _(CARE[a.chosen][1]), _(CARE[b.chosen][1])) for a, b in f["shown"]
    )  # fmt: skip
    return LessonAnswer(
        f"{f['differ']}",
        (
            _("Of {same} illnesses that came in both worlds, {n} were treated elsewhere without kin.").format(same=f["same"], n=f["differ"]),
            _("A mechanism may be there and still change few decisions: a choice changes only where the draw lies between two shares that have moved."),
        ),
        head=(_("month"), _("illness"), _("as it was"), _("without kin")), rows=rows,
    )  # fmt: skip


def _who(t: Told) -> list[str]:
    _, n, f = t._, t.n, t.found
    return [
        _("In January 1980 a household of {adults} adults and {children} children lives in {place}. Of all that stayed there for 36 years, it has most support from kin on the other side ({support} of 1).").format(
            adults=f["adults"], children=f["children"], place=f["place"], support=n.number(f["support"], 2)
        ),
        _("You will follow it in the history, and in a world where ties across the border help nobody. Both have the same people and the same random numbers."),
    ]  # fmt: skip


def _severe(t: Told) -> list[str]:
    _, one = t._, t.found["decision"]
    _head, rows = _utilities(t, one)
    listed = "; ".join(f"{name}: {value}" for name, value in rows if value != "–")
    return [
        _("{month}: somebody has {illness}. The household compares what is there by its utility, a number that holds quality, hours, cost, papers and kin.").format(
            month=_month(t, one.month), illness=_(SEVERITY[one.about])
        ),
        _("Its utilities are: {listed}.").format(listed=listed),
    ]  # fmt: skip


LESSON = Lesson(
    "household",
    mark("Follow one household"),
    mark("One family, 36 years, two worlds: which of its decisions does a mechanism change, and what is left to chance?"),
    (
        LessonStep(mark("The household"), _who, Ask(mark("How many times will its members fall ill in 36 years?"), unit=mark("times"), high=2000.0), _ill),
        LessonStep(mark("One illness"), _severe, Ask(
            mark("What does the household do?"),
            (mark("No care"), mark("Clinic at home"), mark("Hospital at home"), mark("Clinic on the other side"), mark("Hospital on the other side")),
        ), _decided),
        LessonStep(mark("The same illness in the other world"), lambda t: [
            t._("The same illness comes in the world where kin on the other side do not help: nobody to stay with, nobody who translates, no news of what care is like there."),
        ], Ask(mark("Does the other world make another draw for this decision?"), (mark("No, the same draw"), mark("Yes, another draw"))), _other),
        LessonStep(mark("36 years"), lambda t: [
            t._("{same} illnesses came in both worlds.").format(same=t.found["same"]),
        ], Ask(mark("How many of them were treated elsewhere in the world without kin?"), unit=mark("times"), high=2000.0), _differ),
        LessonStep(mark("What you found"), lambda t: [
            t._("In your own words: somebody says “kin do not matter, this family went to the same clinic anyway”. What do you answer? Write two or three sentences below."),
            t._("People shows this household, and any other, with all its decisions."),
        ]),
    ),
    (
        mark("Aim: students read a decision rule (options, utilities, a draw) and see that a mechanism changes chances, not every choice."),
        mark("Before: let each student note what they weigh when somebody in the family is ill: cost, distance, quality, who can come along."),
        mark("Usual mistakes: to think that the highest utility is always taken; to take one family for the average."),
        mark("To discuss: what does the model not know of this family? Which of it would change the utilities, and which only the draw?"),
    ),
    find,
    runs=mark("The scenarios history and no-kinship; one household followed"),
    again="from experiments.app.lessons.household import find\nfrom experiments.app.lessons.run import going\nprint(find({seed}, going()))",
)  # fmt: skip
