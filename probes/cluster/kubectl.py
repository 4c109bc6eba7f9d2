"""The API by kubectl, which knows every way to log in. Only `get --raw` is ever run.

Its complaints are never quoted: it hands on what plugins that log in write, tokens too. What they mean is said instead.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO

from probes.cluster.api import LARGEST, absent, denied, too_large
from probes.host import Absent, Denied, Silent

LONGEST_COMPLAINT = 4096
LAST_WORDS_S = 0.5
CHUNK = 64 * 1024
MEANINGS = (
    (r"getting credentials|exec plugin", "the program by which its kubeconfig logs in failed"),
    (r"connection refused", "it refuses the connection"),
    (r"no such host|server misbehaving", "its name is not known here"),
    (r"no route to host|network is unreachable", "no way leads there from here"),
    (r"i/o timeout|deadline exceeded|Timeout exceeded|handshake timeout", "it did not answer in time"),
    (r"x509: .*expired", "its certificate has expired, or a clock is wrong"),
    (r"x509:|tls:", "its certificate is not one that the kubeconfig trusts"),
    (r"HTTP response to HTTPS client", "it speaks no TLS there"),
    (r"does not exist", "the kubeconfig has no such context, user or cluster"),
    (r"error loading config|invalid configuration|no configuration", "its kubeconfig cannot be understood"),
    (r"no such file|unable to read", "a file that its kubeconfig names cannot be read"),
    (r"Username|EOF\s*$", "it asks for a user name, and nobody can be asked here"),
    (r"[Rr]edirect", "it sends the request elsewhere, which is not followed"),
)
"""What kubectl's words mean (client-go, net, crypto/x509), the most telling first."""


@dataclass(frozen=True)
class Kubectl:
    """`command`: the program and the options that choose the cluster, e.g. ("k3s", "kubectl", "--context", "home")."""

    command: tuple[str, ...]

    def get(self, path: str, seconds: float) -> bytes:
        """See Api. A plugin that logs in runs in the same process group and ends with it."""
        argv = [*self.command, f"--request-timeout={max(seconds, 1):.0f}s", "get", "--raw", path]
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        complaints = bytearray()
        listening = threading.Thread(target=_listen, args=(process.stderr, complaints), daemon=True)
        listening.start()
        body, late = _read(process, seconds)
        listening.join(LAST_WORDS_S)
        if late:
            raise Silent(f"{self.command[0]}: the cluster's API did not answer within {seconds:.0f} s")
        if len(body) > LARGEST:
            raise too_large(path)
        if process.returncode == 0:
            return body
        raise _refusal(path, complaints.decode(errors="replace"))


def _listen(pipe: IO[bytes], kept: bytearray) -> None:
    """Keep the end of what it complains; no file is needed for it, and no memory however much that is."""
    with pipe:
        while part := os.read(pipe.fileno(), 65536):
            kept += part
            del kept[:-LONGEST_COMPLAINT]


def _read(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bool]:
    """Everything it says up to the largest answer, and whether its time ran out.

    What it started and let go may hold the pipe open after its end; that is waited for no longer.
    """
    end = time.monotonic() + seconds
    body = bytearray()
    assert process.stdout is not None  # made as a pipe
    with process.stdout as output:
        try:
            while len(body) <= LARGEST:
                if not select.select([output], [], [], max(0, end - time.monotonic()))[0]:
                    return bytes(body), True
                part = os.read(output.fileno(), CHUNK)
                if not part:
                    process.wait(max(0, end - time.monotonic()))
                    break
                body += part
        except subprocess.TimeoutExpired:
            return bytes(body), True
        finally:
            _kill(process)
            process.wait()
    return bytes(body), False


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _refusal(path: str, complaint: str) -> Denied | Absent | Silent:
    """What kubectl's complaint means; its words for the API's reasons are those of apimachinery's StatusReason."""
    text = " ".join(complaint.split())
    if "(Forbidden)" in text:
        return denied(path)
    if "(NotFound)" in text or "could not find the requested resource" in text:
        return absent(path)
    if "Unauthorized" in text or "must be logged in" in text:
        return Denied("RBAC: a login that the cluster accepts", "the cluster's API")
    means = next((words for pattern, words in MEANINGS if re.search(pattern, text)), "it does not say why")
    return Silent(f"kubectl could not ask the cluster: {means} (its own words: kubectl get --raw /apis)")
