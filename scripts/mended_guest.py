"""`make lab-vm`: a whole host that is mended by the command line as a person types it, and booted again.

The guest's first network namespace is the host, with process 1 above it as on any machine; VM and pod are namespaces beside
it. First boot: the host's table of connections is full (HD408), which no namespace can be mended of; then the speaker is
deaf on a port (HD104), and the fix is applied with --persist, confirmed from another shell, and the machine booted again.
Second boot: the VM is served; --uninstall; it is not.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import click

from scripts.after_a_reboot_files import MASKED, PREPARE
from scripts.mended_guest_files import BOOTED_AGAIN, FILES, MENDED
from scripts.virtual_machine import INIT_SYSTEMD, REPOSITORY, boot, modules_of, unpacked_kernel

DISK_BYTES = 1 << 28


def run_mended() -> bool:
    """Two boots of one disk; what the guest says goes to the terminal as it comes."""
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        room = Path(folder)
        disk = room / "disk"
        with disk.open("wb") as file:
            file.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", str(disk)], check=True)
        return all(_boots(room / name, disk, good) for name, good in (("1", MENDED), ("2", BOOTED_AGAIN)))


def _boots(room: Path, disk: Path, good: str) -> bool:
    room.mkdir()
    devices = ("-nic", "none", "-drive", f"file={disk},if=virtio,format=raw")
    found = False
    with boot(_job(), room, devices, init=INIT_SYSTEMD) as guest:
        for line in guest.stdout or ():
            click.echo(line.rstrip())
            found = found or line.rstrip() == good
    return found


def _job() -> str:
    modules = modules_of(unpacked_kernel())
    files = "\n".join(
        f"mkdir -p $(dirname /new/{path})\ncat > /new/{path} <<'END-OF-FILE'\n{text}END-OF-FILE"
        for path, text in FILES.items()
    )
    words = {
        "@FILES@": files.replace("@REPOSITORY@", str(REPOSITORY)),
        "@MODULES@": str(modules),
        "@RELEASE@": modules.name,
        "@MASKED@": " ".join(MASKED),
    }
    text = PREPARE
    for word, value in words.items():
        text = text.replace(word, value)
    return text
