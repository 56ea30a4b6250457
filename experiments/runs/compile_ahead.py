"""How are all rules compiled before they are needed? A tiny run calls each of them, and what numba makes stays on the disk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from abm.errors import UserError, shorten

#: The last month of the run: a year and a month, so that everything that happens once a year has happened.
END, HOUSEHOLDS = "1981-01", 60


@dataclass(frozen=True)
class CompiledRules:
    """Where the machine code is, how many pieces this call added, and how long it took in seconds."""

    folder: Path
    added: int
    seconds: float


def compile_ahead() -> CompiledRules:
    """Compile every rule that is not compiled yet and keep the machine code. UserError where it cannot be kept, or rules run as plain Python."""
    start = time.perf_counter()
    from agents.core import compiled

    folder, root = compiled.folder_of_code(), compiled.code_root()
    if folder is None:
        raise UserError("LINTAS_PLAIN or NUMBA_DISABLE_JIT is set, so rules run as plain Python: unset it to compile them")
    if folder.parent != root:
        raise UserError(
            f"'{shorten(root)}' cannot be written, so compiled rules cannot be kept there: set LINTAS_CACHE to a folder that can"
        )
    from abm import Scenario, Simulation
    from agents.core.code_cache import NOT_KEPT

    before = _pieces(folder)
    for is_followed in (False, True):  # months in one call, and rule by rule
        run = Simulation(Scenario.load(end=END), households=HOUSEHOLDS, rng=0)
        if is_followed:
            run.follow = [int(run.frames["household"]["uid"][0])]
        results = run.run().results
        _ = results.yearly, results.monthly, results.places, results.flows
    if NOT_KEPT:
        raise UserError(
            f"compiled rules cannot be kept in '{shorten(folder)}' ({NOT_KEPT[0].strerror or NOT_KEPT[0]}): set LINTAS_CACHE to a folder that can be written"
        )
    return CompiledRules(folder, len(_pieces(folder) - before), time.perf_counter() - start)


def _pieces(folder: Path) -> set[str]:
    """Names of the files that hold machine code."""
    return {path.name for path in folder.glob("*/*.nbc")}
