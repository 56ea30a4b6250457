"""Which numbers of a run are reported? Each is one declaration with its formula; the order here is the order of a table's columns."""

from abm.results.indicators import income, care, care_of_people, work, trade, officials, ties, places, people, flows  # noqa: F401, I001
