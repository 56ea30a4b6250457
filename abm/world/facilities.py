"""What do facilities have in January 1980, or when they open: posts, those that are filled, beds, drugs?

The region's table says how many doctors and nurses a facility has and for which part of its patients there are drugs. How many posts it would have if all
were paid for follows from its quality of 1980, which is the part that is filled; of a dispensary with one nurse it is one half. Where the table says
nothing, a dispensary has one nurse, a health centre five with a doctor every other day, a hospital sixty beds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.surroundings import CENTRE, DISPENSARY

#: Staff of a dispensary, a health centre and a hospital, and beds of a hospital, where the table has none.
USUAL_STAFF, USUAL_BEDS = (1.0, 5.5, 44.0), 60.0
#: Part of the posts of a dispensary that is filled in 1980 or when it opens.
DISPENSARY_FILLED = 0.5


def pools(node: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """The first of the facilities with which each shares its patients, (facilities,): the health centres at one node share theirs, others have their own."""
    pool = np.arange(len(node))
    for f in np.flatnonzero(kind == CENTRE):
        pool[f] = np.flatnonzero((kind == CENTRE) & (node == node[f]))[0]
    return pool


def set_staff(facility: dict[str, np.ndarray], table: Any) -> None:
    """Fill the columns of facilities about posts, beds and drugs from the region's table of facilities, (facilities,) each."""
    kind, quality = facility["kind"], table["quality_1980"].to_numpy(float)
    given = {
        name: table[name].to_numpy(float) if name in table else np.full(len(table), np.nan)
        for name in ("doctors", "nurses", "beds", "drugs")
    }
    staff = given["doctors"] + given["nurses"]
    staff = np.where(np.isnan(staff), np.array(USUAL_STAFF)[kind], staff)
    filled = np.where(kind == DISPENSARY, DISPENSARY_FILLED, np.clip(quality, 0.05, 1.0))
    facility["staff_start"][:] = filled
    facility["posts"][:] = np.maximum(staff, 1.0) / filled
    facility["beds"][:] = np.where(kind <= CENTRE, 0.0, np.where(np.isnan(given["beds"]), USUAL_BEDS, given["beds"]))
    facility["drugs_start"][:] = np.where(np.isnan(given["drugs"]), np.clip(quality, 0.05, 1.0), given["drugs"])
