"""Which worlds show what each mechanism does alone and in pairs? A fraction of all combinations of mechanisms on and off.

With k mechanisms there are 2^k worlds. A *regular fraction* runs 2^b of them: b mechanisms go through all their combinations, and each other one is on where
an even number of some of those b are off. What two sets of mechanisms do together is then confounded where their columns of signs are the same. In a fraction of *resolution V* no
product of four columns or fewer is constant, so that effects of single mechanisms and of pairs are confounded neither with one another nor with
the mean; a pair may be confounded with sets of three, and a single mechanism with sets of four.

The columns are found by the search that Sanchez and Sanchez ("Very large fractional factorial and central composite designs", ACM Transactions on Modeling and
Computer Simulation 15(4), 2005) used up to 120 factors: column after column, the smallest number is taken that is no exclusive-or of three or fewer columns taken before.
Up to 17 mechanisms no fraction of that resolution has fewer worlds. (``fracfact_by_res`` of pyDOE3 1.6 gives 64 worlds for 13 mechanisms, where 256 are
needed: 18 products of four of its columns or fewer are constant.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from operator import xor

import numpy as np

#: The length of the shortest constant product of columns, at least.
RESOLUTION = 5
#: Most mechanisms of a design: more would take more worlds than can be run.
MOST_MECHANISMS = 60


@cache
def columns(n: int) -> tuple[int, ...]:
    """Numbers of the first ``n`` columns; bit b of a number says whether the column is a product with basic column b. ValueError for n out of range."""
    if not 1 <= n <= MOST_MECHANISMS:
        raise ValueError(f"a design takes 1 to {MOST_MECHANISMS} mechanisms, found {n}")
    taken: list[int] = []
    made: set[int] = set()  # of one to three columns taken
    number = 1
    while True:
        taken.append(number)
        if len(taken) == n:
            return tuple(taken)
        pairs = {a ^ b for a, b in combinations(taken, 2)}
        made = set(taken) | pairs | {pair ^ one for pair in pairs for one in taken}
        while number in made:
            number += 1


def words(numbers: Sequence[int], length: int) -> list[tuple[int, ...]]:
    """Sets of so many columns whose product is constant (all +1), as positions in ``numbers``."""
    return [at for at in combinations(range(len(numbers)), length) if reduce(xor, (numbers[k] for k in at)) == 0]


@dataclass(frozen=True)
class Factorial:
    """Worlds by mechanisms that are on (+1) or off (-1).

    mechanisms: their names, in the order of the columns
    signs: shape (worlds, mechanisms); in world 0 all are on
    """

    mechanisms: tuple[str, ...]
    numbers: tuple[int, ...]
    signs: np.ndarray

    @classmethod
    def of(cls, mechanisms: Sequence[str]) -> Factorial:
        """The design for some mechanisms."""
        numbers = columns(len(mechanisms))
        worlds = np.arange(2 ** max(numbers).bit_length())
        odd = np.array([[int(world & number).bit_count() % 2 for number in numbers] for world in worlds.tolist()])
        return cls(tuple(mechanisms), numbers, 1 - 2 * odd)

    def __len__(self) -> int:
        return len(self.signs)

    @property
    def terms(self) -> tuple[tuple[int, ...], ...]:
        """What is estimated, as positions of mechanisms: each alone, then each pair."""
        k = len(self.mechanisms)
        return (*((one,) for one in range(k)), *combinations(range(k), 2))

    def names(self, term: tuple[int, ...]) -> tuple[str, ...]:
        """The mechanisms of a term."""
        return tuple(self.mechanisms[k] for k in term)

    def off(self, world: int) -> tuple[str, ...]:
        """The mechanisms that are off in a world."""
        return tuple(name for name, sign in zip(self.mechanisms, self.signs[world], strict=True) if sign < 0)

    def confounded(self, term: tuple[int, ...], length: int = 3) -> list[tuple[int, ...]]:
        """Sets of so many mechanisms whose joint effect has the same signs as a term's, in every world."""
        own = reduce(xor, (self.numbers[k] for k in term))
        sets = combinations(range(len(self.numbers)), length)
        return [at for at in sets if at != term and reduce(xor, (self.numbers[k] for k in at)) == own]
