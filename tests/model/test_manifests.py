"""A manifest gives the same run again, and one that is wrong is refused."""

from __future__ import annotations

import copy
import json
import platform

import pytest

from abm import BorderModel
from abm.errors import ManifestError, UserError
from tests.model.same import make, parts
from tests.model.tools import one_sentence, scenario


@pytest.mark.parametrize("name", ["history", "closed-border", "no-puskesmas"])
def test_manifest_reproduces(name):
    import json

    model = BorderModel(scenario(name, "1991-12", set={"household.seek_care.foreign_penalty": 1.1}), households=120, rng=21).run()
    said = json.loads(json.dumps(model.manifest()))
    again = BorderModel.from_manifest(said)
    assert again.month == 0
    assert parts(again.run()) == parts(model)
    assert again.manifest() == model.manifest()
    early = {k: v for k, v in said.items() if k != "format"}  # before there was more than one form
    assert said["format"] == 1 and BorderModel.from_manifest(early).manifest() == model.manifest()


def test_manifests_that_are_refused():
    said = make(households=120).manifest()
    for key in ("lintas", "scenario", "region", "households", "seed"):
        with pytest.raises(UserError) as refusal:
            BorderModel.from_manifest({k: v for k, v in said.items() if k != key})
        assert key in one_sentence(refusal)
    other = copy.deepcopy(said) | {"lintas": "9.9.9"}
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(other)
    assert "9.9.9" in one_sentence(refusal)
    assert BorderModel.from_manifest(other, allow_other=True).month == 0
    changed = copy.deepcopy(said)
    changed["region"]["hash"] = "0" * 64
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest(changed)
    assert "data" in one_sentence(refusal)
    assert BorderModel.from_manifest(changed, allow_other=True).month == 0
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest({**said, "scenario": {"name": "x"}})
    one_sentence(refusal)
    with pytest.raises(UserError) as refusal:
        BorderModel.from_manifest({**said, "region": "west"})
    one_sentence(refusal)


def test_manifests_of_wrong_kinds_are_refused():
    said = make(households=120).manifest()
    broken = [5, [said], {**said, "format": 2}, {**said, "format": "1"}, {**said, "rules_swapped": 5}, {**said, "rules_swapped": [5]}]
    for key in ("lintas", "scenario", "region", "households", "seed", "threads"):
        broken += [{**said, key: value} for value in (None, True, [], 1.5, {"a": 1})]
    broken += [
        {**said, "seed": "7"},
        {**said, "households": "120"},
        {**said, "households": -5},
        {**said, "seed": -1},
        {**said, "scenario": "history"},
    ]
    for key in said["scenario"]:
        broken += [{**said, "scenario": {**said["scenario"], key: value}} for value in (5, True, [1])]
    broken += [{**said, "region": {**said["region"], key: value}} for key in ("where", "hash") for value in (5, [1])]
    broken += [{**said, "scenario": {**said["scenario"], "switches": {"kinship": "false"}}}]
    for one in broken:
        with pytest.raises(ManifestError) as refusal:
            BorderModel.from_manifest(one)
        one_sentence(refusal)


def test_the_manifest_names_the_processor():
    said = make(n_months=1, households=60).manifest()["processor"]
    assert said["name"] and said["features"] == sorted(set(said["features"])) and json.loads(json.dumps(said)) == said
    if platform.machine() == "x86_64":
        assert "sse2" in said["features"], "which every such processor has"
