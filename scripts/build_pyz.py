"""Write dist/hairpin-doctor.pyz and run it elsewhere by bare Python; tests/unit/test_archive.py tries it in earnest."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from hairpin_doctor.archive import archive

PLACE = Path("dist/hairpin-doctor.pyz")


def main() -> None:
    """Exit 1 with its own words if it does not run."""
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_bytes(archive())
    PLACE.chmod(0o755)
    with tempfile.TemporaryDirectory() as elsewhere:
        argv = [sys.executable, "-I", "-S", str(PLACE.resolve()), "--version"]
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, cwd=elsewhere, stdin=subprocess.DEVNULL
        )
    if done.returncode != 0:
        raise SystemExit(f"{PLACE} does not run ({done.returncode}):\n{done.stdout}{done.stderr}")
    click.echo(f"{PLACE}: {done.stdout.strip()}, {PLACE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
