"""A results folder of the ledger, read again: the worlds are those that were run, and a damaged or unfit folder gets a sentence."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from calibration.posterior import Posterior
from experiments.evidence import runs
from experiments.evidence.make import make, yearly_outputs
from experiments.evidence.runs import EvidenceError, read_batch
from experiments.evidence.stored import read_worlds
from experiments.reports.evidence_files import write
from tests.evidence.small import END, REGION, asked, carry, claims_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A ledger of three draws with two replicates, in batches of two draws and one; only E10 is still open after the first."""
    from experiments.evidence import make as making

    place = tmp_path_factory.mktemp("stored")
    claims, wanted = claims_in(place), asked(posterior=Posterior.load(REGION), replicates=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "FIRST", 2)
        patch.setattr(runs, "NEXT", 1)
        patch.setattr(making, "_open", lambda *_: [("E10", "pair")])
        made = make(place / "ledger", claims, wanted, 3, carry, end=END)
    write(made, place / "ledger", {"draws": 3, "posterior": "p"}, [], wanted)
    return place / "ledger"


def test_worlds_and_claims_are_those_of_the_runs(folder):
    found = read_worlds(folder)
    assert found.mechanisms == ("without-kinship",) and set(found.outputs["history"]) == set(yearly_outputs())
    batches = [read_batch(folder / "runs" / name, yearly_outputs()) for name in ("draws-00000-00002", "draws-00002-00003")]
    at = yearly_outputs().index("visits_across")
    for world in ("history", "without-kinship"):
        lines = [
            batch.worlds[world][draw, replicate, :, :, at] for batch in batches for draw in range(batch.draws) for replicate in range(2)
        ]
        assert np.array_equal(found.outputs[world]["visits_across"], np.array(lines))
    draws = asked(posterior=Posterior.load(REGION)).draws(0, 3)
    assert np.allclose(found.parameters[list(draws.columns)].to_numpy(), np.repeat(draws.to_numpy(), 2, axis=0))
    units = pd.read_parquet(folder / "units.parquet")
    shows = units.groupby(["claim", "draw"])["shows"].min().astype(float)  # both patterns of E10 must show
    assert found.claims["E10"].tolist() == np.repeat([shows["E10", k] for k in range(3)], 2).tolist()
    assert found.claims["E11"].tolist()[:4] == np.repeat([shows["E11", k] for k in range(2)], 2).tolist()
    assert found.claims["E11"].isna().tolist() == [False] * 4 + [True] * 2  # its sweep was decided after two draws
    assert list(found.claims.columns) == ["E10", "E11"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"looks": 3}, "no whole ledger"),
        ({"looks": []}, "no whole ledger"),
        ({"looks": [{"draws": "a"}]}, "no whole ledger"),
        ({"off": []}, "no whole ledger"),
        ({"rows": [1]}, "no whole ledger"),
        ({"rows": [{"id": "E10", "status": "in part", "readings": [1]}]}, "no whole ledger"),
        ({"looks": [{"draws": 7}]}, "has lost its runs"),
        ({"asked": {"posterior": None}}, "fitted values alone"),
    ],
)
def test_a_ledger_that_cannot_be_used_gets_a_sentence(folder, tmp_path, changes, sentence):
    place = tmp_path / "ledger"
    shutil.copytree(folder, place)
    said = json.loads((place / "ledger.json").read_text())
    (place / "ledger.json").write_text(json.dumps(said | changes))
    with pytest.raises(EvidenceError, match=sentence):
        read_worlds(place)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="no result of lintas evidence"):
        read_worlds(tmp_path)
