"""All lessons, in the order in which the page lists them."""

from __future__ import annotations

from experiments.app.lessons import chance, fit, household, road, sugar
from experiments.app.lessons.lesson import Lesson

LESSONS: dict[str, Lesson] = {one.key: one for one in (chance.LESSON, sugar.LESSON, road.LESSON, fit.LESSON, household.LESSON)}
