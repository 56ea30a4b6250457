"""Make docs/picture.svg, the picture of the README, from a run: ``uv run python docs/make_picture.py [RESULTS_FOLDER]``.

Without a folder the default history is run first (2,000 households, seed 7).
"""

from __future__ import annotations

import sys
from pathlib import Path

from abm import Region, Scenario
from experiments.reports.figures import readme_picture
from experiments.runs.run import read_results, run

HERE = Path(__file__).parent


def main(arguments: list[str]) -> None:
    results = read_results(Path(arguments[0])) if arguments else run(Scenario.load("history")).results
    (HERE / "picture.svg").write_bytes(readme_picture(results, Region.load()))


if __name__ == "__main__":
    main(sys.argv[1:])
