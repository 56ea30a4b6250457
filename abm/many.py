"""How are many runs made in one process? One after the other or on threads; what they have in common is made once.

>>> from abm import simulate_many
>>> for one in simulate_many(["history", "no-puskesmas"], seeds=range(1, 9), households=600):  # doctest: +SKIP
...     print(one.scenario.name, one.seed, one.value["income_ratio"].iloc[-1])

The numbers of a run are those that it has by itself, byte for byte.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.errors import UserError, shorten
from abm.own_rules import own_rules
from abm.parameters import check_fitted
from abm.region import Region
from abm.scenario import Scenario
from abm.sharing import Shared
from abm.simulation import HOUSEHOLDS, Simulation, StoppedError, whole_number

if TYPE_CHECKING:
    import pandas as pd

#: Most runs at once.
MOST_THREADS = 256


class Member(NamedTuple):
    """One run of an ensemble: a scenario, a seed, and the values of a draw (None: the values fitted to the region)."""

    scenario: Scenario
    seed: int
    draw: Mapping[str, float] | None = None


@dataclass(frozen=True)
class MemberEnd[T]:
    """What came of one run of an ensemble."""

    #: Position of the run in the ensemble, from 0.
    number: int
    scenario: Scenario
    seed: int
    #: Values of the draw by parameter; None where the run had the values fitted to the region.
    draw: Mapping[str, float] | None
    #: What ``take`` gave.
    value: T


def yearly(model: Simulation) -> pd.DataFrame:
    """The yearly table of a finished run: a row per year and side, columns ``year``, ``side`` and the indicators."""
    return model.results.yearly


def simulate_many[T](
    scenarios: Scenario | str | Path | Iterable[Scenario | str | Path],
    seeds: int | Iterable[int] = 7,
    draws: Iterable[Mapping[str, float] | None] | None = None,
    threads: int = 1,
    *,
    region: Region | str | Path = "west-kalimantan-sarawak",
    households: int = 2000,
    rules: Mapping[str, Callable[..., Any]] | None = None,
    take: Callable[[Simulation], T] = yearly,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[MemberEnd[T]]:
    """Run every scenario with every seed and every draw, and give what was taken of each run, in this order: draw by draw, in each seed by
    seed, in each scenario by scenario. For runs that are no such product see :func:`simulate_list`.

    Parameters
    ----------
    scenarios : one or more scenarios, or names or paths of them.
    seeds : one or more seeds, whole numbers of 0 or more.
    draws : values of uncertain parameters by name, one table for each draw. They are used like values fitted to the region, and in place of
        all of these: what a draw does not name has its declared starting value, and what a scenario sets overrides them. None in place of a table means
        the values fitted to the region. When left out, there is one draw, None.
    threads : runs made at once in this process, 1 to 256; the numbers do not depend on it.
    region : Region, or its name or folder; it is read once.
    households : number of simulated households of each run, both sides together.
    rules : own one-agent functions in place of shipped ones, as :class:`abm.simulation.Simulation` takes them.
    take : called with each finished model, in the thread of its run; what it returns is the run's value. The yearly table (a row per year
        and side) when left out. The model and its record cannot be read after ``take`` has returned, since the next run uses the record's memory.
    progress : called with the number of runs whose values were given out and the number of all, after each.
    stop : when this event is set, every run ends soon (after at most a year of its months, less for more than 5,000 households) and the iterator raises StoppedError; values given out before that remain.

    The values are given out one at a time, in order. At most ``threads`` models exist at once, and at most ``2 * threads`` values that the
    caller has not asked for yet; nothing else grows with the number of runs. A caller that ends early closes the iterator (as the end of the
    function that holds it does), which ends the runs in the same way.

    UserError, before any run, for a scenario, seed, draw or number that cannot be used. An error in a run or in ``take`` is raised
    when its turn comes, with a note on which run it was; the runs after it are ended.
    """
    chosen = [_scenario(s) for s in ([scenarios] if isinstance(scenarios, (str, Path, Scenario)) else scenarios)]
    numbers = [whole_number("seed", s, 0, 2**62) for s in _seeds(seeds)]
    if isinstance(draws, Mapping):
        raise UserError("draws is one table: give a list of tables, one for each draw")
    tables = [None] if draws is None else [_draw(d, chosen) for d in draws]
    members = [Member(scenario, seed, draw) for draw, seed, scenario in product(tables, numbers, chosen)]
    return _simulate(members, threads, region, households, rules, take, progress, stop)


def simulate_list[T](
    members: Iterable[Member],
    threads: int = 1,
    *,
    region: Region | str | Path = "west-kalimantan-sarawak",
    households: int = 2000,
    rules: Mapping[str, Callable[..., Any]] | None = None,
    take: Callable[[Simulation], T] = yearly,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> Iterator[MemberEnd[T]]:
    """The same for a given list of runs, each a :class:`Member` (scenario, seed, draw), in its order.

    ``members`` may be any iterable; it is read and checked before the first run. Runs of the same seed and draw share most, so they should
    follow each other. For ``threads``, ``region``, ``households``, ``rules``, ``take``, ``progress``, ``stop``, what is given out and which
    errors are raised see :func:`simulate_many`.
    """
    checked = []
    for member in members:
        scenario, seed, draw = member
        scenario = _scenario(scenario)
        checked.append(Member(scenario, whole_number("seed", seed, 0, 2**62), _draw(draw, [scenario])))
    return _simulate(checked, threads, region, households, rules, take, progress, stop)


def run_member[T](
    member: Member,
    shared: Shared,
    take: Callable[[Simulation], T],
    *,
    region: Region | str | Path = "west-kalimantan-sarawak",
    households: int = 2000,
    rules: Mapping[str, Callable[..., Any]] | None = None,
    progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
    kind: type[Simulation] = Simulation,
) -> T:
    """Make one run of an ensemble now and return what ``take`` gives of it.

    ``shared`` holds what the runs have in common, and gives this run's memory to the next one however it ends; ``progress`` is called
    with the months done and the months in all after each month; ``kind`` is the class of the run (:class:`abm.model.BorderModel` where ``take``
    needs what only Mesa's model has). The rest as of :func:`simulate_many`.
    """
    model = kind(member.scenario, region=region, households=households, rng=member.seed, rules=rules, fitted=member.draw, shared=shared)
    try:
        value = take(model.run(progress, stop))
        if value is model:
            raise UserError("take gave back the model itself, which cannot be read after its run: return a table or numbers of it")
        return value
    finally:
        shared.end(model, *model.record_sizes)


def _seeds(given: Any) -> Iterable[Any]:
    """The seeds of a user as a list to be checked one by one."""
    if isinstance(given, (str, bytes, Mapping)):
        raise UserError(f"seeds = {shorten(repr(given))} is no whole number and no list of them")
    return given if isinstance(given, Iterable) else [given]


def _scenario(given: Scenario | str | Path) -> Scenario:
    return given if isinstance(given, Scenario) else Scenario.load(given)


def _draw(given: Any, scenarios: Sequence[Scenario]) -> Mapping[str, float] | None:
    """A draw whose names and values every scenario can have."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise UserError(
            f"a draw is {shorten(repr(given))}: give a table of parameters and values, or None for the values fitted to the region"
        )
    for scenario in scenarios:
        check_fitted(given, scenario.widen)
    return dict(given)


def _simulate[T](
    members: Sequence[Member],
    threads: int,
    region: Region | str | Path,
    households: int,
    rules: Mapping[str, Callable[..., Any]] | None,
    take: Callable[[Simulation], T],
    progress: Callable[[int, int], None] | None,
    stop: threading.Event | None,
) -> Iterator[MemberEnd[T]]:
    """Check what is checked before any run; the iterator begins the first run when its first value is asked for."""
    threads = whole_number("threads", threads, 1, MOST_THREADS)
    households = whole_number("households", households, *HOUSEHOLDS)
    own_rules(rules)
    read = region if isinstance(region, Region) else Region.load(region)
    shared = Shared(spare=threads)
    is_over = threading.Event()

    def look(months_done: int, months: int) -> None:
        del months_done, months
        if is_over.is_set():
            raise StoppedError("the ensemble was ended")

    def one(number: int) -> MemberEnd[T]:
        member = members[number]
        try:
            look(0, 0)
            value = run_member(member, shared, take, region=read, households=households, rules=rules, progress=look, stop=stop)
        except Exception as error:
            error.add_note(f"in run {number} of the ensemble: scenario '{member.scenario.name}', seed {member.seed}")
            raise
        return MemberEnd(number, *member, value)

    def ends() -> Iterator[MemberEnd[T]]:
        for done, end in enumerate(_in_turn(one, len(members), threads, is_over), 1):
            yield end
            if progress is not None:
                progress(done, len(members))

    return ends()


def _in_turn[T](one: Callable[[int], T], n: int, threads: int, is_over: threading.Event) -> Iterator[T]:
    """``one(0)`` to ``one(n - 1)`` in order, as many at once as threads; ``is_over`` is set when no more is wanted."""
    if threads == 1:
        yield from map(one, range(n))
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="lintas ensemble") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for number in range(n):
                waiting.append(pool.submit(one, number))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            is_over.set()
            for future in waiting:
                future.cancel()
