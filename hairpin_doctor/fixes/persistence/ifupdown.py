"""ifupdown and ifupdown2 (Debian, Proxmox): a stanza of its own in /etc/network/interfaces.d (interfaces(5))."""

from __future__ import annotations

from shlex import quote

from hairpin_doctor.fixes.changes import ConfigFile, FdbEntry, commands_of, undo_of
from hairpin_doctor.fixes.persistence.own_mac import OwnMacInterface
from hairpin_doctor.fixes.persistence.persistence import Persistence, header
from hairpin_doctor.fixes.persistence.systemd_unit import removed

SOURCE = "source /etc/network/interfaces.d/*"


def ifupdown(wanted: OwnMacInterface, *, reads_directory: bool) -> Persistence:
    """The interface is made before it comes up and removed after it went down; what is set on it goes away with it."""
    link = wanted.link
    path = f"/etc/network/interfaces.d/hairpin-doctor-{link.name}"
    remarks = (
        () if reads_directory else (f"Add the line `{SOURCE}` to /etc/network/interfaces, which lacks it.",)
    )
    return Persistence(
        "ifupdown",
        (ConfigFile(path, _stanza(wanted)),),
        (f"ifup {quote(link.name)}",),
        (f"ifdown {quote(link.name)} || true", f"rm -f {path}", removed(link.name)),
        remarks,
    )


def _stanza(wanted: OwnMacInterface) -> str:
    link = wanted.link
    known = (FdbEntry(link.mac, link.base),) if wanted.in_fdb else ()
    method = f"inet static\n    address {wanted.addresses[0]}" if wanted.addresses else "inet manual"
    lines = [
        *(f"pre-up {command}" for command in (*commands_of((link,)), *commands_of(wanted.settings))),
        *(f"up ip addr add {each} dev {quote(link.name)}" for each in wanted.addresses[1:]),
        *(f"up {command} || true" for command in commands_of(known)),
        *(f"down {command} || true" for command in undo_of(known)),
        f"post-down {removed(link.name)}",
    ]
    text = f"auto {link.name}\niface {link.name} {method}\n" + "".join(f"    {line}\n" for line in lines)
    return header(f"an interface with a MAC of its own on {link.base}, which must come up before") + text
