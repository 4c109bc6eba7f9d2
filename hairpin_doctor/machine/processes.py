"""Processes that outlive their maker: their identity, and how they are started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import hairpin_doctor

SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)


def boot_id() -> str:
    """Another one since every start of the machine: what ran, or was set in the kernel, before that is gone."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def started(pid: int) -> int:
    """When process `pid` started, in clock ticks since boot; 0 if there is none. Tells a reused id apart."""
    return int(found[19]) if (found := _status(pid)) else 0


def is_running(pid: int, since: int) -> bool:
    """Whether that very process is alive; one that has ended and waits to be reaped is not."""
    found = _status(pid)
    return found is not None and int(found[19]) == since and found[0] not in "ZX"


def is_stopped(pid: int) -> bool:
    """Whether somebody stopped it, by Ctrl-Z or a signal, so that it waits for `fg`."""
    found = _status(pid)
    return found is not None and found[0] in "Tt"


def _status(pid: int) -> list[str] | None:
    """Its state and what follows it in proc_pid_stat(5); None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def start_outliving(module: str, arguments: Sequence[str], unit: str) -> str:
    """Start `python -m module arguments` so that no terminal, session or kill of ours ends it; how, in words.

    A service of systemd's where it runs and sees our network: only that survives the end of an ssh session whose processes
    systemd kills (KillUserProcesses in logind.conf). Else a process in a session of its own, whose parent is gone.
    """
    argv = [sys.executable, "-m", module, *arguments]
    if SYSTEMD.is_dir() and init_sees_the_same():
        try:
            done = subprocess.run(as_service(argv, unit), capture_output=True, check=False, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            done = None
        if done is not None and done.returncode == 0:
            return f"service {unit} of systemd"
    with Path(os.devnull).open("r+b") as nowhere:
        subprocess.run(
            [sys.executable, "-c", DETACH, *argv],
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            env={**os.environ, **_environment()},
            start_new_session=True,
            cwd="/",
            check=False,
        )
    return "a detached process"


def as_service(argv: Sequence[str], unit: str) -> list[str]:
    """The command that has systemd run `argv` as a transient service (systemd-run(1)), forgotten once it has ended."""
    head = [
        "systemd-run",
        "--quiet",
        "--collect",
        f"--unit={unit}",
        "--property=KillMode=process",
        *RESTARTED,
    ]
    setenv = [f"--setenv={key}={value}" for key, value in _environment().items()]
    return [*head, *setenv, "--", *argv]


RESTARTED = ("--property=Restart=on-failure", "--property=OOMScoreAdjust=-900")  # killed, it comes again
DETACH = "import os, sys; os.fork() and os._exit(0); os.execv(sys.argv[1], sys.argv[1:])"


def _environment() -> dict[str, str]:
    """Where this very package was imported from: a checkout, an environment, or a zip file."""
    return {
        "PYTHONPATH": str(Path(hairpin_doctor.__file__).parent.parent),
        "PATH": os.environ.get("PATH", os.defpath),
    }


def init_sees_the_same() -> bool:
    """Whether process 1 is in our network and mount namespaces: its services and files concern another network otherwise."""
    try:
        return all(
            (Path("/proc/1/ns") / kind).readlink() == (Path("/proc/self/ns") / kind).readlink()
            for kind in ("net", "mnt")
        )
    except OSError:
        return False
