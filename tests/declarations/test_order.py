"""The registries have one order, whatever was imported first: a design over all uncertain parameters takes them in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from abm.declarations import ORDER, arrange
from agents.core.declare import PARAMETERS, RULES, SWITCHES
from calibration.posterior import FOLDER
from calibration.priors import Prior

SAID = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
import abm.declarations
from agents.core.declare import PARAMETERS, RULES, SWITCHES
print(json.dumps([list(PARAMETERS), list(RULES), list(SWITCHES)]))
"""


@pytest.mark.parametrize(
    "first", ["agents.household.seek_care", "agents.official.set_strictness", "abm.world.access", "experiments.studies.study_file"]
)
def test_order_does_not_depend_on_what_is_imported_first(first: str) -> None:
    done = subprocess.run([sys.executable, "-c", SAID, first], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [list(PARAMETERS), list(RULES), list(SWITCHES)]


def test_groups_follow_the_order_and_each_keeps_its_own() -> None:
    groups = [name.rpartition(".")[0] for name in PARAMETERS]
    assert list(dict.fromkeys(groups)) == [g for g in ORDER if g in groups] and len(ORDER) == len(set(ORDER))
    assert list(RULES) == [name for name in ORDER if name in RULES]
    care = [n for n in PARAMETERS if n.startswith("household.receive_care.")]
    assert care == [f"household.receive_care.{n}" for n in ("days_minor", "days_disrupting", "days_hospital", "days_saved", "nursing", "stay", "dies_hospital",
                                                                 "dies_emergency", "saved", "memory")]  # fmt: skip


def test_the_shipped_fit_is_planned_again_with_the_same_columns() -> None:
    """The points of a fit's design are assigned to parameters by their order."""
    said = json.loads((FOLDER / "west-kalimantan-sarawak" / "manifest.json").read_text("utf-8"))
    assert list(Prior.of().names) == said["parameters"]


def test_what_is_not_ordered_is_refused() -> None:
    registry = {"a.x": 1, "b.y": 2}
    with pytest.raises(ValueError, match=r"does not order \['b\.y'\]"):
        arrange(registry, ["a.x"])
    arrange(registry, ["b.y", "a.x"])
    assert list(registry) == ["b.y", "a.x"]
    with pytest.raises(ValueError, match=r"does not order \['c\.z'\]"):
        arrange(registry, ["b.y", "a.x", "c.z"])
