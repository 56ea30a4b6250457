"""One run and its results folder.

A results folder holds ``manifest.json`` (everything needed to repeat the run), the tables ``yearly``, ``monthly``,
``places`` and ``flows`` as Parquet files, and ``report.html``. It appears whole or not at all: everything is written
into a folder beside it, flushed to the disk, and renamed. The same run gives the same bytes in every table and in the
report; only the manifest says when and by which command it was made.
"""

from __future__ import annotations

import glob
import hashlib
import html
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from abm.errors import ManifestError, UserError, shorten
from abm.reading import is_ordinary, parse_json, read_bytes, read_text

if TYPE_CHECKING:
    import pandas as pd

    from abm import BorderModel, Region, Scenario

KIND = "lintas results"
TABLES = ("yearly", "monthly", "places", "flows")

#: Bytes that a name may have where the system does not say.
NAME_BYTES = 255

#: Called with months done and months in all.
Progress = Callable[[int, int], None]


class Drawn(Protocol):
    """The tables that figures and report are made from."""

    @property
    def yearly(self) -> Any: ...
    @property
    def places(self) -> Any: ...


class Results(Drawn, Protocol):
    """The tables of a run, as ``model.results`` and :func:`read_results` give them."""

    @property
    def monthly(self) -> Any: ...
    @property
    def flows(self) -> Any: ...


#: Makes the report of a run: called with its results, manifest, region and language it begins, and gives a function that gives the finished page.
Page = Callable[["Results", Mapping[str, Any], "Region | None", str], Callable[[], str]]


class InterruptedAfterwards(Exception):
    """An interruption that came when the results folder already stood complete."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"interrupted; the results stand complete in '{shorten(folder, 400)}'")
        self.folder = folder


@dataclass(frozen=True)
class StoredResults:
    """The tables of a results folder."""

    yearly: pd.DataFrame
    monthly: pd.DataFrame
    places: pd.DataFrame
    flows: pd.DataFrame


# --- running --------------------------------------------------------------------------------------------------------


def run(
    scenario: Scenario,
    *,
    region: str = "west-kalimantan-sarawak",
    households: int = 2000,
    seed: int = 7,
    threads: int = 1,
    fitted: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> BorderModel:
    """Run one history to the scenario's end and return the model with its results.

    ``fitted`` stands for the region's fitted values where it is given, ``{}`` for the declared starting values.
    """
    from abm import BorderModel

    model = BorderModel(scenario, region=region, households=households, rng=seed, threads=threads, fitted=fitted)
    model.run(progress=progress)
    return model


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

    ``region`` is said where it is not the shipped one, ``kind`` stands before the seed, ``more`` at the end. The words tell runs apart for a
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


def run_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of which run its tables are of, whoever made it when, where and in which language."""
    found = {key: manifest.get(key) for key in _SAME}
    if isinstance(found["region"], Mapping):  # where it stood does not matter
        found["region"] = [found["region"].get("id"), found["region"].get("hash")]
    if isinstance(found["fitted"], Mapping):
        found["fitted"] = found["fitted"].get("parameters")
    if not found["rules_swapped"]:
        found["rules_swapped"] = None
    return found


# --- the results folder ---------------------------------------------------------------------------------------------


#: Letters of a default folder's name.
MOST_NAME = 120
#: The run that is to be written (see :func:`run_of`), or a function that finds it out when it is needed.
Run = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


def check_folder(folder: Path, kind: str = KIND, *, run: Run | None = None, overwrite: bool = False) -> Path:
    """Refuse, before a run, a folder that could not be written after it.

    A folder that holds results of this kind may be replaced where they are of the same ``run`` (by its manifest), or where ``overwrite`` says so;
    a folder that holds anything else never.
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
        return _check_place(folder, kind, run, overwrite)
    except OSError as error:  # a name or path too long, a folder above that may not be entered
        raise UserError(f"cannot write '{shown}': {error.strerror or error}; name another folder with --out") from None


def _check_place(folder: Path, wanted: str, run: Run | None, overwrite: bool) -> Path:
    shown = shorten(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UserError(f"'{shown}' is not a folder; name a new folder with --out")
    if os.path.ismount(folder):
        raise UserError(
            f"cannot write '{shown}': a disk is mounted there, so it cannot be replaced as a whole; name a folder in it with --out"
        )
    if folder.is_dir() and any(folder.iterdir()):
        there = manifest_in(folder)
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
    names = [*folder.absolute().relative_to(parent).parts[:-1], _beside(folder, "former").name]
    most = _name_bytes(parent)
    for name in names:
        if len(os.fsencode(name)) > most:
            raise UserError(f"cannot write '{shorten(folder)}': a name in it is too long; name another folder with --out")
    with suppress(FileNotFoundError):
        os.lstat(_beside(folder.absolute(), "former"))  # the system refuses a whole path that is too long
    return folder


def manifest_in(folder: Path) -> dict[str, Any]:
    """The manifest of a folder, empty where there is none that can be read."""
    try:
        said = parse_json(read_text(folder / "manifest.json", "the manifest"), "the manifest")
    except UserError:
        return {}
    return said if isinstance(said, dict) else {}


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


def write_results(
    results: Results,
    manifest: Mapping[str, Any],
    folder: Path,
    *,
    region: Region | None = None,
    command_line: list[str] | None = None,
    language: str = "en",
    page: Page,
    overwrite: bool = False,
) -> Path:
    """Write a results folder whole or not at all; ``page`` makes the report (:mod:`experiments.reports.report`).

    Refuses a folder that holds anything but results of the same run, unless ``overwrite`` says that other results may be replaced.
    """
    from experiments.runs.identity import model_version

    said = {"model_version": model_version()} | dict(manifest) | {"kind": KIND, "language": language}
    check_folder(folder, run=said, overwrite=overwrite)
    finished = page(results, said, region, language)
    complete = said | {
        "tables": {name: digest(getattr(results, name)) for name in TABLES},
        "command_line": list(command_line or []),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with whole_folder(folder) as draft:
        for name in TABLES:
            write_table(getattr(results, name), draft / f"{name}.parquet")
        (draft / "report.html").write_text(_page(finished, language), encoding="utf-8")
        complete |= {"files": files_in(draft)}
        text = json.dumps(complete, indent=2, ensure_ascii=False, default=_plain) + "\n"
        (draft / "manifest.json").write_text(text, encoding="utf-8")
    return folder


def _page(finished: Callable[[], str], language: str) -> str:
    """The report. Where it cannot be made the tables are kept all the same, and the page says why there is no other."""
    from experiments.words.languages import translator

    try:
        return finished()
    except UserError:
        raise
    except Exception as error:
        _, cause = translator(language), shorten(f"{type(error).__name__}: {error}", 300)
        said = _("The report could not be made ({cause}). The tables of the run are complete.").format(cause=cause)
        print(f"lintas: {said}", file=sys.stderr)
        return f"<!doctype html><html lang='{language}'><meta charset='utf-8'><title>lintas</title><p>{html.escape(said)}</p></html>\n"


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table so that equal tables give equal bytes (no library versions, no moment of writing)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", use_dictionary=True, write_statistics=False)


def read_results(folder: Path) -> StoredResults:
    """The tables of a results folder."""
    tables: dict[str, pd.DataFrame] = {}
    for name in TABLES:
        path = folder / f"{name}.parquet"
        if not os.path.lexists(path):
            raise UserError(f"'{shorten(folder)}' is no complete results folder: it has no {name}.parquet")
        tables[name] = _read_table(path)
    return StoredResults(**tables)


def digest(frame: pd.DataFrame) -> str:
    """A hash of a table's names and values, the same before and after it is stored."""
    import numpy as np

    total = hashlib.sha256()
    for name in frame.columns:
        values = frame[name].to_numpy()
        if values.dtype.kind in "biu":
            kind, content = b"whole", np.ascontiguousarray(values, dtype=np.int64).tobytes()
        elif values.dtype.kind == "f":
            numbers = np.array(values, dtype=np.float64)
            numbers[np.isnan(numbers)] = np.nan  # one bit pattern for "no number"
            kind, content = b"real", numbers.tobytes()
        else:
            kind, content = b"text", "\x1f".join("" if v is None or v != v else str(v) for v in values).encode()
        for part in (str(name).encode(), kind, content):
            total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


def _plain(value: Any) -> Any:
    """numpy numbers, paths and sets as JSON knows them."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"cannot store {type(value).__name__} in a manifest")


def files_in(draft: Path) -> list[str]:
    """What lintas has put into a folder, with the manifest that is to say so under ``files``."""
    return sorted({"manifest.json", *(path.name for path in draft.iterdir())})


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A draft folder that takes the place of ``folder`` when all went well, and vanishes when not.

    What somebody else has put into the folder is in the new one too.
    """
    draft, former = _beside(folder, "draft"), _beside(folder, "former")
    is_filled = False
    made = [p for p in (folder.parent, *folder.parent.parents) if not p.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(folder)
        draft.mkdir()
        yield draft
        for path in sorted(draft.iterdir()):
            _flush(path)
        _flush(draft)
        is_filled = True
        if folder.exists():
            shutil.copymode(folder, draft)  # who closed the folder to others finds it closed
            folder.rename(former)
        try:
            draft.rename(folder)
        except BaseException:
            if former.exists() and not folder.exists():
                former.rename(folder)
            raise
        _flush(folder.parent)
        _remove_former(former, folder)
    except BaseException as error:
        if is_filled and isinstance(error, KeyboardInterrupt) and folder.exists() and not draft.exists():
            _remove_former(former, folder)  # the results had taken their place: only this was left to do
            raise InterruptedAfterwards(folder) from error
        shutil.rmtree(draft, ignore_errors=True)
        for parent in made:  # folders made for a result that did not come
            try:
                parent.rmdir()
            except OSError:
                break
        if isinstance(error, OSError):
            raise UserError(f"cannot write '{shorten(folder)}': {error.strerror or error}; name another folder with --out") from error
        raise


#: Endings of the files that a folder of results, draws, a comparison or a fit may hold.
_ENDINGS = (".json", ".parquet", ".html", ".svg", ".toml", ".csv")


def _remove_former(former: Path, folder: Path) -> None:
    """Remove former results, after whatever is not lintas's own was moved into the folder that has taken their place.

    Which files are its own the former manifest says, and where it does not, those of the same names in the new folder are. A foreign file whose
    name the new folder has itself keeps it with ``-former`` added. What cannot be moved stays where it is, and is named.
    """
    try:
        names, new = os.listdir(former), {*os.listdir(folder)}
    except OSError:
        return
    said = manifest_in(former).get("files")
    listed = {str(name) for name in said} if isinstance(said, list) else new
    left = []
    for name in sorted(names, key=lambda name: (name in new, name)):
        path = former / name
        if name in listed and name.endswith(_ENDINGS) and path.is_file() and not path.is_symlink():
            continue
        try:
            os.rename(path, _free_name(folder, name))
        except OSError:
            left.append(name)
    if left:
        print(
            f"lintas: {shorten(', '.join(left))} could not be moved into '{shorten(folder)}'; it is kept in '{shorten(former)}'",
            file=sys.stderr,
        )
    for name in names:
        if name not in left:
            with suppress(OSError):
                os.unlink(former / name)
    with suppress(OSError):
        former.rmdir()


def _free_name(folder: Path, name: str) -> Path:
    place, path = folder / name, Path(name)
    for number in range(1, 1000):
        if not os.path.lexists(place):
            break
        place = folder / f"{path.stem}-former{'' if number == 1 else f'-{number}'}{path.suffix}"
    return place


def _beside(folder: Path, kind: str) -> Path:
    """Where the draft, or the former results, of a folder stand while this process of this machine writes."""
    return folder.with_name(f".{folder.name}.{kind}-{socket.gethostname()}-{os.getpid()}")


def _clear_leftovers(folder: Path) -> None:
    """Undo what a killed run left behind: restore a former folder that was moved away, remove drafts of dead processes of this machine."""
    for path in sorted(folder.parent.glob(f".{glob.escape(folder.name)}.*-*")):
        kind, _, rest = path.name.removeprefix(f".{folder.name}.").partition("-")
        host, _, process = rest.rpartition("-")
        if kind not in ("draft", "former") or host != socket.gethostname() or not process.isdigit() or _is_alive(int(process)):
            continue
        if kind == "former" and not folder.exists():
            path.rename(folder)
        elif kind == "former":
            _remove_former(path, folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(process: int) -> bool:
    import psutil

    return process != os.getpid() and psutil.pid_exists(process)


def _flush(path: Path) -> None:
    """Ask the system to put a file or folder on the disk (where it can: some systems cannot open a folder)."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


# --- repeating a run ------------------------------------------------------------------------------------------------


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a results folder (the folder itself may be named too)."""
    file = path / "manifest.json" if os.path.isdir(path) else path
    if not os.path.lexists(file):
        raise ManifestError(f"there is no manifest '{shorten(file)}'; name the manifest.json of a results folder")
    text = read_text(file, "the manifest", error=ManifestError)
    try:
        manifest = parse_json(text, f"the manifest '{shorten(file)}'", error=ManifestError)
    except ManifestError as error:
        raise ManifestError(f"{error}; it may be cut off, take it from the results again") from None
    if not isinstance(manifest, dict):
        raise ManifestError(f"the manifest '{shorten(file)}' holds no table of entries; name the manifest.json of a results folder")
    return manifest


def check_manifest(manifest: Mapping[str, Any], file: Path) -> None:
    """Refuse, before a run, a manifest in which an entry is missing or of another kind than a run writes."""
    from experiments.runs.manifest import check_results_manifest

    check_results_manifest(manifest, file)


def kind_of(folder: Path) -> str | None:
    """What a folder's manifest says that it holds; None where there is no manifest that can be read."""
    try:
        said = parse_json(read_text(folder / "manifest.json", "the manifest"), "the manifest")
    except UserError:
        return None
    kind = said.get("kind") if isinstance(said, dict) else None
    return kind if isinstance(kind, str) else None


@dataclass(frozen=True)
class Repeat:
    """Whether a repeated run gave the numbers of the manifest, table by table."""

    table: str
    status: str  #: "equal", "differs" or "unknown" (nothing to compare with)
    first_difference: str = ""


def rerun(manifest: Mapping[str, Any], *, progress: Progress | None = None) -> BorderModel:
    """Run again what a manifest describes."""
    from abm import BorderModel

    model = BorderModel.from_manifest(dict(manifest))
    model.run(progress=progress)
    return model


def compare_with(manifest: Mapping[str, Any], folder: Path, results: Results) -> list[Repeat]:
    """Compare a repeated run with the tables beside the manifest, or with the hashes that the manifest keeps."""
    hashes = manifest.get("tables", {})
    found: list[Repeat] = []
    for name in TABLES:
        now = getattr(results, name)
        path = folder / f"{name}.parquet"
        if os.path.lexists(path):
            then = _read_table(path)
            other = other_kind(then, now)
            equal = not other and digest(then) == digest(now)
            found.append(Repeat(name, "equal" if equal else "differs", "" if equal else other or first_difference(then, now)))
        elif name in hashes:
            found.append(Repeat(name, "equal" if hashes[name] == digest(now) else "differs"))
        else:
            found.append(Repeat(name, "unknown"))
    return found


def _read_table(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not is_ordinary(path):
        read_bytes(path, "the table")  # says what it is instead
    try:
        with pq.ParquetFile(path) as file:
            return file.read().to_pandas(ignore_metadata=True)
    except (ValueError, OverflowError, MemoryError, OSError, pa.ArrowException) as error:
        raise UserError(f"cannot read '{shorten(path)}': it is no Parquet file or is damaged ({type(error).__name__})") from None


def other_kind(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """What makes a stored table another kind of table than the run's, in words; empty where both hold the same columns of the same kinds."""
    if list(then.columns) != list(now.columns):
        gone, new = [c for c in then.columns if c not in now.columns], [c for c in now.columns if c not in then.columns]
        return f"other columns (gone: {shorten(', '.join(gone)) or 'none'}; new: {', '.join(new) or 'none'})"
    for name in now.columns:
        if _values_of(then[name]) != _values_of(now[name]):
            return f"{name} holds {_values_of(then[name])}, not {_values_of(now[name])}"
    return ""


def _values_of(column: pd.Series) -> str:
    """The kind of a column's values, as a person would say it."""
    kind = column.to_numpy().dtype.kind
    if kind in "biu":
        return "whole numbers"
    if kind == "f":
        return "numbers"
    return "texts" if all(v is None or v != v or isinstance(v, str) for v in column) else "values that are neither numbers nor texts"


def first_difference(then: pd.DataFrame, now: pd.DataFrame) -> str:
    """Where two tables part first, in words."""
    if other := other_kind(then, now):
        return other
    if len(then) != len(now):
        return f"{len(then)} rows then, {len(now)} now"
    best: tuple[int, str] | None = None
    for name in then.columns:
        a, b = then[name].to_numpy(), now[name].to_numpy()
        for row in range(len(a)):
            if not (a[row] == b[row] or (a[row] != a[row] and b[row] != b[row])):
                if best is None or row < best[0]:
                    best = (row, name)
                break
    if best is None:
        return "other kinds of numbers"
    row, name = best
    keys = [k for k in ("year", "month", "side", "place", "crossing") if k in then.columns]
    where = shorten(", ".join(f"{k} {then[k].iloc[row]}" for k in keys))
    return f"first at {where}: {name} was {shorten(then[name].iloc[row])}, is {now[name].iloc[row]}"
