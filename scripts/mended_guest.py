"""`make lab-vm`: a whole host that is mended by the command line as a person types it, and booted again.

The guest's first network namespace is the host, with process 1 above it as on any machine; VM and pod are namespaces beside
it. HD408: the host's table of connections is full, which no namespace can be mended of; applied, confirmed from another
shell, rolled back. HD104: the speaker is deaf on a port; applied with --persist, confirmed, and the machine booted again.
Second boot: the VM is served; --uninstall; it is not.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import click

from scripts.after_a_reboot_files import MASKED, PREPARE
from scripts.mended_guest_files import MENDED, STORIES, files
from scripts.virtual_machine import INIT_SYSTEMD, boot, modules_of, unpacked_kernel

DISK_BYTES = 1 << 28


def run_mended(code: str) -> bool:
    """All boots of one disk; what the guest says goes to the terminal as it comes. `code`: a key of STORIES."""
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        room = Path(folder)
        disk = room / "disk"
        with disk.open("wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", str(disk)], check=True)
        return all(_boots(room / str(number), disk, code) for number, _ in enumerate(STORIES[code]))


def _boots(room: Path, disk: Path, code: str) -> bool:
    room.mkdir()
    devices = ("-nic", "none", "-drive", f"file={disk},if=virtio,format=raw")
    found = False
    with boot(_job(code), room, devices, init=INIT_SYSTEMD) as guest:
        for line in guest.stdout or ():
            click.echo(line.rstrip())
            found = found or line.rstrip() == MENDED
    return found


def _job(code: str) -> str:
    """A script for busybox, which is run before the first boot: everything that the guest finds in its /etc."""
    modules = modules_of(unpacked_kernel())
    written = "\n".join(
        f"mkdir -p $(dirname /new/{path})\ncat > /new/{path} <<'END-OF-FILE'\n{text}END-OF-FILE"
        for path, text in files(STORIES[code]).items()
    )
    words = {
        "@FILES@": written,
        "@MODULES@": str(modules),
        "@RELEASE@": modules.name,
        "@MASKED@": " ".join(MASKED),
    }
    text = PREPARE
    for word, value in words.items():
        text = text.replace(word, value)
    return text
