"""Who listens for ARP with a packet socket, and on which interface: the sign of an L2 announcer on this machine.

Cannot see which addresses it answers for. MetalLB opens such a socket on every up, broadcast, master-less interface
before it reads its configuration, in BGP mode too; DHCP clients open some for address conflict detection (RFC 5227).
Process names need root.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Links
from probes.questions.sockets import PacketSockets

ETH_P_ARP = 0x0806
ADDRESS_CONFIGURATION = {
    "dhclient",
    "dhcpcd",
    "udhcpc",
    "systemd-network",
    "systemd-networkd",
    "NetworkManager",
    "avahi-autoipd",
    "avahi-daemon",
    "connmand",
    "wpa_supplicant",
}


@dataclass(frozen=True)
class ArpListener:
    """A process (name where visible) that listens for ARP on an interface."""

    interface: str
    process: str | None


@dataclass(frozen=True)
class AnnouncerFacts:
    """ARP listeners that are not known to do address configuration only."""

    listeners: tuple[ArpListener, ...]

    def unnamed(self) -> bool:
        """Whether some listener's process could not be seen: it may do address configuration only."""
        return any(each.process is None for each in self.listeners)

    def interfaces(self) -> tuple[str, ...]:
        """The interfaces on which somebody listens for ARP."""
        return tuple(dict.fromkeys(each.interface for each in self.listeners))


@probe(Layer.ANNOUNCEMENT)
def announcers(host: Host, _: Scope) -> AnnouncerFacts:
    """Read the packet sockets; one that is bound to no interface hears on all of them and is left out."""
    names = {link.index: link.name for link in host.ask(Links())}
    found = (
        ArpListener(names[each.interface], each.process)
        for each in host.ask(PacketSockets())
        if each.ethertype == ETH_P_ARP
        and each.interface in names
        and each.process not in ADDRESS_CONFIGURATION
    )
    return AnnouncerFacts(tuple(dict.fromkeys(found)))
