"""What is the weight of each run, when runs were drawn from several proposals?

The weight of a run is its likelihood times prior ÷ mixture of all proposals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from calibration import infer
from calibration.infer import Proposal, Weighted
from calibration.likelihood import Likelihood, statistics
from calibration.runs import Runs


@dataclass
class Populations:
    """All runs so far with their exact weights."""

    runs: Runs
    statistics: np.ndarray  #: of the fitted targets, shape (runs, targets)
    posterior: Weighted
    log_evidence: float
    sizes: list[int]  #: runs of the prior, then of each proposal
    proposals: list[Proposal]
    history: list[dict[str, Any]]  #: size, effective sample size and evidence after each population, the first first

    @classmethod
    def of(
        cls, parts: list[Runs], proposals: list[Proposal], likelihood: Likelihood, designed_for: Likelihood, history: list[dict[str, Any]]
    ) -> Populations:
        """The runs of several populations under a likelihood.

        ``parts`` are the runs of the prior and then those of each proposal, ``designed_for`` is the likelihood that the proposals were made
        for, ``history`` that of fewer populations. RunsError where parts are of different fits.
        """
        runs, sizes = Runs.join(parts), [len(p) for p in parts]
        z = statistics(likelihood.targets, runs)
        posterior, evidence = infer.mixture_weights(runs.unit, likelihood(z), sizes, proposals, designed_for)
        step = {"runs": len(runs), "ess": posterior.ess, "largest_weight": float(posterior.weights.max()), "log_evidence": evidence}
        return cls(runs, z, posterior, evidence, sizes, list(proposals), [*history, step])

    def under(self, likelihood: Likelihood, designed_for: Likelihood, statistics_: np.ndarray) -> tuple[Weighted, float]:
        """Posterior and log-evidence under another likelihood, from the same runs; ``statistics_`` of its targets, shape (runs, targets)."""
        return infer.mixture_weights(self.runs.unit, likelihood(statistics_), self.sizes, self.proposals, designed_for)
