"""systemd-networkd: a .netdev and a .network for the new interface, and a drop-in for that of the interface below.

Sources: systemd.netdev(5) (MACVLAN), systemd.network(5) (MACVLAN=, [BridgeFDB]). netplan's own files are such .network files
too, below /run; drop-ins of ours live in /etc and survive `netplan apply`.
"""

from __future__ import annotations

from posixpath import basename

from hairpin_doctor.fixes.changes import ConfigFile
from hairpin_doctor.fixes.persistence.own_mac import OwnMacInterface
from hairpin_doctor.fixes.persistence.persistence import Persistence, header
from hairpin_doctor.fixes.persistence.sysctl_settings import sysctl_settings
from hairpin_doctor.fixes.persistence.systemd_unit import removed

FOLDER = "/etc/systemd/network"


def systemd_networkd(wanted: OwnMacInterface, network_file: str, *, ipv6: bool) -> Persistence:
    """`network_file`: the .network file that configures the interface below."""
    link = wanted.link
    stem = f"{FOLDER}/25-hairpin-doctor-{link.name}"
    drop_in = f"{FOLDER}/{basename(network_file)}.d/hairpin-doctor-{link.name}.conf"
    files = (
        ConfigFile(f"{stem}.netdev", _netdev(wanted)),
        ConfigFile(f"{stem}.network", _network(wanted, ipv6=ipv6)),
        ConfigFile(drop_in, _drop_in(wanted)),
    )
    ours = Persistence(
        "systemd-networkd",
        files,
        ("networkctl reload", f"networkctl reconfigure {link.base}"),
        (f"rm -f {' '.join(each.path for each in files)}", "networkctl reload", removed(link.name)),
    )
    return sysctl_settings(link.name, wanted.settings) + ours if wanted.settings else ours


def _netdev(wanted: OwnMacInterface) -> str:
    link = wanted.link
    return header(f"an interface with a MAC of its own on {link.base}") + (
        f"[NetDev]\nName={link.name}\nKind=macvlan\nMACAddress={link.mac}\nMTUBytes={link.mtu}\n\n[MACVLAN]\nMode=bridge\n"
    )


def _network(wanted: OwnMacInterface, *, ipv6: bool) -> str:
    """Without RFC 5227's probes, which networkd sends for link-local addresses: the cluster would start in their 5 s.

    Nobody else is asked for this address, and without one rp_filter drops what comes (systemd.network(5)). An announcer
    answers for an IPv6 VIP only on an interface with a link-local address of IPv6 (RFC 4861 section 7.2.4), which the kernel
    gives an interface that `ip` makes, and networkd one for which it is told to.
    """
    addresses = "".join(
        f"\n[Address]\nAddress={each}\nDuplicateAddressDetection=none\n" for each in wanted.addresses
    )
    routes = "".join(
        f"\n[Route]\nDestination={each.destination}\nMetric={each.metric}\n" for each in wanted.routes
    )
    link_local = "ipv6" if ipv6 else "no"
    return header("up, with link-local addresses and nothing else") + (
        f"[Match]\nName={wanted.link.name}\n\n[Link]\nRequiredForOnline=no\n\n"
        f"[Network]\nLinkLocalAddressing={link_local}\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\n{addresses}{routes}"
    )


def _drop_in(wanted: OwnMacInterface) -> str:
    link = wanted.link
    known = f"\n[BridgeFDB]\nMACAddress={link.mac}\nAssociatedWith=self\n" if wanted.in_fdb else ""
    return header(f"{link.name} lies on this interface") + f"[Network]\nMACVLAN={link.name}\n{known}"
