"""Write the baseline anew: ``uv run --group dev python -m tests.regression.update_baseline``. Says what moved, for the CHANGELOG."""

from __future__ import annotations

import json

from tests.regression.baseline_run import PATH, kept, moved, now


def main() -> None:
    """Write ``baseline.json`` and print what is different from the one before."""
    after = now()
    lines = moved(kept(), after) if PATH.exists() else ["first baseline"]
    PATH.write_text(json.dumps(after, indent=1) + "\n", "utf-8")
    print("\n".join(lines) if lines else "nothing moved")
    if lines and lines != ["first baseline"]:
        print("\nAdd a line to CHANGELOG.md that says why results changed.")


if __name__ == "__main__":
    main()
