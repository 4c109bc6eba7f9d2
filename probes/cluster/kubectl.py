"""The API by kubectl, which knows every way to log in. Only `get --raw` is ever run."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import IO

from probes.cluster.api import LARGEST, absent, denied, too_large
from probes.host import Absent, Denied, Silent


@dataclass(frozen=True)
class Kubectl:
    """`command`: the program and the options that choose the cluster, e.g. ("k3s", "kubectl", "--context", "home")."""

    command: tuple[str, ...]

    def get(self, path: str, seconds: float) -> bytes:
        """See Api. A plugin that logs in runs in the same process group and ends with it."""
        argv = [*self.command, f"--request-timeout={max(seconds, 1):.0f}s", "get", "--raw", path]
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,
            )
            body, late = _read(process, seconds)
            if late:
                raise Silent(f"{self.command[0]}: the cluster's API did not answer within {seconds:.0f} s")
            if len(body) > LARGEST:
                raise too_large(path)
            if process.returncode == 0:
                return body
            complaints.seek(0)
            raise _refusal(path, complaints.read(4096).decode(errors="replace"))


def _read(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bool]:
    """Everything it says up to the largest answer, and whether its time ran out."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    timer.start()
    output: IO[bytes] | None = process.stdout
    try:
        body = output.read(LARGEST + 1) if output is not None else b""
        if len(body) > LARGEST:
            _kill(process)
        process.wait()
    finally:
        timer.cancel()
        _kill(process)
        if output is not None:
            output.close()
        process.wait()
    return body, late.is_set()


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _refusal(path: str, complaint: str) -> Denied | Absent | Silent:
    """What kubectl's complaint means; its words for the API's reasons are those of apimachinery's StatusReason."""
    text = " ".join(complaint.split())[-300:]
    if "(Forbidden)" in text:
        return denied(path)
    if "(NotFound)" in text or "could not find the requested resource" in text:
        return absent(path)
    if "Unauthorized" in text or "must be logged in" in text:
        return Denied("RBAC: a login that the cluster accepts", "the cluster's API")
    return Silent(f"kubectl could not ask the cluster: {text}")
