"""An announcing interface also answers ARP for the node's own address (ARP flux).

Why: Linux answers for any of its addresses on any interface unless arp_ignore is 1 there (arp_process, net/ipv4/arp.c).
An interface beside the bridge, such as a macvlan on it, thus claims the node's address with a second MAC. Any
rp_filter hides it from ordinary requests, though not from address probes with sender 0.0.0.0 (RFC 5227).
Seen as: Two MACs for the node's address; ssh or the API server may break when the traffic takes the other interface.
Told apart from: HD106 (two MACs for the VIP) by the address; HD203 and HD310 by the owner: both MACs are this machine's.
By hand: On a client, watch an address probe (sender 0.0.0.0) be answered by two MACs of the node; arping itself may end with
the first answer (-D is iputils' option; Debian's package `arping` has -0 for it).
    tcpdump -eni IF arp and host NODE_ADDRESS
    arping -D -c 3 -I IF NODE_ADDRESS
    ip -br link
    sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.IF.arp_ignore
Fix: arp_ignore=1 on the announcing interface; a speaker is not affected, since it answers by itself.
Unsure when: The host was not scanned.
References: net/ipv4/arp.c; RFC 5227; Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.attachment import ipv4_addresses
from hairpin_doctor.fixes.changes import Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link
from probes.target import Address


@rule("HD208", "node-address-has-two-macs", Severity.LATENT, ipv6=Ipv6.NEVER)
def node_address_has_two_macs(network: Network, vip: Address) -> Verdict:
    """Heard by a client, or certain from the host's own settings."""
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, "which addresses are the node's own")
    for host in hosts:
        for link, address in _addresses_with_neighbours(host):
            heard = _heard(network, host, address)
            if heard:
                return _diagnosis(host, link, address, heard, measured=True)
            beside = [each for each in _beside(host, link) if _answers_for_everything(host, each)]
            if beside and beside[0].mac and link.mac:
                return _diagnosis(host, link, address, (link.mac, beside[0].mac), measured=False)
    return Cleared(f"each address of {names(hosts)} is answered by one interface")


def _addresses_with_neighbours(host: VantagePoint) -> Iterator[tuple[Link, Address]]:
    for link in host.findings[InterfaceFacts].links:
        if link.kind is None or link.bridge is not None or link.kind in ("veth", "vlan", "bond", "team"):
            for address in ipv4_addresses(link):
                if not (address.is_loopback or address.is_link_local) and link.mac:
                    yield link, address


def _heard(network: Network, host: VantagePoint, address: Address) -> tuple[str, ...]:
    """Two MACs for the address at one client, both of this host."""
    for each in network.vantage_points:
        arp = each.findings.get(ArpFacts)
        macs = arp.macs(address) if arp else ()
        own = {owner.link.mac for mac in macs for owner in network.owners(mac) if owner.vantage_point is host}
        if len(own) > 1:
            return tuple(mac for mac in macs if mac in own)
    return ()


def _beside(host: VantagePoint, link: Link) -> list[Link]:
    """Interfaces that hear the same broadcasts: stacked on it, or a veth into the same bridge."""
    interfaces = host.findings[InterfaceFacts]
    ports = {port.index for port in interfaces.ports_of(link)}
    through_veth = [
        each for each in interfaces.links if each.kind == "veth" and each.lower in ports and not each.master
    ]
    macvlans = [each for each in interfaces.stacked_on(link) if each.kind == "macvlan"]
    return [each for each in (*macvlans, *through_veth) if each.up and each.arp]


def _answers_for_everything(host: VantagePoint, link: Link) -> bool:
    """arp_ignore 0, and no reverse path filter that would hide it from ordinary requests."""
    settings = host.findings[InterfaceSysctlFacts].of(link.name)
    return settings is not None and settings.arp_ignore == 0 and settings.rp_filter == 0


def _second_answerer(host: VantagePoint, link: Link, macs: tuple[str, ...]) -> str:
    """The interface that answers though the address is not its own; a port that lends its MAC to its bridge is none."""
    interfaces = host.findings[InterfaceFacts]
    others = [owner for mac in macs if mac != link.mac for owner in interfaces.by_mac(mac)]
    ports_last = sorted(others, key=lambda each: each.master is not None)
    return next((each.name for each in ports_last if each.index != link.index), link.name)


def _diagnosis(
    host: VantagePoint, link: Link, address: Address, macs: tuple[str, ...], *, measured: bool
) -> Diagnosis:
    name = _second_answerer(host, link, macs)
    if measured:
        seen = f"{address}, the address of {host.name} on {link.name}, is answered by {' and '.join(macs)}."
    else:
        seen = (
            f"{name} ({macs[-1]}) hears the segment of {link.name} with arp_ignore 0 and rp_filter 0: "
            f"it answers for {address} too."
        )
    step = Step(
        place="host",
        machine=host.name,
        why=f"{name} then answers only for addresses of its own",
        changes=(Sysctl(f"net/ipv4/conf/{name}/arp_ignore", 1, 0),),
    )
    check = (
        f"on a machine in the segment: `tcpdump -eni IF arp and host {address}` shows one MAC answer, while beside it runs "
        f"`arping -D -I IF {address}` (iputils' arping; it ends with the first answer)"
    )
    caution = f"Not where {name} is to answer for an address that another interface carries."
    return Diagnosis(
        summary=f"{name} also answers ARP for {address}, the own address of {host.name}",
        because=(seen,),
        severity=Severity.LATENT,
        confidence=Confidence.PROVEN if measured else Confidence.LIKELY,
        fixes=(Fix(f"Let {name} answer only for its own addresses", (step,), check, (caution,)),),
    )
