"""A guest whose process 1 is Debian's systemd, on a disk of its own, which one boot leaves to the next."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from scripts.virtual_machine import INIT_SYSTEMD, boot

DISK_BYTES = 1 << 28


def new_disk(room: Path) -> Path:
    """An empty file system in a file in `room`. Raises CalledProcessError where mkfs.ext4 fails."""
    disk = room / "disk"
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    subprocess.run(["mkfs.ext4", "-q", str(disk)], check=True)
    return disk


def boots_well(job: str, room: Path, disk: Path, good: str) -> bool:
    """Whether the guest said the line `good`; all that it says goes to the terminal as it comes.

    `job`: a script for busybox, run before systemd; `room`: a folder for this boot alone.
    """
    devices = ("-nic", "none", "-drive", f"file={disk},if=virtio,format=raw")
    found = False
    with boot(job, room, devices, init=INIT_SYSTEMD) as guest:
        for line in guest.stdout or ():
            click.echo(line.rstrip())
            found = found or line.rstrip() == good
    return found
