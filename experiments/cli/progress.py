"""How far is it? Bars and lines on standard error while a run or a study goes on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from experiments.words.languages import Translate, duration

if TYPE_CHECKING:
    from experiments.execution.progress import StudyProgress
    from experiments.execution.waits import Note
    from experiments.runs.run import Progress


@contextlib.contextmanager
def show_months(_: Translate, quiet: bool) -> Iterator[Progress | None]:
    """A bar with the month reached and the time left; before the first month it says what takes so long."""
    if quiet:
        yield None
        return
    import threading

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(_("setting out"), total=None)

        def explain() -> None:
            bar.update(task, description=_("preparing the rules, once after an install or an edit"))

        # Only the first run after an install compiles; a later one is past this before the sentence appears.
        timer = threading.Timer(2.0, explain)
        timer.daemon = True
        timer.start()

        def step(done: int, total: int) -> None:
            timer.cancel()
            year, month = divmod(max(done - 1, 0), 12)
            bar.update(task, total=total, completed=done, description=month_name(1980 + year, month + 1, _))

        try:
            yield step
        finally:
            timer.cancel()


def month_name(year: int, month: int, _: Translate) -> str:
    """``Jan 1987``; a short table of our own, since a locale database takes longer to load than a year to run."""
    names = _("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    return f"{names[month - 1]} {year}"


@contextlib.contextmanager
def show_progress(_: Translate, quiet: bool) -> Iterator[Callable[[StudyProgress], None] | None]:
    """A bar with rate and time left; where there is no terminal, a line now and then (a cluster's log)."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)

    def show_notes(p: Any) -> None:
        while getattr(p, "notes", None):
            print(f"lintas: {words_of(_, p.notes.pop(0))}", file=sys.stderr, flush=True)

    def words(p: Any) -> str:
        bad = sum(n for s, n in p.counts.items() if s != "ok")
        parts = [_("{rate:.1f} runs/s").format(rate=p.rate), _("{time} to go").format(time=duration(p.eta) if p.eta is not None else "–")]
        if bad:
            parts.append(_("{n} not well").format(n=bad))
        return f"{p.done}/{p.total}  " + ", ".join(parts)

    if not console.is_terminal:
        last = [0.0]

        def line(p: Any) -> None:
            show_notes(p)
            now = time.monotonic()
            if p.total and (now - last[0] >= 30.0 or p.done == p.total):
                last[0] = now
                print(words(p), file=sys.stderr, flush=True)

        yield line
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), console=console, transient=True
    ) as bar:
        task = bar.add_task(_("starting workers"), total=None)

        def step(p: Any) -> None:
            show_notes(p)  # (rich prints above the bar what goes to the same stream)
            if p.done or p.slots:
                bar.update(task, total=p.total, completed=p.done, description=words(p))

        yield step


def words_of(_: Translate, note: Note) -> str:
    """A note in the reader's language."""
    places = {k: duration(float(v)) if k in ("time", "limit") else v for k, v in note.places.items()}
    return _(note.sentence).format(**places)
