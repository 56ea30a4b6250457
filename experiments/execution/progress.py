"""How far is a study while it runs, and how did its driver end?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.execution.waits import Note

EXIT_OK, EXIT_SOME_NOT_OK = 0, 3


@dataclass
class StudyProgress:
    """How far a study is while it runs."""

    total: int
    counts: Counter[str]
    seconds: float = 0.0  #: since this driver began
    rate: float = 0.0  #: runs a second, lately
    slots: int = 0
    deaths: int = 0
    notes: list[Note] = field(default_factory=list)  #: what is being waited for, to be shown once (the code that shows them removes them)

    @property
    def done(self) -> int:
        """Runs that have a row."""
        return sum(self.counts.values())

    @property
    def eta(self) -> float | None:
        """Seconds to the end at this rate."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


@dataclass
class Report:
    """How the driver ended."""

    total: int
    counts: dict[str, int]
    ran: int
    seconds: float
    slots: int
    deaths: int
    set_aside: int = 0
    causes: list[str] = field(default_factory=list)  #: why parts were set aside
    busy_fraction: float | None = None

    @property
    def exit_code(self) -> int:
        """0 when every run ended well, 3 when one did not."""
        return EXIT_OK if self.counts.get("ok", 0) == self.total else EXIT_SOME_NOT_OK


def teller(progress: Callable[[StudyProgress], None] | None, now: StudyProgress | None = None) -> Callable[[Note], None]:
    """A function that passes a note on to the display of progress."""

    def say(note: Note) -> None:
        if progress is not None:
            shown = StudyProgress(0, Counter()) if now is None else now
            shown.notes.append(note)
            progress(shown)

    return say
