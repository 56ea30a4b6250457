"""What is the state of January 1980 before its first month? The people are made, then let look for work until that and their ties have settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from abm import changes, year
from abm.running import Run
from abm.settle_ties import settle_ties
from abm.sharing import protected
from abm.world import demography, populate
from abm.world.feasts import feast_table
from abm.world.kinship import Kin, choose_kin, draw
from abm.world.kinship import Parameters as Kinship
from agents.core import memory
from agents.core.declare import RULES
from agents.core.frame import AgentFrame
from agents.household.keep_ties import Parameters as KeepTies
from agents.household.live import Parameters as Live
from agents.official.set_strictness import Parameters as SetStrictness
from agents.official.spend_budget import Parameters as SpendBudget
from agents.surroundings import ESTATE, FARM, PASS, SERVICES

#: Months in which work settles before January 1980.
SETTLING_MONTHS = 36


def begin(run: Run) -> None:
    """Make the people, then the state of January 1980 before its first step."""
    world = run.world
    p = run.settings.of(populate.Parameters)
    working, wanted = demography.in_labour_force(run), demography.wanted_people(run)
    one_stays = run.settings.of(Live).one_stays
    people = (
        run.region,
        run.seed_of_run,
        run.n_households,
        repr((p, one_stays)),
        working.tobytes(),
        wanted.tobytes(),
    )  # the text tells 0.0 from -0.0, the value does not
    run.frames = run.shared.get(("people", *people), lambda: _make_people(run, p, working, one_stays, wanted), _copies)
    households = run.frames["household"]
    _set_stocks(run)
    _set_posts(run)
    demography.follow_people(run)
    changes.set_policy(world.policy, run.settings.on)
    changes.set_open(run)
    year.settle_access(run)
    _set_markets(run)
    _give_first_jobs(run)
    _tie_kin(run, people)
    settle_work(run)
    settle_ties(run, SETTLING_MONTHS)
    h = households
    run.savings_at_start = [float((h["savings"] * h["weight"])[h["side"] == k].sum()) for k in (0, 1)]
    memory.give_back()  # making the people takes about as much again as they do


def _make_people(
    run: Run, p: populate.Parameters, working: np.ndarray, one_stays: float, wanted: np.ndarray
) -> dict[str, AgentFrame]:  # fmt: skip
    """The agents of the start, by entity: a function of region, seed, number of households and the other arguments, and of nothing else.

    ``working`` (sides,) of the people of 15 to 64 are in the labour force, ``one_stays`` of the houses keep a child, ``wanted`` are the people of each place, (places,).
    """
    households = populate.make_households(run.seed_of_run, run.world, run.n_households, p, working, one_stays, wanted)
    traders = populate.make_traders(run.seed_of_run, run.world, households, p)
    return {"household": households, "trader": traders, "official": populate.make_officials(run.seed_of_run, run.world, p)}


def _copies(frames: Mapping[str, AgentFrame]) -> dict[str, AgentFrame]:
    return {entity: frame.copy() for entity, frame in frames.items()}


def _set_stocks(run: Run) -> None:
    """Roads, clinics, hospitals and the rest as the budgets of the years before have left them."""
    district, budget = run.world.district, run.settings.of(SpendBudget)
    start = np.where(district["side"] == 0, budget.start_id, budget.start_my)
    for stock in year.STOCKS:
        district[stock][:] = start
    run.stock_start = {"clinic": district["clinic"].copy(), "hospital": district["hospital"].copy()}


def _set_posts(run: Run) -> None:
    """Doctrine of the officials, and how strict and honest each crossing is by those who serve there."""
    officials, crossing, posture = run.frames["official"], run.world.crossing, run.settings.of(SetStrictness)
    base = np.where(officials["side"] == 0, posture.doctrine_id, posture.doctrine_my)
    officials["doctrine"][:] = np.clip(base + officials["deviation"], 0.0, 1.0)
    for c in range(len(run.world.crossing_names)):
        at = officials["crossing"] == c
        if at.any():
            doctrine = officials["doctrine"][at].mean()
            crossing["honest"][c] = officials["honesty"][at].mean()
            crossing["strictness"][c] = (
                posture.strictness_security + (posture.strictness_prosperity - posture.strictness_security) * doctrine
            )
        else:
            crossing["honest"][c] = 1.0


def _set_markets(run: Run) -> None:
    """Prices at the world's."""
    place, s = run.world.place, run.series
    side = place["side"]
    rate = np.where(side == 0, s.idr_per_usd[0], s.myr_per_usd[0])
    place["price"][:] = s.world_price[0][side] * rate[:, None] * s.markup[side]


def _give_first_jobs(run: Run) -> None:
    """A job at home for as many adults of the labour force as there are, by each adult's own draw, the others on the farm; incomes to match.

    Income is a guess from pay in trade and services, and savings are that of a month; both settle in the first years.
    """
    h, place = run.frames["household"], run.world.place
    run.run_rule(RULES["world.set_work"])
    at = h["place"].astype(int)
    share = np.cumsum(place["job_slots"][:, ESTATE:PASS], axis=1) / np.maximum(place["workers"], 1e-9)[:, None]
    u = draw(run.seed_of_run, populate.FIRST_JOB, h["uid"], h["activity"].shape[1])
    job = (u[:, :, None] >= share[at][:, None, :]).sum(axis=2)  # sectors passed: 4 is none of them
    first = np.where(job < PASS - ESTATE, job + ESTATE, FARM)
    works = np.arange(h["activity"].shape[1])[None, :] < h["n_workers"][:, None]
    h["activity"][:] = np.where(works, first, -1).astype(np.int8)
    h["income_mean"][:] = 0.6 * h["n_workers"] * place["wage"][at, SERVICES] * h["ability"]
    h["savings"][:] = h["income_mean"]
    place["income_last"][:] = run.sum_by_place(h["income_mean"])
    place["output_last"][:] = 20.0 * place["adults"]


def _tie_kin(run: Run, people: tuple[Any, ...]) -> None:
    """Ties at the strength at which visits keep them (trips follow, see :mod:`abm.settle_ties`), and the support that they give across; ``people`` says which households there are."""
    world, h, side = run.world, run.frames["household"], run.world.place["side"]
    spread, keep = run.settings.of(Kinship), run.settings.of(KeepTies)
    key = ("ties", *people, world.hours_between.tobytes(), repr((spread.length, spread.same_group, spread.across)))
    chosen = run.shared.get(
        key,
        lambda: protected(
            choose_kin(run.seed_of_run, h["uid"], h["place"], world.population, world.groups, world.hours_between, side, spread)
        ),
    )
    run.kin = Kin.begun(h, chosen, world.hours_between, run.income_gap(), spread, keep, feast_table(run.region.groups))
    c = run.kin.columns
    c["is_on"][0] = run.settings.on["kinship"]
    if run.settings.on["kinship"]:
        total = sums_of_slices(c["strength"], c["first_across"], c["end"])
        h["support_across"][:] = total / (total + keep.enough)


def sums_of_slices(values: np.ndarray, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Sums of ``values[first[i]:end[i]]``, (slices,) as float64, each with the bits that ``values[first[i]:end[i]].sum()`` has.

    Slices of one length are summed together: the type of ``values`` and numpy's order of additions decide the last bits.
    """
    total, length = np.zeros(len(first)), end - first
    for n in np.unique(length[length > 0]):
        rows = np.flatnonzero(length == n)
        total[rows] = values[first[rows][:, None] + np.arange(n)].sum(axis=1)
    return total


def settle_work(run: Run) -> None:
    """Let people look for work under the conditions of January 1980 until it has settled, so that the first years show no start.

    The draws of these months are those of the months before 1980, counted down from -1.
    """
    year.first_budget(run)
    for name in ("world.set_prices", "world.set_fees"):
        run.run_rule(RULES[name])
    run.run_rule(RULES["official.inspect"])
    look_for_work = run.in_month([RULES[f"household.{name}"] for name in ("choose_work", "leave_work", "get_work")])
    for month in range(-SETTLING_MONTHS, 0):
        look_for_work(month)
    run.run_rule(RULES["household.remember"])
