"""The bridge does not know the MAC of the announcing interface and floods every frame to it out of all ports.

Why: A bridge learns MACs from frames that come in by a port. What this host itself sends by a macvlan on the bridge teaches
it nothing, so that MAC stays unknown and every frame of a guest to the VIP goes out of the uplink to the whole LAN.
Seen as: All works, but the LAN sees the guests' traffic to the VIP, and links fill up.
Told apart from: Ordinary unknown-unicast flooding by the missing forwarding entry for an interface of this very host.
By hand: The bridge has no entry for the MAC that announces; on the uplink, watch the guests' frames to it leave.
    bridge fdb show br BRIDGE | grep -i MAC
    tcpdump -eni UPLINK ether dst MAC
Fix: A permanent entry of the bridge itself for that MAC.
Unsure when: The forwarding database could not be read.
References: net/bridge/br_fdb.c; bridge(8); metallb/metallb#2910.
"""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from hairpin_doctor.fixes.changes import FdbEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.listening import listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link
from probes.target import Address


@rule("HD309", "macvlan-floods-lan", Severity.LATENT, ipv6=Ipv6.PROVEN)
def macvlan_floods_lan(network: Network, vip: Address) -> Verdict:
    """A macvlan on a bridge announces, and the bridge has no entry for its MAC."""
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, "what the host's bridge knows")
    for host in hosts:
        fdb = host.findings[ForwardingDatabaseFacts]
        for link, bridge in _announcing_macvlans(network, host, vip):
            if link.mac and not fdb.knows(link.mac, bridge.index):
                return _diagnosis(host, link, bridge)
    return Cleared(f"the bridges of {names(hosts)} know the MACs that announce")


def _announcing_macvlans(network: Network, host: VantagePoint, vip: Address) -> Iterator[tuple[Link, Link]]:
    """Macvlans on a bridge that has ports, which answer a client for the VIP or on which somebody listens for ARP."""
    interfaces = host.findings[InterfaceFacts]
    listening = listening_interfaces(host, vip)
    answering = {
        mac for each in network.clients(vip) if (arp := each.findings.get(ArpFacts)) for mac in arp.macs(vip)
    }
    for bridge in interfaces.bridges():
        for link in interfaces.stacked_on(bridge):
            announces = link.mac in answering if answering else link.name in listening
            if link.kind == "macvlan" and link.up and interfaces.ports_of(bridge) and announces:
                yield link, bridge


def _diagnosis(host: VantagePoint, link: Link, bridge: Link) -> Diagnosis:
    step = Step(
        place="host",
        machine=host.name,
        why=f"{bridge.name} then takes frames to {link.mac} up instead of sending them out of every port",
        changes=(FdbEntry(link.mac or "", bridge.name),),
    )
    return Diagnosis(
        summary=f"{bridge.name} of {host.name} floods all traffic to {link.name} out of every port",
        because=(
            f"{link.name} ({link.mac}) is a macvlan on {bridge.name}, and it announces.",
            f"The forwarding database of {bridge.name} has no entry for {link.mac}, so that frames to it are flooded.",
        ),
        severity=Severity.LATENT,
        confidence=Confidence.LIKELY,
        fixes=(
            Fix(
                f"Tell {bridge.name} that {link.mac} is its own",
                (step,),
                f"bridge fdb get {link.mac} br {quote(bridge.name)} (it must find an entry)",
                ("It goes away with the bridge: set it where the host configures its network.",),
            ),
        ),
    )
