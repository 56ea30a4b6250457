"""What is a lesson? Steps, of which some ask for a prediction that must be given before the answer is shown.

Questions and their options stand here as they are; texts and answers are made from the numbers that runs of the model gave (``found``). No
number of an answer is written down in a lesson.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from abm.sharing import Shared
from experiments.words.languages import Numbers, Translate, translator

#: Households of the runs of a lesson, both sides together: small, so that a class need not wait.
HOUSEHOLDS = 600
#: Letters of an option's code.
CODES = "abcdef"

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """A question: one of some options (their sentences), or a number from ``low`` to ``high`` in a unit."""

    question: str
    options: tuple[str, ...] = ()
    unit: str = ""
    low: float = 0.0
    high: float = 100.0

    def taken(self, text: str) -> tuple[str, bool]:
        """A prediction as it is kept, and whether it is the one that was given; empty for what is none."""
        if self.options:
            known = text if len(text) == 1 and text in CODES[: len(self.options)] else ""
            return known, known == text
        try:
            number = float(text) if len(text) <= 30 else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            return "", False
        kept = min(max(number, self.low), self.high)
        return f"{kept:g}", kept == number

    def said(self, given: str, told: Told) -> str:
        """A prediction, or the model's answer, in words."""
        if self.options:
            return told._(self.options[CODES.index(given)])
        value = float(given)
        return f"{told.n.number(value) if value == round(value) else told.n.short(value)} {told._(self.unit)}".strip()


@dataclass(frozen=True)
class LessonAnswer:
    """What the model gives: the option's code or the number, sentences, a picture (SVG), a table."""

    right: str
    sentences: tuple[str, ...]
    picture: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Told:
    """What texts are made from: the numbers that were found, and a language."""

    found: Found
    language: str
    _: Translate = field(init=False)
    n: Numbers = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_", translator(self.language))
        object.__setattr__(self, "n", Numbers(self.language))


@dataclass(frozen=True)
class LessonStep:
    """One step: a title, its paragraphs, and, where it asks, the question and the answer."""

    title: str
    text: Callable[[Told], Sequence[str]]
    ask: Ask | None = None
    answer: Callable[[Told], LessonAnswer] | None = None


@dataclass
class Going:
    """How a lesson's runs are told about, ended, and what they share."""

    shared: Shared
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[int, int], None] = lambda _done, _all: None
    #: A block in which one run is done: other pages' runs come between two of them.
    turn: Callable[[], AbstractContextManager[None]] = nullcontext


@dataclass(frozen=True)
class Lesson:
    """A lesson; ``find`` gives its numbers from runs with a seed."""

    key: str
    title: str
    about: str
    steps: tuple[LessonStep, ...]
    #: For the teacher: aims, what to discuss, usual mistakes.
    notes: tuple[str, ...]
    find: Callable[[int, Going], Found]
    #: Which runs its numbers come from, in words.
    runs: str = ""
    #: Lines of Python that give the lesson's numbers again.
    again: str = ""
    minutes: int = 15

    def asks_before(self, step: int) -> int:
        """How many questions come before a step."""
        return sum(one.ask is not None for one in self.steps[:step])

    @property
    def asks(self) -> list[Ask]:
        """The questions, in order."""
        return [step.ask for step in self.steps if step.ask is not None]


def chosen(values: Mapping[str, float]) -> str:
    """The key of the largest value; the first of equal ones."""
    return max(values, key=lambda key: values[key])
