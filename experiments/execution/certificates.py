"""How is the scheduler protected from other users? It listens on one address of this machine, with certificates made for this driver only.

Anyone who can connect to a Dask scheduler can run code on it. The certificates are in files that only the user can read, and are removed at the end.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import socket
from pathlib import Path
from typing import Any

from abm.errors import UserError, shorten
from agents.core.declare import near
from experiments.execution.slurm_queue import ask


def address_here(interface: str | None) -> str:
    """The one address of this machine that the scheduler listens on: that of an interface, or of the host name; UserError where there is none."""
    import psutil

    if interface is not None:
        there = psutil.net_if_addrs()
        if interface not in there:
            raise UserError(f"interface = '{shorten(interface)}' is not one of this machine's; {near(interface, there)}")
        for address in there[interface]:
            if address.family == socket.AF_INET:
                return address.address
        raise UserError(f"interface = '{interface}' has no IPv4 address; name another, such as the one that the nodes share")
    host = socket.gethostname()
    try:
        address = socket.gethostbyname(host)
    except OSError:
        raise UserError(f"the host name '{host}' has no address; name the network that the nodes share, interface = \"…\"") from None
    if _is_loopback(address) and not _nodes_are_here():
        raise UserError(
            f"the host name '{host}' has the address {address}, which no node can reach; name the network that the nodes share, interface = \"…\""
        )
    return address


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def _nodes_are_here() -> bool:
    """Whether every node of the cluster (as far as Slurm says) is this machine."""
    code, out = ask("sinfo", "--noheader", "--Node", "--format=%o")
    if code:
        return True  # workers that a person starts, without Slurm
    for host in set(out.split()):
        try:
            if not _is_loopback(socket.gethostbyname(host)):
                return False
        except OSError:
            return False
    return True


class Certificates:
    """A key and its certificate, made for one driver, in files that only the user can read; :meth:`close` removes them."""

    def __init__(self, folder: Path) -> None:
        from distributed.security import Security

        logs = folder / "logs"
        try:
            logs.mkdir(exist_ok=True)
            for left in logs.glob(f"tls-{glob.escape(socket.gethostname())}-*"):  # by a driver that was killed
                _forget_certificates(left)
            self.folder = logs / f"tls-{socket.gethostname()}-{os.getpid()}"
            self.folder.mkdir(mode=0o700)
            made = Security.temporary()
            texts = (made.tls_ca_file, made.tls_worker_cert, made.tls_worker_key)
            self.ca, self.certificate, self.key = (self._write(n, t) for n, t in zip(_CERTIFICATES, texts, strict=True))
        except OSError as error:
            raise UserError(f"cannot write certificates into '{shorten(logs)}': {error.strerror or error}") from None
        pair = {
            f"tls_{role}_{what}": str(path)
            for role in ("client", "scheduler", "worker")
            for what, path in (("cert", self.certificate), ("key", self.key))
        }
        self.security = Security(require_encryption=True, tls_ca_file=str(self.ca), **pair)

    def _write(self, name: str, text: Any) -> Path:
        path = (self.folder / name).absolute()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(str(text))
        return path

    def close(self) -> None:
        """Forget them."""
        shutil.rmtree(self.folder, ignore_errors=True)


_CERTIFICATES = ("ca.pem", "certificate.pem", "key.pem")


def _forget_certificates(folder: Path) -> None:
    """Remove certificates that an ended process of this machine left; other files, and those of a running process, are kept."""
    import psutil

    number = folder.name.rpartition("-")[2]
    is_gone = number.isdecimal() and (int(number) == os.getpid() or not psutil.pid_exists(int(number)))
    with contextlib.suppress(OSError):
        if is_gone and not folder.is_symlink() and {p.name for p in folder.iterdir()} <= set(_CERTIFICATES):
            shutil.rmtree(folder)
