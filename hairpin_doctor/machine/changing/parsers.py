"""What the real programs say of files that were written for them, where these programs are installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator

from hairpin_doctor.fixes.changes import ConfigFile

AT_MOST_S = 30


def opinions(files: Iterable[ConfigFile]) -> Iterator[str]:
    """A sentence per file that a program was asked about; none of them changes anything."""
    for file in files:
        argv = _parser(file.path)
        if argv is not None and shutil.which(argv[0]) is not None:
            yield _opinion(argv, file)


def _parser(path: str) -> tuple[str, ...] | None:
    if path.endswith(".service"):
        return ("systemd-analyze", "verify", "--man=no", path)
    if path.endswith(".nmconnection"):
        return ("nmcli", "--offline", "connection", "modify", "connection.autoconnect", "yes")
    if path.startswith("/etc/network/if-up.d/"):
        return ("sh", "-n", path)
    return None


def _opinion(argv: tuple[str, ...], file: ConfigFile) -> str:
    try:
        done = subprocess.run(
            argv, input=file.text, capture_output=True, text=True, check=False, timeout=AT_MOST_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{argv[0]} could not be asked about {file.path}: {error}"
    complaint = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
    if done.returncode or (argv[0] == "systemd-analyze" and done.stderr.strip()):
        return f"{argv[0]} complains of {file.path}: {complaint}"
    return f"{argv[0]} finds nothing wrong with {file.path}"
