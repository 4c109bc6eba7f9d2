"""`make lab-vm`: a whole host that is mended by the command line as a person types it, and booted again.

The guest's first network namespace is the host, with process 1 above it as on any machine; VM and pod are namespaces beside
it. HD408: the host's table of connections is full, which no namespace can be mended of; applied, confirmed from another
shell, rolled back. HD104: the speaker is deaf on a port; applied with --persist, confirmed, and the machine booted again.
Second boot: the VM is served; --uninstall; it is not.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from scripts.after_a_reboot_files import MASKED, PREPARE
from scripts.guest_disk import boots_well, new_disk
from scripts.mended_guest_files import MENDED, STORIES, files
from scripts.virtual_machine import modules_of, unpacked_kernel


def run_mended(code: str) -> bool:
    """All boots of one disk; what the guest says goes to the terminal as it comes. `code`: a key of STORIES."""
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        room = Path(folder)
        disk = new_disk(room)
        return all(_boots(room / str(number), disk, code) for number, _ in enumerate(STORIES[code]))


def _boots(room: Path, disk: Path, code: str) -> bool:
    room.mkdir()
    return boots_well(_job(code), room, disk, MENDED)


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
