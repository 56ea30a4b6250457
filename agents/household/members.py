"""Who of a household is ill, as the bits of one number: most households are then told at a glance to have nobody."""

from __future__ import annotations

import numpy as np

from agents.core.compiled import inlined
from agents.core.declare import Column
from agents.household.fields import MAX_ADULTS, MAX_CHILDREN

#: Slots of members of a household: adults first, then children.
MEMBERS = MAX_ADULTS + MAX_CHILDREN
#: The slot of a bit, by the remainder that it leaves when divided by 37: no two powers of 2 below 2**36 leave the same.
_SLOTS = np.zeros(37, np.int64)
for _slot in range(MEMBERS):
    _SLOTS[(1 << _slot) % 37] = _slot


@inlined
def ill_from(ill: Column, i: int, least: int) -> int:
    """The members of a household who are ill, one bit for each slot.

    ill [code]: severity by household and slot
    i [row]: of the household
    least [code]: severity from which an illness counts
    returns [1]: 0 for none
    """
    bits = 0
    for m in range(MEMBERS):
        bits |= int(ill[i, m] >= least) << m
    return bits


@inlined
def slot_of(bit: int) -> int:
    """The slot of a number with one bit.

    bit [1]: 2 to the power of a slot
    returns [code]: 0 to 13
    """
    return int(_SLOTS[bit % 37])
