"""Where a machine hears questions for a VIP: by ARP listeners, or for IPv6 in the group in which the VIP is asked for."""

from __future__ import annotations

from ipaddress import IPv6Address

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts, ArpListener
from probes.interfaces import InterfaceFacts
from probes.multicast import MulticastFacts
from probes.target import Address, solicited_node


def listeners(machine: VantagePoint, vip: Address) -> tuple[ArpListener, ...]:
    """Programs that would hear a question for the VIP; of IPv6 only the interfaces are known. Raises MissingFacts.

    An interface that holds an address with the VIP's last 24 bits is in the VIP's group by that, and left out.
    """
    if not isinstance(vip, IPv6Address):
        return machine.findings[AnnouncerFacts].listeners
    joined = machine.findings[MulticastFacts].listening(vip)
    group = solicited_node(vip)
    return tuple(
        ArpListener(link.name, None)
        for link in machine.findings[InterfaceFacts].links
        if link.index in joined
        if not any(
            isinstance(own.address, IPv6Address) and solicited_node(own.address) == group
            for own in link.addresses
        )
    )


def listening_interfaces(machine: VantagePoint, vip: Address) -> tuple[str, ...]:
    """Their interfaces, each once. Raises MissingFacts."""
    return tuple(dict.fromkeys(each.interface for each in listeners(machine, vip)))


def known_to_listen(machine: VantagePoint, vip: Address) -> bool | None:
    """Whether anybody there does; None where that could not be seen."""
    try:
        return bool(listeners(machine, vip))
    except MissingFacts:
        return None


def known_listeners(machine: VantagePoint, vip: Address) -> None:
    """Raises MissingFacts where an ARP listener's process is hidden: DHCP clients listen for ARP too."""
    if vip.version == 4 and machine.findings[AnnouncerFacts].unnamed():
        what = f"which process listens for ARP on {machine.name}"
        raise MissingFacts(what, machine.name, f"run the scan on {machine.name} as root")
