"""Which outcome of a study is meant? A column of the collected table, or ``OUTPUT:SIDE:FIRST-LAST`` of the yearly record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast, get_args

from abm.claims.statistic import Take
from abm.errors import UserError, shorten
from agents.core.declare import OUTPUTS, near
from experiments.studies.study import SIDES, Study, Summary
from experiments.words.languages import Translate, mark

TAKES: dict[str, str] = {
    "mean": mark("mean"), "sum": mark("sum"), "min": mark("lowest"), "max": mark("highest"),
    "first": mark("first year"), "last": mark("last year"),
}  # fmt: skip


class SensitivityError(UserError):
    """A study that cannot be analysed, or not in the way asked for."""


@dataclass(frozen=True)
class StudyTarget:
    """An outcome: a column of the collected table, or a summary taken from the yearly record."""

    key: str
    summary: Summary | None = None
    is_column: bool = False

    def label(self, _: Translate, region: str) -> str:
        """The outcome in words."""
        if self.summary is None:
            return self.key
        s = self.summary
        what = _(OUTPUTS[s.output].label) if s.output in OUTPUTS else s.output
        years = str(s.first) if s.first == s.last else _("{first}–{last}").format(first=s.first, last=s.last)
        side = side_name(region, s.side)
        if s.take == "mean":
            return _("{what}, {side}, {years}").format(what=what, side=_(side), years=years)
        return _("{what}, {side}, {years} ({take})").format(what=what, side=_(side), years=years, take=_(TAKES[s.take]))


def targets_of(wanted: Sequence[str] | None, study: Study, manifest: Mapping[str, Any], extra: Sequence[str]) -> tuple[StudyTarget, ...]:
    if wanted is not None and len(wanted):
        found = [target_of(said, study, manifest, extra) for said in dict.fromkeys(wanted)]
        return tuple(t for t in found if t is not None)
    declared = [StudyTarget(s.name, s, is_column=True) for s in study.summaries]
    own = [StudyTarget(name, is_column=True) for name in extra]
    if not declared and not own:
        raise SensitivityError(
            "the study declares no [summaries]: name an outcome as OUTPUT:SIDE:FIRST-LAST, "
            f"such as --target {study.yearly_outputs()[0]}:id:1985-1989"
        )
    return (*declared, *own)


def target_of(
    said: str, study: Study, manifest: Mapping[str, Any], extra: Sequence[str] | None, *, may_be_short: bool = False
) -> StudyTarget | None:
    """The outcome of this name, else SensitivityError; ``extra`` are columns of the study's own measure, None while they are not known.

    Where it ``may_be_short``, an output's name alone means its side id, and no years mean all of them.
    """
    declared = {s.name: s for s in study.summaries}
    if said in declared:
        return StudyTarget(said, declared[said], is_column=True)
    if extra is not None and said in extra:
        return StudyTarget(said, is_column=True)
    outputs = study.yearly_outputs() if study.record != "summaries" else ()
    full = said
    if may_be_short and said.split(":")[0] in outputs:
        full += {0: ":id:1980-2030", 1: ":1980-2030"}.get(said.count(":"), "")
    if ":" not in full:
        if said in outputs:
            raise SensitivityError(f"target '{shorten(said)}' needs a side and years: write {said}:id:1985-1989")
        if extra is None:
            return None
        raise SensitivityError(f"there is no target '{shorten(said)}' in this study; {near(said, [*declared, *extra, *outputs])}")
    if study.record == "summaries":
        raise SensitivityError(
            f"target '{shorten(said)}' needs yearly numbers, but the study keeps summaries only; "
            f"its targets are {', '.join([*declared, *(extra or ())])}"
        )
    summary = _summary_of(said, full, outputs)
    ends = [str(s["scenario"].get("end")) for s in manifest["scenarios"].values() if s["scenario"].get("end")]
    if ends and summary.first > max(int(e[:4]) for e in ends):
        raise SensitivityError(f"target '{shorten(said)}' starts in {summary.first}, but the runs end in {max(ends)}")
    return StudyTarget(said, summary)


def _summary_of(said: str, full: str, outputs: Sequence[str]) -> Summary:
    """The summary that ``OUTPUT:SIDE:FIRST-LAST[:TAKE]`` names; ``said`` is how the user wrote it. SensitivityError where it names none."""
    output, *rest = full.split(":")
    side, years, take = (*rest, "mean")[:3] if len(rest) in (2, 3) else ("", "", "")
    if output not in outputs:
        raise SensitivityError(f"target '{shorten(said)}': the study records no output '{shorten(output)}'; {near(output, outputs)}")
    span = re.fullmatch(r"(\d{4})(?:[-–](\d{4}))?", years)
    if span is None:
        raise SensitivityError(f"target '{shorten(said)}' is not of the form OUTPUT:SIDE:FIRST-LAST; write {output}:id:1985-1989")
    if side not in SIDES:
        raise SensitivityError(f"target '{shorten(said)}': the side '{shorten(side)}' is neither id nor my")
    if take not in get_args(Take):
        raise SensitivityError(f"target '{shorten(said)}': '{shorten(take)}' is unknown; {near(take, get_args(Take))}")
    first, last = int(span[1]), int(span[2] or span[1])
    if first > last:
        raise SensitivityError(f"target '{shorten(said)}': {first} comes after {last}")
    return Summary(said, output, side, first, last, cast(Take, take))


@lru_cache(maxsize=16)
def side_name(region: str, side: str) -> str:
    """The region's name of a side, or its code where the region cannot be read any more."""
    from abm import Region

    try:
        return str(Region.load(region).meta["sides"][side]["name"])
    except (UserError, KeyError):
        return side
