"""Build sdist and wheel as a release would, and run the wheel in a fresh environment, outside the checkout."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import click

COMMANDS = (
    ("hairpin-doctor", "--version"),
    ("hairpin-doctor", "--help"),
    ("hairpin-doctor", "explain", "HD301"),
    ("hairpin-doctor", "probes"),
    ("hairpin-doctor", "rules"),
    ("hairpin-doctor", "lab", "list"),
    ("python", "-m", "hairpin_doctor", "--version"),
)
ORIGIN = "import hairpin_doctor, probes; print(hairpin_doctor.__file__, probes.__file__)"


def main() -> None:
    """Exit 1 with the failing command's own words if the wheel does not work."""
    with tempfile.TemporaryDirectory() as directory:
        room = Path(directory)
        run(sys.executable, "-m", "build", "--outdir", str(room), ".")
        (wheel,) = room.glob("*.whl")
        venv.create(room / "venv")
        programs = room / "venv" / "bin"
        there = ("--python", str(programs / "python"))
        run(sys.executable, "-m", "pip", *there, "install", "--quiet", "--no-compile", str(wheel), cwd=room)
        for name in run(str(programs / "python"), "-c", ORIGIN, cwd=room).split():
            if not Path(name).is_relative_to(room):
                raise SystemExit(f"{name} is not from the wheel")
        for program, *arguments in COMMANDS:
            run(str(programs / program), *arguments, cwd=room)
            click.echo(f"from {wheel.name}: {' '.join((program, *arguments))}  ok")


def run(*argv: str, cwd: Path | None = None) -> str:
    """What the command printed."""
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, cwd=cwd, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0 or "Traceback" in done.stderr:
        raise SystemExit(f"{' '.join(argv)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
