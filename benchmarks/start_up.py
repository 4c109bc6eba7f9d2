"""How long the command takes to say something that needs no network. With .pyc files present, as installed."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Figure, timed

TIMES = 15
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "hairpin-doctor --help": ("-m", "hairpin_doctor", "--help"),
    "hairpin-doctor explain HD301": ("-m", "hairpin_doctor", "explain", "HD301"),
}


def figures() -> tuple[Figure, Figure, Figure]:
    """Bare Python, --help and explain, taken in turn so that a busy moment of the machine meets all three."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_ in range(TIMES + 2):
        for name, arguments in COMMANDS.items():
            milliseconds = timed(lambda argv=arguments: run(argv))  # type: ignore[misc]
            if round_ >= 2:
                taken[name].append(milliseconds)
    bare, help_, explain = (Figure(name, tuple(times)) for name, times in taken.items())
    return bare, help_, explain


def run(arguments: tuple[str, ...]) -> None:
    """One fresh process."""
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
