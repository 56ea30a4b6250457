"""How does a run go from one month to a later one? Events and January by the run itself, and the rules in between in one call where that is possible."""

from __future__ import annotations

from abm import changes, quiet_months, recording
from abm.month import MONTH, Step
from abm.running import Run

#: Number of the last step of the month that is a function of the run: those after it are rules.
_LAST_FUNCTION = max(step.number for step in MONTH if step.function is not None)


def advance(run: Run, until: int) -> None:
    """Run the months up to but not including ``until`` (January 1980 is 0), or to the scenario's end where that comes first.

    Months in which nothing but the rules acts are run in one call (:mod:`abm.quiet_months`). Rules run one by one on threads, with
    followed households, and with rules of the user's own; the results are the same bytes.
    """
    until = min(until, run.n_months)
    while run.month < until:
        run.crossing_changed = False
        for step in MONTH[:_LAST_FUNCTION]:
            _take(run, step)
        if run.threads > 1 or run.follow or run.loops:
            last = run.month + 1
            run.run_rules([step.rule for step in MONTH[_LAST_FUNCTION:] if step.rule is not None])
        else:
            last = min(until, changes.next_busy(run))
            quiet_months.run_months(run, last, _LAST_FUNCTION + 1)
            run.crisis_of_month[run.month : last] = run.settings.on["crisis"]
        if last % 12 == 0:
            recording.close_year(run, last // 12 - 1)
        run.month = last


def _take(run: Run, step: Step) -> None:
    if step.function is not None:
        step.function(run)  # type: ignore[arg-type] (a model has what these steps need)
    else:
        assert step.rule is not None
        run.run_rule(step.rule)
