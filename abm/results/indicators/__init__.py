"""Which numbers are told of a run? Each is one declaration with its formula; the order here is the order of a table's columns."""

from abm.results.indicators import income, care, work, trade, officials, ties, places, flows  # noqa: F401, I001
