"""``lintas compile``: afterwards nothing is left to compile, also where several of them start at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli.main import main

LINTAS = Path(sys.executable).with_name("lintas")
#: A run in a fresh process, with what happens in it once a year, traced households, threads and all tables; prints how often a function had to be compiled.
RUN = """
from abm import BorderModel, Scenario
from agents.core.compiled import COMPILED
for name in ("history", "closed-border"):
  for threads in (1, 2):
    model = BorderModel(Scenario.load(name, end="1990-03"), households=300, threads=threads, follow=[], rng=3).run()
    [getattr(model.results, table) for table in ("yearly", "monthly", "places", "flows")], model.results.ledger()
print(sum(sum(f.stats.cache_misses.values()) for f in COMPILED.values()), sum(sum(f.stats.cache_hits.values()) for f in COMPILED.values()))
"""


def environment(cache: Path, **more: str) -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("LINTAS_PLAIN", "NUMBA_DISABLE_JIT")} | {"LINTAS_CACHE": str(cache)} | more


def start(cache: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [LINTAS, "compile", *words], env=environment(cache, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_at_once_and_then_nothing_is_left_to_compile(tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path, "--lang", "id")]
    for process, word in zip(both, ("All rules are compiled; it took", "Semua aturan"), strict=True):
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0 and err == "" and word in out, (out, err)
        assert str(tmp_path / "compiled") in out
    done = subprocess.run([sys.executable, "-c", RUN], env=environment(tmp_path), capture_output=True, text=True, check=True, timeout=300)
    misses, hits = map(int, done.stdout.split())
    assert misses == 0 and hits > 20
    out, _ = start(tmp_path).communicate(timeout=300)
    assert out.startswith("All rules were compiled already.")
    out, _ = start(tmp_path, "--quiet").communicate(timeout=300)
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/compiled/[0-9a-f]{{16}}", out.strip()) and Path(out.strip()).is_dir()


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    process = start(tmp_path / "file")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2 and out == "" and err.count("\n") == 1
    assert "cannot be written" in err and "LINTAS_CACHE" in err


def test_plain_rules_are_not_compiled(tmp_path: Path) -> None:
    process = start(tmp_path, LINTAS_PLAIN="1")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2 and out == "" and "LINTAS_PLAIN" in err and not list(tmp_path.iterdir())


def test_a_disk_that_becomes_full_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from agents.core import code_cache

    monkeypatch.setattr(code_cache, "NOT_KEPT", [OSError(28, "No space left on device")])
    assert main(["compile"]) == 2
    assert "No space left on device" in capsys.readouterr().err


def test_it_is_said_in_three_languages(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for language in ("en", "id", "ms"):
        assert main(["compile", "--lang", language]) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 3 and all("compiled" in one for one in said)  # the folder is named so
