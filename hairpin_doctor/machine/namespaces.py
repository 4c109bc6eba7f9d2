"""Network namespaces: made, entered by a thread, and deleted together with every process inside."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hairpin_doctor.machine.commands import CommandFailed, ip_batch

DIRECTORY = Path("/run/netns")
CLONE_FS, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWNET = 0x200, 0x20000, 0x04000000, 0x40000000
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Namespaces:
    """The change "these namespaces exist". Undone with all processes that live in them."""

    names: tuple[str, ...]

    def do(self) -> None:
        """Create them, in one `ip` process."""
        ip_batch(f"netns add {name}" for name in self.names)

    def undo(self) -> None:
        """End what runs inside, then delete. Namespaces that are gone already are passed over."""
        left = [name for name in self.names if (DIRECTORY / name).exists()]
        for name in left:
            end_processes(name)
        if left:
            ip_batch((f"netns del {name}" for name in left), force=True)


def end_processes(namespace: str) -> None:
    """Kill every process whose network namespace is `namespace`, and no other; return when they are gone."""
    deadline = time.monotonic() + 5.0
    while (pids := processes(namespace)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # ended between the listing and the kill
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def processes(namespace: str) -> list[int]:
    """The ids of the processes inside `namespace`; none if it does not exist."""
    done = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def this_namespace() -> str:
    """The network namespace of this thread, as the kernel names it; another one has another name until it is gone."""
    return str(Path("/proc/thread-self/ns/net").readlink())


def inside(
    namespace: str, work: Callable[[], Answer], hostname: str | None = None, mounts: str = ""
) -> Answer:
    """Call `work` in a thread of its own that has entered `namespace` (0.3 ms; a process costs 3 ms).

    `hostname`: what the machine is called for that thread and those it starts; None: as this one. `mounts`: a mount
    namespace to enter as well, as a file. Sockets keep the namespace they were made in. Python 3.11 has no os.setns, hence
    ctypes. Errors of `work` are raised here.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def enter_and_work() -> None:
        try:
            _enter(DIRECTORY / namespace, CLONE_NEWNET)
            if mounts:
                _leave_shared_directory()
                _enter(Path(mounts), CLONE_NEWNS)
            if hostname is not None:
                _be_called(hostname)
            answers.append(work())
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=enter_and_work, daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return answers[0]


def _enter(namespace: Path, kind: int) -> None:
    descriptor = os.open(namespace, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, kind) != 0:
            raise CommandFailed(f"cannot enter {namespace}: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(descriptor)


def _leave_shared_directory() -> None:
    """Threads share root and working directory, and who shares them may not enter other mounts (setns(2))."""
    _unshare(CLONE_FS, "have a working directory of its own")


def _be_called(hostname: str) -> None:
    _unshare(CLONE_NEWUTS, f"be called {hostname}")
    socket.sethostname(hostname)


def _unshare(what: int, purpose: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(what) != 0:
        raise CommandFailed(f"this thread cannot {purpose}: {os.strerror(ctypes.get_errno())}")
