"""One household, trader, official or place of a pair of runs: how it lived in both, what it decided, and why."""
