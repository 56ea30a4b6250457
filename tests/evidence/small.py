"""A file of four small claims, and a ledger of few and short runs, for the tests of this folder."""

from pathlib import Path

from abm.claims.claim import read_claims
from experiments.evidence.make import make
from experiments.evidence.runs import AskedOfRuns
from experiments.execution.batch import local_engine
from experiments.execution.drive import drive

REGION = "west-kalimantan-sarawak"
END = "1983-12"
CLAIMS = """
[[claim]]
id = "E10"
claim = "Ties carry care."
lines = "1-2"
who = "people"
mechanism = "kin"
rules = ["household.keep_ties"]
switch = "kinship"
indicators = ["visits_across"]
expected = "fewer visits without"
status = "in the model"

[[claim.pattern]]
id = "pair"
says = "fewer visits without kin"
comparison = "pair"
switch = "kinship"
conditions = [{ number = "visits", is = "below", practical_share = 0.01 }]
numbers.visits = { of = { output = "visits_across", side = "id", first = 1980, last = 1982 } }

[[claim.pattern]]
id = "share"
says = "care goes across"
comparison = "direction"
conditions = [{ number = "share", is = "above", value = 0.0, practical = 0.01 }]
numbers.share = { of = { output = "care_share_across", side = "id", first = 1980, last = 1982 } }

[[claim]]
id = "E11"
claim = "Pay draws people."
lines = "3"
who = "people"
mechanism = "pay"
rules = ["household.choose_work"]
indicators = ["workers_across"]
expected = "more workers where pay is higher"
status = "in part"
missing = "something"

[[claim.pattern]]
id = "sweep"
says = "more people work across where pay there without papers is higher"
comparison = "sweep"
sweep = { parameter = "world.set_work.pay_undocumented", levels = [0.7, 0.95] }
conditions = [{ number = "workers", is = "rises", practical_share = 0.05 }]
numbers.workers = { of = { output = "workers_across", side = "id" } }

[[claim]]
id = "E12"
claim = "Telephones."
lines = "4"
who = "people"
mechanism = "none"
expected = "nothing"
status = "no mechanism"
missing = "telephones"
"""


def claims_in(folder: Path):
    """The claims, read from a file in ``folder``."""
    path = folder / "claims.toml"
    path.write_text(CLAIMS, encoding="utf-8")
    return read_claims(path)


def asked(**more):
    """The values fitted to the region, 60 households."""
    return AskedOfRuns(**({"posterior": None, "region": REGION, "households": 60, "replicates": 1, "seed": 1} | more))


def carry(place: Path) -> int:
    """Make the runs of a planned folder in this process's machine, two at a time."""
    return drive(place, lambda: local_engine(place, 1)).exit_code


def small_ledger(folder: Path, draws: int = 3, **more):
    """The ledger of the small claims."""
    claims = claims_in(folder)
    return make(folder / "ledger", claims, asked(**more), draws, carry, end=END)
