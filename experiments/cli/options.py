"""Which options do several commands share, and how is what they name found? Scenarios, posteriors, folders, numbers of workers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abm.errors import UserError, shorten
from experiments.options import at_home as written_out
from experiments.options import whole_number

if TYPE_CHECKING:
    from abm import Scenario
    from calibration.posterior import Posterior

Language = Annotated[str, typer.Option("--lang", metavar="en|id|ms", help="Language of the messages and the report.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Results folder; default results/<scenario>-<seed> and what else differs.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the results of another run that the folder holds.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the results folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Folder = Annotated[Path, typer.Argument(metavar="S", help="The study folder.")]
Workers = Annotated[str | None, typer.Option("--workers", metavar="N", help="Worker processes on this machine; default one for each core.")]
Slurm = Annotated[Path | None, typer.Option("--slurm", metavar="FILE", help="Run on a cluster, as a slurm.toml says.")]
SchedulerFile = Annotated[
    Path | None, typer.Option("--scheduler-file", metavar="FILE", help="Start a scheduler, write this file, wait for workers somebody starts.")
]  # fmt: skip
Drift = Annotated[bool, typer.Option("--allow-drift", help="Go on although the model or the data changed; it is recorded.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Run the Python file that the study names as its measure; remembered until it changes.")
]  # fmt: skip
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


def at_home(path: Path) -> Path:
    """A path with a leading ``~`` written out."""
    return Path(written_out(str(path)))


def claim_id(typed: str) -> str:
    """A claim's id as typed: "e2" is E02."""
    found = re.fullmatch(r"E([0-9])", typed.upper())
    return f"E0{found[1]}" if found else typed.upper()


def number_of_workers(text: str | None) -> int | None:
    """What ``--workers`` says."""
    return None if text is None else whole_number("--workers", text, low=1, high=4096)


def load_scenario(name: str, changes: dict[str, float], without: Sequence[str], end: str | None) -> Scenario:
    """The scenario with what the command line changes in it."""
    import abm.simulation  # noqa: F401 – the world's parameters can be set too
    from abm import Scenario

    extra: dict[str, Any] = {} if end is None else {"end": end}
    name = written_out(name)
    with readable("scenario", name):
        return Scenario.load(name, set=changes, without=list(without), **extra)


def load_posterior(region: str, folder: Path | None) -> Posterior:
    """The posterior in a folder, or the one that ships for a region."""
    from calibration.posterior import Posterior

    return Posterior.load(region) if folder is None else Posterior.load(at_home(folder))


@contextlib.contextmanager
def readable(what: str, name: object) -> Iterator[None]:
    """What the system refuses about a file that the user named (a name too long, no permission), as one sentence."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot read the {what} '{shorten(name)}': {error.strerror or error}; check its name and permissions") from None
