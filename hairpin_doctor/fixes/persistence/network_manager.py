"""NetworkManager: a keyfile for the new interface (nm-settings-keyfile(5)), and a unit for the FDB that it does not know."""

from __future__ import annotations

import uuid

from hairpin_doctor.fixes.changes import ConfigFile, FdbEntry
from hairpin_doctor.fixes.persistence.own_mac import OwnMacInterface
from hairpin_doctor.fixes.persistence.persistence import Persistence, header
from hairpin_doctor.fixes.persistence.sysctl_settings import sysctl_settings
from hairpin_doctor.fixes.persistence.systemd_unit import removed, systemd_unit

FOLDER = "/etc/NetworkManager/system-connections"
BRIDGE_MODE = 2  # NM_SETTING_MACVLAN_MODE_BRIDGE
OURS = uuid.UUID("5d4c9d0e-7e0f-4c3c-9b57-0d9a6a9e3f11")


def network_manager(wanted: OwnMacInterface, cluster_units: tuple[str, ...], *, ipv6: bool) -> Persistence:
    """The keyfile must be readable by root alone, or NetworkManager ignores it.

    The cluster waits for the unit, and so for the interface: network-online.target may be reached before NetworkManager has
    made it (docs/design/persistence.md).
    """
    link = wanted.link
    path = f"{FOLDER}/hairpin-doctor-{link.name}.nmconnection"
    found = Persistence(
        "NetworkManager",
        (ConfigFile(path, _keyfile(wanted, ipv6=ipv6), 0o600, "NetworkManager"),),
        (f"nmcli connection load {path}", f"nmcli connection up hairpin-doctor-{link.name}"),
        (
            f"nmcli connection down hairpin-doctor-{link.name} || true",
            f"rm -f {path}",
            "nmcli connection reload",
            removed(link.name),
        ),
    )
    if wanted.settings:
        found = sysctl_settings(link.name, wanted.settings) + found
    if wanted.in_fdb:
        entry = (FdbEntry(link.mac, link.base),)
        there = (
            f"ip addr show dev {link.name} | grep -q -F {wanted.addresses[0]}" if wanted.addresses else None
        )
        found += systemd_unit(f"{link.name}-fdb", entry, cluster_units, (link.base, link.name), until=there)
    return found


def _keyfile(wanted: OwnMacInterface, *, ipv6: bool) -> str:
    """RFC 4122: the id is derived from the MAC, so that writing it anew makes no second connection.

    An announcer of IPv6 VIPs needs a link-local address of IPv6 on its interface; eui64: the one that the kernel gives. The
    routes that it answers by belong here: of what others set, NetworkManager leaves nothing when it brings the link up.
    """
    link_local = "addr-gen-mode=eui64\nmethod=link-local" if ipv6 else "method=disabled"
    link = wanted.link
    routes = "".join(
        f"route{number}={each.destination},::,{each.metric}\n" for number, each in enumerate(wanted.routes, 1)
    )
    addresses = "".join(f"address{number}={each}\n" for number, each in enumerate(wanted.addresses, 1))
    return header(f"an interface with a MAC of its own on {link.base}") + (
        f"[connection]\nid=hairpin-doctor-{link.name}\nuuid={uuid.uuid5(OURS, link.mac)}\ntype=macvlan\n"
        f"interface-name={link.name}\nautoconnect=true\n\n"
        f"[ethernet]\ncloned-mac-address={link.mac}\nmtu={link.mtu}\n\n"
        f"[macvlan]\nmode={BRIDGE_MODE}\nparent={link.base}\n\n"
        f"[ipv4]\nmethod={'manual' if wanted.addresses else 'disabled'}\n{addresses}never-default=true\n\n"
        f"[ipv6]\n{link_local}\n{routes}"
    )
