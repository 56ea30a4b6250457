"""What does a link hold of the lessons? ``sugar:2:a,b,12.5``: lesson, step (counted from 0) and the predictions given so far, in order."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.app.lessons.all import LESSONS
from experiments.app.lessons.lesson import Lesson


@dataclass(frozen=True)
class At:
    """Where somebody is in a lesson."""

    lesson: Lesson
    step: int = 0
    given: tuple[str, ...] = ()

    def written(self) -> str:
        """As the link holds it."""
        return f"{self.lesson.key}:{self.step}:{','.join(self.given)}"

    @property
    def prediction(self) -> str:
        """What was given to this step's question; empty before that, and where it asks nothing."""
        before = self.lesson.asks_before(self.step)
        return self.given[before] if self.lesson.steps[self.step].ask is not None and before < len(self.given) else ""

    @property
    def may_go_on(self) -> bool:
        """Whether the next step may be seen: there is one, and this one's question was answered."""
        is_answered = self.lesson.steps[self.step].ask is None or bool(self.prediction)
        return is_answered and self.step + 1 < len(self.lesson.steps)

    def went(self, by: int) -> At:
        """One step on (where it may) or back."""
        step = self.step + by
        return At(self.lesson, step, self.given) if by < 0 <= step or (by > 0 and self.may_go_on) else self

    def predicted(self, text: str) -> tuple[At, bool]:
        """With a prediction for this step, and whether it was taken as it was given; a prediction stays as it was given first."""
        ask = self.lesson.steps[self.step].ask
        if ask is None or self.prediction:
            return self, True
        taken, is_same = ask.taken(text)
        return (At(self.lesson, self.step, (*self.given, taken)), is_same) if taken else (self, False)


def read(text: str) -> At | None:
    """Where a link says that somebody is; None where it says nothing that the page offers."""
    parts = text.split(":")
    lesson = LESSONS.get(parts[0])
    if lesson is None or len(parts) not in (1, 3):
        return None
    if len(parts) == 1:
        return At(lesson)
    if not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) < 3) or int(parts[1]) >= len(lesson.steps):
        return None
    step, given = int(parts[1]), tuple(filter(None, parts[2].split(",")))
    if not lesson.asks_before(step) <= len(given) <= len(lesson.asks):
        return None
    if any(ask.taken(one) != (one, True) for ask, one in zip(lesson.asks, given, strict=False)):
        return None
    return At(lesson, step, given)


def is_taken(text: str) -> bool:
    """Whether a text of a link is a place in a lesson."""
    return read(text) is not None
