"""May the results of a run be written into a folder, and what does a folder hold already?

Results of the same run, by their manifest, may be replaced; those of another only where the user says so; anything else never.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abm.errors import UserError, shorten
from experiments.files import folder_beside, said_in

if TYPE_CHECKING:
    from abm import Scenario

KIND = "lintas results"
#: Bytes that a name may have where the system does not say.
NAME_BYTES = 255
#: Letters of a default folder's name.
MOST_NAME = 120
#: What two manifests of a run must have in common to describe the same run: its tables are then the same.
_SAME = (
    "kind",
    "lintas",
    "model_version",
    "scenario_hash",
    "region",
    "fitted",
    "households",
    "seed",
    "rules_swapped",
    "posterior",
    "draws",
)
#: The run that is to be written (see :func:`run_of`), or a function that finds it out when it is needed.
Run = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


def default_folder(
    scenario: Scenario,
    seed: int,
    *,
    households: int = 2000,
    region: str = "",
    declared: bool = False,
    kind: str = "",
    more: Sequence[str] = (),
) -> Path:
    """Where results go when no folder is named: ``results/history-7``, and words for whatever makes the run another than that one.

    ``region`` is said where it is not the shipped one, ``kind`` comes before the seed, ``more`` at the end. The words tell runs apart for a
    reader; whether a folder holds this very run is decided by its manifest (:func:`check_folder`).
    """
    from abm import Scenario

    words = list(_changes(scenario, Scenario.load(scenario.name) if scenario.name in Scenario.names() else None))
    words += [f"{households}-households"] if households != 2000 else []
    words += [_word(Path(region).name)] if region else []
    words += ["declared"] if declared else []
    name = "-".join([_word(scenario.name), *([kind] if kind else []), str(seed), *words, *more])
    if len(name) > MOST_NAME:
        name = f"{name[: MOST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return Path("results") / name


def _changes(scenario: Scenario, shipped: Scenario | None) -> Iterator[str]:
    """Words for what a scenario has that the shipped one of its name has not; a hash where there is none, or where values or events differ."""
    if shipped is not None and scenario.hash == shipped.hash:
        return
    if shipped is None or (dict(scenario.parameters), scenario.events) != (dict(shipped.parameters), shipped.events):
        yield scenario.hash[:8]
    if shipped is not None:
        yield from (f"{'with' if on else 'without'}-{name}" for name, on in scenario.switches.items() if shipped.switches.get(name) != on)
        if scenario.end != shipped.end:
            yield f"to-{scenario.end}"


def _word(name: str) -> str:
    """A name as a part of a folder's name."""
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "run"


def run_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of which run its tables are of, whoever made it when, where and in which language."""
    found = {key: manifest.get(key) for key in _SAME}
    if isinstance(found["region"], Mapping):  # where it was does not matter
        found["region"] = [found["region"].get("id"), found["region"].get("hash")]
    if isinstance(found["fitted"], Mapping):
        found["fitted"] = found["fitted"].get("parameters")
    if not found["rules_swapped"]:
        found["rules_swapped"] = None
    return found


def check_folder(folder: Path, kind: str = KIND, *, run: Run | None = None, overwrite: bool = False, unfinished: str = "") -> Path:
    """Refuse, before a run, a folder that could not be written after it.

    A folder that holds results of this kind may be replaced where they are of the same ``run`` (by its manifest), or where ``overwrite`` says so;
    a folder that holds anything else never, unless that is the folder named by ``unfinished`` alone: runs whose results are still to be written.
    """
    shown = shorten(folder)
    try:
        str(folder).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"cannot write '{shown}': its name is no readable text (not UTF-8); name another folder with --out") from None
    if "\0" in str(folder):
        raise UserError(f"cannot write '{shown}': its name holds a null character; name another folder with --out")
    if folder.name in ("", ".."):  # these cannot be replaced as a whole
        raise UserError(f"cannot write '{shown}': results need a folder of their own; name a new folder with --out")
    try:
        return _check_place(folder, kind, run, overwrite, unfinished)
    except OSError as error:  # a name or path too long, a folder above that may not be entered
        raise UserError(f"cannot write '{shown}': {error.strerror or error}; name another folder with --out") from None


def _check_place(folder: Path, wanted: str, run: Run | None, overwrite: bool, unfinished: str) -> Path:
    shown = shorten(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"'{shown}' is not a folder; name a new folder with --out")
    if os.path.ismount(folder):
        raise UserError(
            f"cannot write '{shown}': a disk is mounted there, so it cannot be replaced as a whole; name a folder in it with --out"
        )
    if folder.is_dir() and any(p.name != unfinished for p in folder.iterdir()):
        there = said_in(folder)
        if there.get("kind") != wanted:
            raise UserError(f"the folder '{shown}' holds something other than lintas results; name another folder with --out")
        if not overwrite:
            refuse_another(folder, there, run)
    parent = next(p for p in folder.absolute().parents if p.exists() or p.is_symlink())
    if not parent.is_dir():
        raise UserError(f"cannot write '{shorten(folder)}': '{shorten(parent)}' is not a folder; name another folder with --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"cannot write '{shorten(folder)}': no permission in '{shorten(parent)}'; name another folder with --out")
    # The folders above that are still to be made, the folder, and the longer name of its draft.
    names = [*folder.absolute().relative_to(parent).parts[:-1], folder_beside(folder, "former").name]
    most = _name_bytes(parent)
    for name in names:
        if len(os.fsencode(name)) > most:
            raise UserError(f"cannot write '{shorten(folder)}': a name in it is too long; name another folder with --out")
    with suppress(FileNotFoundError):
        os.lstat(folder_beside(folder.absolute(), "former"))  # the system refuses a whole path that is too long
    return folder


def kind_of(folder: Path) -> str | None:
    """What a folder's manifest says that it holds; None where there is no manifest that can be read."""
    kind = said_in(folder).get("kind")
    return kind if isinstance(kind, str) else None


def refuse_another(folder: Path, there: Mapping[str, Any], run: Run | None) -> None:
    """Refuse to write over results unless their manifest says that they are of the same run."""
    if run is not None:
        now = run() if callable(run) else run
        if json.dumps(run_of(there), sort_keys=True, default=str) == json.dumps(run_of(now), sort_keys=True, default=str):
            return
    raise UserError(
        f"'{shorten(folder)}' holds another run{_briefly(there)}; name another folder with --out, or replace it with --overwrite"
    )


def _briefly(manifest: Mapping[str, Any]) -> str:
    """Which run a manifest is of, in brackets."""
    scenario, said = manifest.get("scenario"), []
    if isinstance(scenario, Mapping):
        said.append(f"scenario {shorten(scenario.get('name'), 40)}")
    said += [f"{key} {shorten(manifest[key], 20)}" for key in ("seed", "households", "draws") if key in manifest]
    made = f"made {shorten(manifest['created'], 25)}" if "created" in manifest else ""
    return f" ({', '.join([*said, *([made] if made else [])])})" if said or made else ""


def _name_bytes(parent: Path) -> int:
    try:
        return int(os.pathconf(parent, "PC_NAME_MAX"))
    except (AttributeError, OSError, ValueError):  # not every system says
        return NAME_BYTES
