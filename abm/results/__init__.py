"""What does a run report? A record of sums (``record``), indicators made from it (``indicators``), and tables of them (``tables``)."""

from abm.results import indicators as _indicators  # noqa: F401  (declares every indicator)
from abm.results.facts import Facts
from abm.results.record import Record
from abm.results.tables import Results

__all__ = ["Facts", "Record", "Results"]
