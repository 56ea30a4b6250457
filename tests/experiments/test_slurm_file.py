"""A slurm.toml with a mistake is refused in one sentence, and names of jobs are those that Slurm takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.errors import UserError
from experiments.execution import slurm_queue
from experiments.execution.site import SlurmSettings

SHIPPED = Path(__file__).parents[2] / "docs" / "slurm.toml"

REFUSED: dict[str, tuple[str, list[str]]] = {
    "misspelt key": ("worker = 2", ["unknown key 'worker'", "did you mean workers"]),
    "no workers": ("cores = 2", ["workers is missing", "workers = 4"]),
    "workers that are text": ("workers = '2'", ["workers = '2' is not a whole number"]),
    "workers that are true": ("workers = true", ["workers = True is not a whole number"]),
    "no worker": ("workers = 0", ["workers = 0; it must be at least 1"]),
    "misspelt route": ("workers = 1\nroute = 'aray'", ["route = 'aray' is unknown", "did you mean array?"]),
    "walltime in minutes": ("workers = 1\nwalltime = '90'", ["walltime = '90' is not HH:MM:SS"]),
    "walltime as number": ("workers = 1\nwalltime = 90", ["walltime = 90 is not a text", "quotation marks"]),
    "memory without end": (f"workers = 1\nmemory = '{'9' * 400}GB'", ["memory = '999", "more than any node has"]),
    "too much memory": ("workers = 1\nmemory = '5000TB'", ["memory = '5000TB' is more than any node has"]),
    "walltime in other digits": ("workers = 1\nwalltime = '٠١:٠٠:٠٠'", ["is not HH:MM:SS"]),
    "list with a number": ("workers = 1\nsetup = ['a', 3]", ["setup[2] = 3 is not a text"]),
    "memory without unit": ("workers = 1\nmemory = '2'", ["memory = '2' is not a number with a unit"]),
    "too little memory": ("workers = 1\ncores = 8\nmemory = '1GB'", ['memory = "1GB" is for the whole job', "8 processes"]),
    "more processes than cores": ("workers = 1\ncores = 2\nprocesses = 2\nthreads = 2", ["need more than cores = 2"]),
    "setup as text": ("workers = 1\nsetup = 'module load x'", ["setup = 'module load x' is not a list: write ["]),
    "empty partition": ("workers = 1\npartition = ''", ["partition = '' is not a text"]),
    "text of two lines": ('workers = 1\naccount = "a\\nb"', ["account", "one line"]),
    "unknown interface": ("workers = 1\ninterface = 'l'", ["interface = 'l' is not one of this machine's"]),
    "no TOML": ("workers = ", ["is not readable TOML"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str, tmp_path: Path) -> None:
    text, words = REFUSED[case]
    (tmp_path / "cluster.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as refused:
        SlurmSettings.load(tmp_path / "cluster.toml")
    said = str(refused.value)
    assert said.startswith("cluster.toml") and "\n" not in said
    for word in words:
        assert word in said, said


def test_missing_file_and_missing_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="there is no file"):
        SlurmSettings.load(tmp_path / "none.toml")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no program 'sbatch'"):
        SlurmSettings.load(SHIPPED)


def test_names_of_jobs() -> None:
    names = [slurm_queue.job_name(Path(p)) for p in ("/a/study", "/b/study", "/a/Étude 1 &;$(x)", "/a/…")]
    assert len(set(names)) == 4
    assert all(set(n) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for n in names)
