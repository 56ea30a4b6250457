"""Studies on a real Slurm: the same table by both routes, nothing lost whatever is killed, TLS on loopback only.

The Slurm is one that answers already, or the one that ``tests/slurm/slurm_up.sh`` starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from abm.errors import UserError
from agents.core.declare import PARAMETERS
from experiments import plan, slurm
from experiments.engine import EngineLost
from experiments.slurm import SlurmSettings
from experiments.study import Study, read_study
from tests.experiments.kill_trial import begin, carry_out, check, undisturbed

ROOT = Path(__file__).parents[2]
UP = ROOT / "tests" / "slurm" / "slurm_up.sh"
SHIPPED = ROOT / "docs" / "slurm.toml"
ROUTES = ("jobqueue", "array")
KILLS = 5  #: by each route


# --- slurm.toml: what it refuses ---------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, list[str]]] = {
    "misspelt key": ("worker = 2", ["unknown key 'worker'", "did you mean workers"]),
    "no workers": ("cores = 2", ["workers is missing", "workers = 4"]),
    "workers that are text": ("workers = '2'", ["workers = '2' is not a whole number from 1"]),
    "workers that are true": ("workers = true", ["workers = True is not a whole number"]),
    "no worker": ("workers = 0", ["workers = 0 is not a whole number from 1"]),
    "misspelt route": ("workers = 1\nroute = 'aray'", ["route = 'aray' is unknown", "did you mean array?"]),
    "walltime in minutes": ("workers = 1\nwalltime = '90'", ["walltime = '90' is not HH:MM:SS"]),
    "walltime as number": ("workers = 1\nwalltime = 90", ["walltime = 90 is not a text", "quotation marks"]),
    "memory without unit": ("workers = 1\nmemory = '2'", ["memory = '2' is not a number with a unit"]),
    "too little memory": ("workers = 1\ncores = 8\nmemory = '1GB'", ['memory = "1GB" is for the whole job', "8 processes"]),
    "more processes than cores": ("workers = 1\ncores = 2\nprocesses = 2\nthreads = 2", ["need more than cores = 2"]),
    "setup as text": ("workers = 1\nsetup = 'module load x'", ["setup = 'module load x' is not a list of lines"]),
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
    names = [slurm.job_name(Path(p)) for p in ("/a/study", "/b/study", "/a/Étude 1 &;$(x)", "/a/…")]
    assert len(set(names)) == 4
    assert all(set(n) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for n in names)


# --- on Slurm ------------------------------------------------------------------------------------------------------------


def up(*words: str) -> str:
    done = subprocess.run([str(UP), *words], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        reason = "NOT TESTED: studies on Slurm; tests/slurm/slurm_up.sh needs root on Debian"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    found = up("up")
    yield
    if "already" not in found:
        up("down")


def the_study(points: int, folder: Path) -> Study:
    varied = next(n for n, p in PARAMETERS.items() if p.low < p.high)
    said = {"design": "sobol", "points": points, "replicates": 2, "households": 60, "end": "1989-12", "outputs": [], "vary": {varied: {}}}
    return read_study(said, folder, "cluster")


def settings_file(folder: Path, route: str) -> Path:
    """The file that we ship, for this Slurm."""
    partition = subprocess.run(["sinfo", "-h", "-o", "%R"], capture_output=True, text=True, check=True).stdout.split()[0]
    text = SHIPPED.read_text("utf-8")
    for old, new in (('"main"', f'"{partition}"'), ('"2GB"', '"1GB"'), ('"jobqueue"', f'"{route}"')):
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "slurm.toml").write_text(text, "utf-8")
    return folder / "slurm.toml"


def processes(name: str) -> list[psutil.Process]:
    """Worker processes and their nannies in the jobs of that name."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("SLURM_JOB_NAME") == name and "python" in process.name():
                found.append(process)
    return found


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.mark.slurm
@pytest.mark.parametrize("route", ROUTES)
def test_same_table_by_both_routes(cluster: None, route: str, tmp_path: Path) -> None:
    """A first driver is killed; the second cancels its jobs, is asked how it listens, and ends the study."""
    study, folder = the_study(32, tmp_path), tmp_path / "a study – ünï"
    calm = undisturbed(study, tmp_path / "calm")
    plan.make(study, folder)
    name, options = slurm.job_name(folder), ["--slurm", str(settings_file(tmp_path, route)), "--chunk-seconds", "0.5"]
    first = begin(folder, options)
    until(lambda: slurm.jobs(name))
    first.kill()
    first.wait()
    left = slurm.jobs(name) or []
    assert len(left) == 2, "the jobs of a dead driver stay"
    second = begin(folder, options)
    try:
        until(lambda: list(folder.glob("results/part-*")))
        assert not set(left) & set(slurm.jobs(name) or [])
        check_listening(second.pid, name, folder)
        assert second.wait(120) == 0, second.stderr and second.stderr.read()
    finally:
        second.kill()
    check_table(folder, calm)
    until(lambda: slurm.jobs(name) == [], 20)
    assert not list(folder.glob("logs/tls-*")) and not (folder / "logs" / "scheduler.json").exists()


def check_table(folder: Path, calm: Path) -> None:
    from experiments.collect import write_collected

    write_collected(folder, folder / "collected.parquet")
    assert (folder / "collected.parquet").read_bytes() == calm.read_bytes()


def check_listening(driver: int, name: str, folder: Path) -> None:
    """Loopback only, and nothing to be had without the certificate."""
    ports = set()
    for process in [psutil.Process(driver), *processes(name)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            listening = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
            assert all(a.ip in ("127.0.0.1", "::1") for a in listening), listening
            if process.pid == driver:
                ports = {a.port for a in listening}
    (private,) = folder.glob("logs/tls-*")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in private.iterdir()} == {0o600}
    assert ports
    speak = [p for p in ports if speaks_tls(p)]
    assert len(speak) == 1, "the scheduler speaks TLS; its empty page is the only other that listens"
    assert not speaks_tls_to_strangers(speak[0])
    plain = "import sys, distributed; distributed.Client(sys.argv[1], timeout=3)"
    done = subprocess.run(
        [sys.executable, "-c", plain, f"tcp://127.0.0.1:{speak[0]}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0 and any(w in done.stderr for w in ("CommClosedError", "OSError", "TimeoutError")), done.stderr


def _stranger(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5))


def speaks_tls(port: int) -> bool:
    try:
        _stranger(port).close()
    except ssl.SSLError as error:
        return "ALERT" in str(error).upper()  # a plain page answers with nonsense or hangs up, TLS with an alert
    except OSError:
        return False
    return True


def speaks_tls_to_strangers(port: int) -> bool:
    """Whether one without a certificate is greeted (Dask's scheduler speaks first)."""
    try:
        with _stranger(port) as stranger:
            return bool(stranger.recv(1))
    except OSError:
        return False


@pytest.fixture(scope="module")
def calm_of_kills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calm")
    return undisturbed(the_study(128, folder), folder / "study")


@pytest.mark.slurm
@pytest.mark.parametrize("route", ROUTES)
def test_kills_on_slurm_lose_nothing(cluster: None, calm_of_kills: Path, route: str, tmp_path: Path) -> None:
    study, folder, luck = the_study(128, tmp_path), tmp_path / "study", random.Random(7)
    plan.make(study, folder)
    name = slurm.job_name(folder)

    def worker(_: subprocess.Popen[str]) -> bool:
        with contextlib.suppress(psutil.Error):
            there = [p for p in processes(name) if "spawn_main" in " ".join(p.cmdline())]
            if there:
                max(there, key=lambda p: sum(p.cpu_times()[:2])).kill()
                return True
        return False

    def job(_: subprocess.Popen[str]) -> bool:
        asked = subprocess.run(["squeue", "-h", "-r", f"--name={name}", "-t", "R", "-o", "%i"], capture_output=True, text=True, check=True)
        running = asked.stdout.split()
        return bool(running) and subprocess.run(["scancel", luck.choice(running)], check=False).returncode == 0

    def node(_: subprocess.Popen[str]) -> bool:
        asked = subprocess.run(["squeue", "-h", "-r", f"--name={name}", "-t", "R", "-o", "%N"], capture_output=True, text=True, check=True)
        if not asked.stdout.split():
            return False
        chosen = luck.choice(asked.stdout.split())
        up("kill-node", chosen)
        time.sleep(1.0)
        up("start-node", chosen)
        return True

    def driver(process: subprocess.Popen[str]) -> bool:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True

    kinds = {"worker": worker, "job": job, "node": node, "driver": driver}
    options = ["--slurm", str(settings_file(tmp_path, route)), "--chunk-seconds", "0.3"]
    trial = carry_out(folder, options, kinds, wanted=KILLS, seed=11, minutes=6)
    print(route, dict(trial.kills), trial.starts, trial.codes, (folder / "logs" / "driver.jsonl").read_text())
    check(trial, folder, calm_of_kills)
    assert sum(trial.kills.values()) >= KILLS and len(trial.kills) == len(kinds), trial.kills
    assert trial.codes[-1] == 0


@pytest.mark.slurm
def test_workers_that_somebody_starts(cluster: None, tmp_path: Path) -> None:
    study, folder = the_study(4, tmp_path), tmp_path / "study"
    plan.make(study, folder)
    driver = begin(folder, ["--scheduler-file", str(tmp_path / "here.json")])
    script = folder / "logs" / "workers.sh"
    try:
        until(lambda: (tmp_path / "here.json").exists() and script.exists())
        assert json.loads((tmp_path / "here.json").read_text())["address"].startswith("tls://127.0.0.1:")
        subprocess.run(["sbatch", "--array=1-2", "--mem=1G", str(script)], check=True, capture_output=True)
        assert driver.wait(90) == 0
        assert driver.stderr and str(script) in driver.stderr.read()
    finally:
        driver.kill()
        slurm.cancel_jobs(slurm.job_name(folder))
    assert not (tmp_path / "here.json").exists()


@pytest.mark.slurm
def test_a_partition_that_is_not_there(cluster: None, tmp_path: Path) -> None:
    plan.make(the_study(1, tmp_path), tmp_path / "study")
    for route in ROUTES:
        said = SlurmSettings(workers=1, route=route, partition="nowhere")  # type: ignore[arg-type]
        with pytest.raises(UserError, match=r"sbatch refused the job: .*partition"):
            slurm.engine(tmp_path / "study", said, "lintas-nowhere")
    assert not list((tmp_path / "study" / "logs").glob("tls-*"))


@pytest.mark.slurm
@pytest.mark.parametrize("route", ROUTES)
def test_jobs_that_end_at_once(cluster: None, route: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in setup must not fill the queue for ever."""
    monkeypatch.setattr(slurm, "ASK_SECONDS", 1.0)
    plan.make(the_study(1, tmp_path), tmp_path / "study")
    said = SlurmSettings(workers=1, route=route, setup=("echo no such module; exit 1",), memory="900MB")  # type: ignore[arg-type]
    end = time.monotonic() + 60
    with (
        slurm.engine(tmp_path / "study", said, "lintas-ends-at-once") as engine,
        pytest.raises(EngineLost, match=r"no worker came up.*no such module"),
    ):
        while time.monotonic() < end:
            engine.keep()
            time.sleep(0.3)
