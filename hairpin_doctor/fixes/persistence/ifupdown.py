"""ifupdown and ifupdown2 (Debian, Proxmox): a script in /etc/network/if-up.d that runs whenever an interface has come up.

Not a stanza in interfaces.d: Debian reads that folder before the bridge's own stanza, and `ifup -a` goes by that order, so
that the bridge would not be there yet (docs/design/persistence.md). Sources: interfaces(5), "IFACE OPTIONS"; run-parts(8).
"""

from __future__ import annotations

from shlex import quote

from hairpin_doctor.fixes.changes import ConfigFile, FdbEntry, InterfaceAddress, LinkState, commands_of
from hairpin_doctor.fixes.persistence.own_mac import OwnMacInterface
from hairpin_doctor.fixes.persistence.persistence import Persistence, header
from hairpin_doctor.fixes.persistence.systemd_unit import SEARCH_PATH, removed

FOLDER = "/etc/network/if-up.d"
SCRIPT = """\
#!/bin/sh
{header}[ "$IFACE" = {base} ] || exit 0
[ ! -e /sys/class/net/{name} ] || exit 0 # its second address family
export {path}
{commands} ||
    echo "{name} could not be made on {base}" >&2
exit 0 # {base} itself is up
"""


def ifupdown(wanted: OwnMacInterface) -> Persistence:
    """It goes away with the interface below. run-parts wants a name without a dot."""
    link = wanted.link
    path = f"{FOLDER}/hairpin-doctor-{link.name.replace('.', '-')}"
    base = quote(link.base)
    return Persistence(
        "ifupdown",
        (ConfigFile(path, _script(wanted), 0o755),),
        (f"IFACE={base} {path}",),
        (f"rm -f {path}", removed(link.name)),
    )


def _script(wanted: OwnMacInterface) -> str:
    link = wanted.link
    known = (FdbEntry(link.mac, link.base),) if wanted.in_fdb else ()
    addresses = (InterfaceAddress(each, link.name) for each in wanted.addresses)
    changes = (link, *wanted.settings, *addresses, LinkState(link.name), *wanted.routes, *known)
    return SCRIPT.format(
        header=header(f"an interface with a MAC of its own, whenever {link.base} has come up"),
        base=link.base,
        name=link.name,
        path=SEARCH_PATH,
        commands=" &&\n    ".join(commands_of(changes)),
    )
