"""A border as a folder of tables: its contract, its reading, its checks, and :class:`Region`, which holds what was read."""

from abm.region.border import Way, class_in, month_number
from abm.region.contract import FITTED, SIDES
from abm.region.folder import REGIONS, regions
from abm.region.region import Region
from abm.region.table import RegionError

__all__ = ["FITTED", "REGIONS", "SIDES", "Region", "RegionError", "Way", "class_in", "month_number", "regions"]
