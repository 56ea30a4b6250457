"""What does one scenario change compared with another? Two scenarios that are run now, or the arms of a study folder while it runs.

Differences are described in :mod:`experiments.analysis.differences`; sentences, figures and files are made in
:mod:`experiments.reports.compare`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import shorten
from experiments.analysis.differences import CompareError, Comparison, comparisons_of, splits_of
from experiments.options import DEFAULT_REGION
from experiments.studies.draws import OverDraws
from experiments.studies.manifest import study_of

if TYPE_CHECKING:
    import pandas as pd

    from abm import Scenario
    from calibration.posterior import Posterior
    from experiments.studies.study import Study


def compare_scenarios(
    a: Scenario, b: Scenario, *, replicates: int = 8, households: int = 1000, seed: int = 1, region: str | None = None,
    outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None, progress: Any = None,
) -> Comparison:  # fmt: skip
    """Run both with the same seeds and describe the differences; CompareError where they cannot be compared or no run ends well."""
    from experiments.execution.batch import RunConfiguration, run_scenarios

    a, b = _two_of_one_end(a, b)
    all_outputs = yearly_outputs()
    check_outputs(outputs, all_outputs)
    said = RunConfiguration(replicates=replicates, seed=seed, households=households, regions=(region or DEFAULT_REGION,))
    rows = run_scenarios([a, b], said, executor=executor, progress=progress)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0], 200)}")
    return comparisons_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]


def _two_of_one_end(a: Scenario, b: Scenario) -> tuple[Scenario, Scenario]:
    """The two with different names; CompareError for two that cannot be compared."""
    if a.end != b.end:
        raise CompareError(f"'{a.name}' ends in {a.end} and '{b.name}' in {b.end}: give both the same end with --end")
    if a.hash == b.hash:
        raise CompareError(
            f"'{a.name}' and '{b.name}' are the same scenario, so nothing can differ; change the second with --set or --without"
        )
    return a, replace(b, name=f"{b.name}-changed") if a.name == b.name else b


def compare_draws(
    a: Scenario, b: Scenario, posterior: Posterior, *, draws: int = 50, replicates: int = 2, households: int = 1000, seed: int = 1,
    region: str | None = None, outputs: Sequence[str] = (), years: tuple[int, int] | None = None, executor: Any = None,
    store: Path | None = None, progress: Any = None,
) -> Comparison:  # fmt: skip
    """Run both with the same seeds for each draw of a posterior, ``replicates`` (2 or more) times, and describe the differences.

    Points of the comparison are draws; ``executor`` and ``store`` as of :func:`experiments.analysis.draws.run_draws`. CompareError where too
    few runs end well to separate the posterior from chance.
    """
    from experiments.analysis.draws import carry_out, stored

    asked = pair_over_draws(
        a, b, posterior, draws=draws, replicates=replicates, households=households, seed=seed, region=region or DEFAULT_REGION
    )
    check_outputs(outputs, yearly_outputs())
    with stored(store) as folder:
        carry_out(folder, asked, executor, progress)
        return compare_drawn(folder, asked, outputs=outputs, years=years)


def pair_over_draws(
    a: Scenario, b: Scenario, posterior: Posterior, *, draws: int, replicates: int, households: int, seed: int, region: str
) -> OverDraws:
    """The runs that a comparison over draws needs; CompareError for scenarios or numbers that allow no comparison."""
    pair = _two_of_one_end(a, b)
    if draws < 2 or replicates < 2:
        raise CompareError(f"{draws} draws and {replicates} replicates: 2 or more of each are needed to separate the posterior from chance")
    return OverDraws(posterior, pair, region, draws, replicates, households, seed)


def compare_drawn(folder: Path, asked: OverDraws, *, outputs: Sequence[str] = (), years: tuple[int, int] | None = None) -> Comparison:
    """Compare the two scenarios of a finished study over draws; CompareError where no run ended well."""
    from experiments.studies.collect import collect

    a, b = asked.scenarios
    all_outputs = yearly_outputs()
    rows = collect(folder).assign(region=asked.region)
    if not (rows["status"] == "ok").any():
        raise CompareError(f"no run ended well: {shorten(rows['cause'].iloc[0] if len(rows) else 'there is no run', 200)}")
    part = comparisons_of(rows, a.name, [b.name], all_outputs, years=years, wanted=outputs)[0]
    return replace(part, posterior=asked.posterior.id, splits=splits_of(rows, part, all_outputs))


def yearly_outputs() -> list[str]:
    """Every declared indicator of the yearly table."""
    import abm.results  # noqa: F401  (registers the indicators)
    from agents.core.declare import OUTPUTS

    return [n for n, o in OUTPUTS.items() if "yearly" in o.tables]


def check_outputs(wanted: Sequence[str], known: Sequence[str]) -> None:
    """CompareError for a name that is not an indicator."""
    from agents.core.declare import near

    for name in wanted:
        if name not in known:
            raise CompareError(f"there is no output '{shorten(name)}' to compare; {near(shorten(name), known)}")


def compare_study(
    folder: str | Path,
    baseline: str | None = None,
    *,
    outputs: Sequence[str] = (),
    years: tuple[int, int] | None = None,
    mixed: bool = False,
) -> list[Comparison]:
    """Pair the runs that a study has so far by region, number of households, point and replicate; the rest is counted and left out. CompareError where nothing can be compared."""
    from agents.core.declare import near
    from experiments.execution.work import indicators
    from experiments.studies.collect import collect
    from experiments.studies.plan_files import read_study_manifest

    folder = Path(folder)
    manifest = read_study_manifest(folder)
    study = study_of(manifest["study"])
    names = list(study.scenarios)
    if len(names) < 2:
        raise CompareError(f"the study in '{shorten(folder)}' has one scenario only, '{names[0]}': there is nothing to compare it with")
    if baseline is None:
        if len(names) > 2:
            raise CompareError(
                f"the study has {len(names)} scenarios: name the one to compare the others with by --baseline ({', '.join(names)})"
            )
        baseline = names[0]
    elif baseline not in names:
        raise CompareError(f"the study has no scenario '{shorten(baseline)}'; {near(shorten(baseline), names)}")
    yearly_outputs()
    # in a yearly record a summary is repeated in every year's line, so it has no years of its own
    known = list(indicators(study) if study.record == "summaries" else study.yearly_outputs())
    check_outputs(outputs, known)
    if years is not None and study.record == "summaries":
        raise CompareError("--years does not go with this study: it keeps summaries, no years")
    rows = collect(folder, mixed=mixed)
    if rows.empty:
        raise CompareError(f"the study in '{shorten(folder)}' has no run yet; start it with 'lintas batch {shorten(folder)}'")
    rows = _with_equal_arms(rows, study, manifest)
    return comparisons_of(rows, baseline, [n for n in names if n != baseline], known, years=years, wanted=outputs)


def _with_equal_arms(rows: pd.DataFrame, study: Study, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """The rows, with copies for arms that equal another arm under a second name, since a plan holds equal runs once."""
    import pandas as pd

    from experiments.studies.outcomes import same_arms

    arms = study.arms()
    first = [arms[k] for k in same_arms(manifest, arms)]
    more = []
    for (scenario, region, households), (s, r, _h) in zip(arms, first, strict=True):
        if (scenario, region) != (s, r):
            mine = rows[(rows["scenario"] == s) & (rows["region"] == r) & (rows["households"] == households)]
            more.append(mine.assign(scenario=scenario, region=region))
    return pd.concat([rows, *more], ignore_index=True) if more else rows
