"""Studies on a real Slurm: the same table by both routes, nothing lost whatever is killed, TLS on loopback only."""

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
from experiments.execution import slurm, slurm_queue
from experiments.execution.engine import EngineLost
from experiments.execution.site import SlurmSettings
from experiments.studies import plan
from experiments.studies.study import Study
from experiments.studies.study_file import read_study
from tests.experiments.kill_trial import begin, carry_out, check, paced, undisturbed

ROOT = Path(__file__).parents[2]
UP = ROOT / "tests" / "slurm" / "slurm_up.sh"
SHIPPED = ROOT / "docs" / "slurm.toml"
ROUTES = ("jobqueue", "array")
#: Kills by each route, and points of the study that they fall into.
KILLS = [pytest.param(4, 32, id="4"), pytest.param(10, 128, id="10", marks=pytest.mark.slow)]


def up(*words: str) -> str:
    done = subprocess.run([str(UP), *words], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """The Slurm that answers already, or the one that ``tests/slurm/slurm_up.sh`` starts."""
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
    said: dict[str, object] = {"design": "sobol", "points": points, "replicates": 2, "households": 60, "end": "1989-12", "outputs": []}
    said |= {"vary": {varied: {}}, **paced(folder, 0.25)}
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


def processes(name: str, but: list[str] | None = None) -> list[psutil.Process]:
    """Worker processes and their nannies in the jobs of that name, but for some jobs."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            said = process.environ()
            if said.get("SLURM_JOB_NAME") == name and said.get("SLURM_JOB_ID") not in (but or ()) and "python" in process.name():
                found.append(process)
    return found


def working(there: list[psutil.Process]) -> list[psutil.Process]:
    """Those that carry out runs."""
    found = []
    for process in there:
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def until(true: Callable[[], object], seconds: float = 300.0) -> None:
    """Wait; the limit is for what never comes, and far above what a slow machine takes."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.mark.slurm
@pytest.mark.parametrize("route", ROUTES)
def test_same_table_by_both_routes(cluster: None, route: str, tmp_path: Path) -> None:
    """A first driver is killed; the second cancels its jobs, is asked how it listens, and ends the study.

    Runs wait from the first stored part on until all was asked, so that the study does not end before.
    """
    study, folder = the_study(32, tmp_path), tmp_path / "a study – ünï"
    calm = undisturbed(study, tmp_path / "calm" / "study")
    (tmp_path / "wait").touch()
    plan.make(study, folder)
    name, options = slurm_queue.job_name(folder), ["--slurm", str(settings_file(tmp_path, route)), "--chunk-seconds", "0.5"]
    first = begin(folder, options)
    try:
        until(lambda: len(queued(name)) == 2 or ended(first))
    finally:
        first.kill()
        first.wait()
    left = queued(name)
    assert len(left) == 2, f"the jobs of a dead driver stay; {left}"
    second = begin(folder, options)
    try:
        until(lambda: len([job for job in queued(name) if job not in left]) == 2 or ended(second))
        assert not set(left) & set(queued(name)), "they are cancelled before new ones are submitted, and do not just end as orphans"
        until(lambda: list(folder.glob("results/part-*")) or ended(second))
        until(lambda: working(processes(name, left)) or ended(second))
        check_listening(second, processes(name, left), folder)
        (tmp_path / "wait").unlink()
        assert second.wait(300) == 0, second.stderr and second.stderr.read()
    finally:
        second.kill()
    check_table(folder, calm)
    until(lambda: not queued(name))
    assert not list(folder.glob("logs/tls-*")) and not (folder / "logs" / "scheduler.json").exists()


def queued(name: str) -> list[str]:
    """The jobs of that name, as soon as Slurm answers."""
    found: list[list[str] | None] = [None]

    def answered() -> bool:
        found[0] = slurm_queue.jobs(name)
        return found[0] is not None

    until(answered)
    return found[0] or []


def ended(driver: subprocess.Popen[str]) -> bool:
    """Fails where the driver has ended, and says how: what it no longer does is nothing that one could ask."""
    code = driver.poll()
    assert code is None, f"the driver ended with {code} while it was still needed: {driver.stderr and driver.stderr.read()}"
    return False


def check_table(folder: Path, calm: Path) -> None:
    from experiments.studies.collect import write_collected

    write_collected(folder, folder / "collected.parquet")
    assert (folder / "collected.parquet").read_bytes() == calm.read_bytes()


def check_listening(driver: subprocess.Popen[str], workers: list[psutil.Process], folder: Path) -> None:
    """Loopback only, and nothing to be had without the certificate."""
    for process in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            listening_at(process)
    (private,) = folder.glob("logs/tls-*")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in private.iterdir()} == {0o600}
    kinds: dict[int, str] = {}

    def all_answered() -> bool:
        ended(driver)
        kinds.clear()
        kinds.update({port: what_listens(port) for port in listening_at(psutil.Process(driver.pid))})
        return bool(kinds) and "no answer" not in kinds.values()

    until(all_answered)
    speak = [port for port, kind in kinds.items() if kind == "TLS"]
    assert len(speak) == 1, f"the scheduler speaks TLS; its empty page is the only other that listens: {kinds}"
    assert all(kind in ("TLS", "page") for kind in kinds.values()), kinds
    greetings: list[bool | None] = [None]

    def stranger_answered() -> bool:
        ended(driver)
        greetings.append(greets_strangers(speak[0]))
        return greetings[-1] is not None

    until(stranger_answered)
    assert greetings[-1] is False, "the scheduler greets one without a certificate"
    plain = "import sys, distributed; distributed.Client(sys.argv[1], timeout=3)"
    done = subprocess.run(
        [sys.executable, "-c", plain, f"tcp://127.0.0.1:{speak[0]}"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode != 0 and any(w in done.stderr for w in ("CommClosedError", "OSError", "TimeoutError")), done.stderr
    ended(driver)


def listening_at(process: psutil.Process) -> set[int]:
    """The ports where a process listens, on loopback only."""
    listening = [c.laddr for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert all(a.ip in ("127.0.0.1", "::1") for a in listening), listening
    return {a.port for a in listening}


def what_listens(port: int) -> str:
    """``page``, ``TLS``, ``something else``, or ``no answer`` yet: refused, silent, or gone in the middle.

    First a page is asked for: one that is asked for TLS would wait for the end of a line, and we for its answer.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as asking:
            asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):  # so TLS may hang up on plain words
                if asking.recv(5) == b"HTTP/":
                    return "page"
        _stranger(port).close()
    except ssl.SSLError as error:  # TLS refuses with an alert, anything else answers with nonsense
        return "TLS" if "ALERT" in str(error).upper() else "no answer" if isinstance(error, ssl.SSLEOFError) else "something else"
    except OSError:
        return "no answer"
    return "TLS"


def _stranger(port: int) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5))


def greets_strangers(port: int) -> bool | None:
    """Whether one without a certificate is greeted (Dask's scheduler speaks first); None where there is no answer yet."""
    try:
        with _stranger(port) as stranger:
            return bool(stranger.recv(1))
    except (TimeoutError, ConnectionRefusedError):
        return None
    except OSError:
        return False


@pytest.mark.slurm
@pytest.mark.parametrize(("wanted", "points"), KILLS)
@pytest.mark.parametrize("route", ROUTES)
def test_kills_on_slurm_lose_nothing(cluster: None, route: str, wanted: int, points: int, tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = undisturbed(the_study(points, tmp_path / "calm"), tmp_path / "calm" / "study")
    study, folder, rng = the_study(points, tmp_path), tmp_path / "study", random.Random(7)
    plan.make(study, folder)
    name = slurm_queue.job_name(folder)

    def worker(_: subprocess.Popen[str]) -> bool:
        with contextlib.suppress(psutil.Error):
            there = working(processes(name))
            if there:
                max(there, key=lambda p: sum(p.cpu_times()[:2])).kill()
                return True
        return False

    def job(_: subprocess.Popen[str]) -> bool:
        asked = subprocess.run(["squeue", "-h", "-r", f"--name={name}", "-t", "R", "-o", "%i"], capture_output=True, text=True, check=True)
        running = asked.stdout.split()
        return bool(running) and subprocess.run(["scancel", rng.choice(running)], check=False).returncode == 0

    def node(_: subprocess.Popen[str]) -> bool:
        asked = subprocess.run(["squeue", "-h", "-r", f"--name={name}", "-t", "R", "-o", "%N"], capture_output=True, text=True, check=True)
        if not asked.stdout.split():
            return False
        chosen = rng.choice(asked.stdout.split())
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
    trial = carry_out(folder, options, kinds, wanted=wanted, seed=11, minutes=20, slow=tmp_path / "slow")
    print(route, dict(trial.kills), trial.starts, trial.codes, (folder / "logs" / "driver.jsonl").read_text())
    check(trial, folder, calm)
    assert sum(trial.kills.values()) >= wanted and len(trial.kills) == len(kinds), trial.kills
    assert trial.codes[-1] == 0


@pytest.mark.slurm
@pytest.mark.parametrize("route", ROUTES)
def test_draws_of_a_posterior(cluster: None, route: str, tmp_path: Path) -> None:
    """``lintas run --posterior`` gives the same tables by Slurm as on this machine."""
    run = ["run", "--posterior", "--allow-drift", "--draws", "3", "--households", "200", "--quiet"]
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, where in ((here, ["--workers", "1"]), (there, ["--slurm", str(settings_file(tmp_path, route))])):
        done = subprocess.run(
            [sys.executable, "-m", "experiments.cli.main", *run, "--out", str(folder), *where],
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    said = [json.loads((folder / "manifest.json").read_text("utf-8")) for folder in (here, there)]
    assert said[0]["tables"] == said[1]["tables"] and "yearly" in said[0]["tables"]
    assert len(list((there / "study" / "logs").iterdir())) > len(list((here / "study" / "logs").iterdir())) == 1, "jobs leave logs"
    until(lambda: not queued(slurm_queue.job_name(there / "study")))


@pytest.mark.slurm
def test_workers_that_somebody_starts(cluster: None, tmp_path: Path) -> None:
    study, folder = the_study(4, tmp_path), tmp_path / "study"
    plan.make(study, folder)
    driver = begin(folder, ["--scheduler-file", str(tmp_path / "here.json")])
    script = folder / "logs" / "workers.sh"
    try:
        until(lambda: ((tmp_path / "here.json").exists() and script.exists()) or ended(driver))
        assert json.loads((tmp_path / "here.json").read_text())["address"].startswith("tls://127.0.0.1:")
        subprocess.run(["sbatch", "--array=1-2", "--mem=1G", str(script)], check=True, capture_output=True)
        assert driver.wait(300) == 0
        assert driver.stderr and str(script) in driver.stderr.read()
    finally:
        driver.kill()
        slurm_queue.cancel_jobs(slurm_queue.job_name(folder))
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
    end = time.monotonic() + 300
    with (
        slurm.engine(tmp_path / "study", said, "lintas-ends-at-once") as engine,
        pytest.raises(EngineLost, match=r"no worker came up.*no such module"),
    ):
        while time.monotonic() < end:
            engine.keep()
            time.sleep(0.3)
