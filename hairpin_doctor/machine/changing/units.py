"""Units of systemd, and telling managers that their files have changed."""

from __future__ import annotations

import shutil
import subprocess

from hairpin_doctor.fixes.changes import EnabledUnit
from hairpin_doctor.fixes.changes.files import Manager
from hairpin_doctor.machine import processes
from hairpin_doctor.machine.changing.found import CannotChange, Found

AT_MOST_S = 120  # a unit that is stopped may wait for others
RELOAD: dict[Manager, tuple[str, ...]] = {
    "systemd": ("systemctl", "daemon-reload"),
    "NetworkManager": ("nmcli", "connection", "reload"),
}


def find_enabled(change: EnabledUnit) -> Found:
    """Whether systemd would start it (systemctl(1), is-enabled), and where that matters whether it runs (is-active)."""
    enabled = _says("is-enabled", change.unit, "enabled")
    runs = change.running and _says("is-active", change.unit, "active")
    so = enabled == change.enabled and (runs or not (change.running and change.enabled))
    return Found(so, (EnabledUnit(change.unit, enabled, runs),))


def _says(question: str, unit: str, word: str) -> bool:
    return _run("systemctl", question, unit) == (0, word)


def set_enabled(change: EnabledUnit) -> None:
    """Enable it, which starts it now only if it is to run; or disable and stop it."""
    code, said = _run("systemctl", "--quiet", *change.words, change.unit)
    if code:
        raise CannotChange(f"systemctl {' '.join(change.words)} {change.unit} failed: {said}")


def tell(manager: Manager) -> None:
    """Have it read its files anew, if it runs here. Raises CannotChange."""
    if manager == "nobody" or (manager == "systemd" and not processes.SYSTEMD.is_dir()):
        return
    argv = RELOAD[manager]
    if shutil.which(argv[0]) is None:
        return
    code, said = _run(*argv)
    if code:
        raise CannotChange(f"{' '.join(argv)} failed: {said}")


def _run(*argv: str) -> tuple[int, str]:
    """Exit code and what it said. Raises CannotChange where it cannot be run, or does not end."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=AT_MOST_S)
    except OSError as error:
        raise CannotChange(f"{argv[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CannotChange(f"{' '.join(argv)} did not end within {AT_MOST_S} s") from None
    return done.returncode, (done.stdout.strip() or done.stderr.strip())
