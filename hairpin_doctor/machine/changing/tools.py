"""Programs that change something for us (nft, iptables, bridge, kubectl): found, bounded in time, and ended with us."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from hairpin_doctor.machine.changing.found import CannotChange

AT_MOST_S = 60.0
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not in the PATH of a root that `su` made
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ToolFailed(CannotChange):
    """It ended with `code`, which is negative where a signal ended it; `words` are its own."""

    def __init__(self, argv: Sequence[str], code: int, words: str) -> None:
        how = f"was killed by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"failed ({code})"
        super().__init__(f"{' '.join(argv)} {how}{f': {words}' if words else ''}")
        self.code, self.words = code, words


def path_of(name: str) -> str | None:
    """Where the program is, in the PATH or where only root's programs are."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN)))


def run_tool(argv: Sequence[str], text: str | None = None, at_most_s: float = AT_MOST_S) -> str:
    """Run it, feed it `text`, return what it prints. Raises CannotChange, ToolFailed where it says no.

    It dies with us: what it would do after we were killed, nobody would know how to take back.
    """
    program = path_of(argv[0])
    if program is None:
        raise CannotChange(f"{argv[0]} is not installed here (not in {os.environ.get('PATH', os.defpath)})")
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=at_most_s,
            preexec_fn=_die_with_us,
        )
    except subprocess.TimeoutExpired:
        raise CannotChange(f"{' '.join(argv)} did not end within {at_most_s:g} s, and was ended") from None
    except OSError as error:
        raise CannotChange(f"{argv[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise ToolFailed(argv, done.returncode, (done.stderr or done.stdout).strip())
    return done.stdout


_prctl = ctypes.CDLL(None).prctl


def _die_with_us() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
