"""lintas: runs, studies, results, report, page and command line.

``run_scenarios`` and ``RunConfiguration`` are looked up when they are used, so that the command line starts at once.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.execution.batch import RunConfiguration, run_scenarios

__all__ = ["RunConfiguration", "run_scenarios"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from experiments.execution import batch

        return getattr(batch, name)
    raise AttributeError(f"module 'experiments' has no attribute '{name}'")
