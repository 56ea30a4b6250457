"""A damaged posterior is neither adopted nor run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from abm import Region
from abm.errors import UserError
from calibration.posterior import Posterior
from calibration.targets import Targets
from experiments.fits.adopt import adopt
from experiments.fits.fit import Fit
from experiments.runs.identity import model_version
from experiments.runs.posterior import check_posterior
from tests.calibration.damage import GONE, REGION, SHIPPED, WRONG, damaged, paths, refusal, sentence


@pytest.mark.parametrize("name", ["fit.json", "check.json", "posterior/manifest.json"])
def test_nothing_damaged_is_adopted(name: str, tmp_path: Path, idle: None) -> None:
    folder, into = tmp_path / "fit", tmp_path / "region"
    into.mkdir()
    for part in ("posterior", "report"):
        (folder / part).mkdir(parents=True)
    for file in SHIPPED.iterdir():
        where = "posterior" if file.name in ("draws.parquet", "manifest.json") else "report" if file.suffix == ".html" else "."
        shutil.copyfile(file, folder / where / file.name)
    from experiments.fits.asked import Asked, prior_of

    opened = Fit(folder, {}, Asked(), Targets.load(), prior_of(Asked()))
    file = folder / name
    said = json.loads(file.read_text("utf-8"))
    needed = {
        "fit.json": ("ess", "parameters", "targets"), "check.json": ("model_version", "sbc"), "posterior/manifest.json": ("central", "id", "ess"),
    }[name]  # fmt: skip
    for key in needed:
        for k, value in enumerate(WRONG):
            file.write_text(json.dumps(damaged(said, (key,), value)), "utf-8")
            harmless = (
                value == "x" or (key == "ess" and value == 3 and name == "fit.json") or (key == "sbc" and (value == [] or value is GONE))
            )
            if harmless and key != "central":
                continue
            assert refusal(lambda: adopt(opened, into, tmp_path / "package")), (key, k)
            assert not (into / "fitted.toml").exists() and not (tmp_path / "package").exists()


def test_a_posterior(tmp_path: Path, idle: None, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "posterior"
    folder.mkdir()
    said = json.loads((SHIPPED / "manifest.json").read_text("utf-8")) | {"model_version": model_version()}
    draws = pd.read_parquet(SHIPPED / "draws.parquet").iloc[:3]
    draws["weight"] = [0.5, 0.25, 0.25]
    draws.to_parquet(folder / "draws.parquet", index=False)
    file = folder / "manifest.json"
    region = Region.load(REGION)
    run = ("run", "--posterior-from", str(folder), "-q", "--out", str(tmp_path / "out"))
    few = list(said["central"])[:2]

    def use() -> None:
        found = Posterior.load(folder)
        found.central()
        check_posterior(found, region, allow_drift=True)

    for path in paths(said | {"central": {n: said["central"][n] for n in few}}):
        for value in WRONG:
            file.write_text(json.dumps(damaged(said, path, value)), "utf-8")
            refusal(use)
    file.write_text(json.dumps(said | {"parameters": 3}), "utf-8")
    assert sentence(capsys, *run) == 2
    file.write_text(json.dumps(said), "utf-8")
    names = list(draws.columns)
    tables: list[Callable[[], pd.DataFrame]] = [
        lambda: draws.drop(columns="weight"), lambda: draws[names[::-1]], lambda: draws.iloc[:0], lambda: draws.assign(weight="a"),
        lambda: draws.assign(weight=np.nan), lambda: draws.assign(draw=[0.5, 1, 2]), lambda: draws.assign(**{names[2]: [[1], [2], [3]]}),
        lambda: draws.assign(**{names[2]: 1e300}), lambda: draws.assign(**{"y" * 5000: 1.0}), lambda: draws.astype(str),
    ]  # fmt: skip
    for make in tables:
        make().to_parquet(folder / "draws.parquet", index=False)
        with pytest.raises(UserError):
            Posterior.load(folder)
    for raw in (b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", (SHIPPED / "draws.parquet").read_bytes()[:-200]):
        (folder / "draws.parquet").write_bytes(raw)
        assert sentence(capsys, *run) == 2
