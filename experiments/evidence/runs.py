"""Which runs do the claims need, and what did they give? Batches of draws, each a study with the worlds that undecided patterns still need.

The draws are one sequence, drawn once at random from the posterior by its weights; a batch takes the next of them. A draw has the same seeds in every world,
other draws have others. The batches lie in ``runs/draws-00000-00048``, ``draws-00048-00080`` … of the results folder: an interrupted command goes on
where it was, and a larger number of draws adds batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from abm.claims.years import Years
from abm.errors import UserError, shorten
from experiments.evidence.worlds import ClaimWorlds
from experiments.studies.collect import collect
from experiments.studies.draws import prepare_study, whole_name
from experiments.studies.plan import seed_of, table_in
from experiments.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior

#: The folder of the batches inside the results folder.
FOLDER = "runs"
#: Draws of the first batch, and of every later one.
FIRST, NEXT = 64, 40
#: Most draws of a ledger.
MOST_DRAWS = 10_000
SIDES = ("id", "my")


class EvidenceError(UserError):
    """A ledger that cannot be made or read."""


@dataclass(frozen=True)
class AskedOfRuns:
    """What is run for the claims: draws of a posterior (or the fitted values alone), replicates of each, and the size of a run."""

    posterior: Posterior | None
    region: str
    households: int
    replicates: int
    seed: int

    @property
    def widen(self) -> float:
        """How far values may lie outside their declared ranges."""
        return 0.0 if self.posterior is None else self.posterior.widen

    def draws(self, first: int, last: int) -> pd.DataFrame:
        """The draws from position ``first`` to before ``last`` of the sequence, a column for each parameter."""
        import pandas as pd

        if self.posterior is None:
            from abm.fitted import fitted_of

            values = dict(fitted_of(self.region).values)
            if not values:
                raise EvidenceError(
                    f"region '{shorten(self.region)}' has no fitted values: make a posterior, or name one with --posterior-from"
                )
            return pd.DataFrame([values] * (last - first))
        table = self.posterior.draws
        weight = table["weight"].to_numpy(float)
        at = np.random.default_rng(self.seed).choice(len(table), MOST_DRAWS, p=weight / weight.sum())[first:last]
        return table.drop(columns=["draw", "weight"]).iloc[at].reset_index(drop=True)

    def study(self, folder: Path, span: tuple[int, int], worlds: Sequence[str], outputs: Sequence[str]) -> Study:
        """The study of a batch; each draw has seeds of its own, the same in every world. Draws of equal weight are taken once each, in order."""
        first, last = span
        return Study(
            name=f"evidence-{first}", design="posterior", points=last - first, replicates=self.replicates, seed=seed_of(self.seed, first) % 2**31, scenarios=tuple(worlds),
            regions=(whole_name(self.region),), households=(self.households,), record="yearly", outputs=tuple(outputs), table=str(table_in(folder)),
            fitted=False, as_fitted=True, widen=self.widen, seeds_in_order=True,
        )  # fmt: skip


def spans(draws: int) -> Iterator[tuple[int, int]]:
    """Positions of the first draw of each batch and of the one after its last, for so many draws in all.

    Batches are whole, so that more draws later add batches and repeat none: the last may go beyond ``draws``. Only fewer draws than the first batch has are made as they are asked for.
    """
    first, size = 0, min(FIRST, draws)
    while first < draws:
        yield first, first + size
        first, size = first + size, NEXT


def place_of(folder: Path, span: tuple[int, int]) -> Path:
    """Where the runs of some draws are."""
    return folder / FOLDER / f"draws-{span[0]:05d}-{span[1]:05d}"


def plan_batch(
    folder: Path,
    span: tuple[int, int],
    asked: AskedOfRuns,
    worlds: ClaimWorlds,
    names: Sequence[str],
    outputs: Sequence[str],
    *,
    overwrite: bool = False,
) -> Path:
    """Plan the batch of some draws (their ``span``) with the worlds ``names``, or find it planned already; returns its folder.

    StudyError where the folder holds runs of another command, unless ``overwrite``.
    """
    place = place_of(folder, span)
    arms: dict[str, Scenario] = {n: replace(worlds.scenarios[n], widen=max(worlds.scenarios[n].widen, asked.widen)) for n in names}
    prepare_study(place, asked.study(place, span, names, outputs), arms, asked.draws(*span), overwrite=overwrite)
    return place


@dataclass(frozen=True)
class BatchRuns:
    """The yearly numbers of a batch."""

    #: Years of every run, ascending, shape (years,).
    years: np.ndarray
    outputs: tuple[str, ...]
    #: For each world, shape (draws, replicates, years, 2 sides, outputs).
    worlds: Mapping[str, np.ndarray]
    #: For each world, which runs ended well, shape (draws, replicates).
    well: Mapping[str, np.ndarray]
    #: Values of the draws, a column for each parameter, a row for each draw.
    values: pd.DataFrame

    @property
    def draws(self) -> int:
        """How many draws it has."""
        return next(iter(self.well.values())).shape[0]

    @property
    def replicates(self) -> int:
        """How many runs each draw has in each world."""
        return next(iter(self.well.values())).shape[1]

    @property
    def runs(self) -> int:
        """All runs of the batch."""
        return sum(well.size for well in self.well.values())

    @property
    def failed(self) -> int:
        """Runs that did not end well."""
        return sum(int((~well).sum()) for well in self.well.values())

    def run(self, world: str, draw: int, replicate: int) -> Years | None:
        """One run's yearly numbers; None where it did not end well."""
        if not self.well[world][draw, replicate]:
            return None
        block = self.worlds[world][draw, replicate]
        return Years.of_arrays(
            self.years, {(name, side): block[:, s, k] for k, name in enumerate(self.outputs) for s, side in enumerate(SIDES)}
        )


def read_batch(place: Path, outputs: Sequence[str]) -> BatchRuns:
    """The runs of a batch that was carried out; EvidenceError where no run ended well or their years differ."""
    table = collect(place)
    good = table[table["status"] == "ok"]
    if not len(good):
        cause = shorten(table["cause"].iloc[0], 200) if len(table) else "there is no run"
        raise EvidenceError(f"no run ended well: {cause}")
    firsts = table.drop_duplicates("run_id")
    years = np.array(sorted(good["year"].unique()), dtype=int)
    draws, replicates = (int(firsts[name].max()) + 1 for name in ("point", "replicate"))
    names = list(dict.fromkeys(firsts["scenario"]))
    numbers = good[list(outputs)].to_numpy(float).reshape(-1, len(years), 2, len(outputs)) if _are_whole(good, years) else None
    if numbers is None:
        raise EvidenceError(f"the runs in '{shorten(place)}' do not all have the same years; remove the folder and start again")
    heads = good.iloc[:: 2 * len(years)]
    worlds, well = {}, {}
    for name in names:
        mine = (heads["scenario"] == name).to_numpy()
        at = heads["point"].to_numpy()[mine], heads["replicate"].to_numpy()[mine]
        worlds[name] = np.full((draws, replicates, *numbers.shape[1:]), np.nan)
        worlds[name][at] = numbers[mine]
        well[name] = np.zeros((draws, replicates), dtype=bool)
        well[name][at] = True
    not_values = {
        "run_id",
        "status",
        "cause",
        "scenario",
        "region",
        "households",
        "replicate",
        "seed",
        "point",
        "version",
        "scenario_hash",
        "year",
        "side",
    }
    columns = [c for c in table.columns if c not in not_values and c not in outputs]
    values = firsts.drop_duplicates("point").sort_values("point")[columns].reset_index(drop=True)
    return BatchRuns(years, tuple(outputs), worlds, well, values)


def _are_whole(good: pd.DataFrame, years: np.ndarray) -> bool:
    """Whether the lines of each run are all its years with both sides, in order."""
    lines = 2 * len(years)
    runs = len(good) // lines
    return bool(
        len(good) % lines == 0
        and (np.repeat(good["run_id"].to_numpy()[::lines], lines) == good["run_id"].to_numpy()).all()
        and (np.tile(np.repeat(years, 2), runs) == good["year"].to_numpy(int)).all()
        and (np.tile(SIDES, len(good) // 2) == good["side"].to_numpy()).all()
    )


#: Runs a planned batch; returns the exit code of the driver.
Carry = Callable[[Path], int]
