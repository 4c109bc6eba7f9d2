"""Where multicast solicitations for an IPv6 VIP are lost between a client and who would answer: at a scanned bridge?"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.multicast import MulticastFacts
from probes.questions.links import Link
from probes.target import solicited_node


@dataclass(frozen=True)
class Kept:
    """A bridge that keeps solicitations back. `unflooded`: the port towards the announcer, where its mcast_flood does it."""

    host: VantagePoint
    bridge: Link
    sentence: str
    sure: bool
    unflooded: Link | None = None


def kept_back(network: Network, client: VantagePoint, vip: IPv6Address, mac: str) -> Kept | str:
    """The bridge that keeps the client's solicitations from the station of this MAC; a sentence where none is seen to."""
    passed: list[str] = []
    for attachment in network.bridged_by(client, vip):
        way_out = _way_out(attachment, network, mac)
        if way_out is None:
            continue
        found = _judged(attachment, way_out, vip)
        if found is not None:
            return found
        passed.append(f"{attachment.interface.name} of {attachment.host.name}")
    if passed:
        return f"{', '.join(passed)} does not keep them back; what else is in between was not scanned."
    return "Which bridge or switch in between keeps them back is seen only there: one that snoops MLD does."


def _way_out(attachment: Attachment, network: Network, mac: str) -> Link | None:
    """The port behind which the station is, the bridge itself where it is on it; None where it is not across the bridge."""
    host, bridge = attachment.host, attachment.interface
    interfaces = host.findings[InterfaceFacts]
    for owner in network.owners(mac):
        if owner.vantage_point is host and owner.link in (bridge, *interfaces.stacked_on(bridge)):
            return bridge
    for entry in host.findings[ForwardingDatabaseFacts].learned(mac):
        port = interfaces.by_index(entry.port)
        if entry.bridge == bridge.index and port is not None and port != attachment.port:
            return port
    return None


def _judged(attachment: Attachment, way_out: Link, vip: IPv6Address) -> Kept | None:
    host, bridge, group = attachment.host, attachment.interface, solicited_node(vip)
    facts = host.findings[MulticastFacts].bridge(bridge.index)
    if facts is None:
        return None
    member = any((each.port, each.group) == (way_out.index, group) for each in facts.members)
    where = f"by {bridge.name} itself" if way_out == bridge else f"behind its port {way_out.name}"
    if facts.snooping and facts.querier is not False:
        if member or way_out.index in facts.routers:
            return None
        querier = (
            "knows of a querier"
            if facts.querier
            else "may know of a querier, which this kernel does not tell"
        )
        sentence = (
            f"{bridge.name} of {host.name} snoops MLD and {querier}, and {group} was not joined {where}: "
            "solicitations for that group go elsewhere only."
        )
        return Kept(host, bridge, sentence, sure=bool(facts.querier))
    if way_out.port is None or way_out.port.multicast_flood is not False:
        return None
    sentence = (
        f"Port {way_out.name} of {bridge.name} of {host.name} has mcast_flood off, and without a querier "
        f"{bridge.name} floods all multicast: nothing of it goes out there."
    )
    return Kept(host, bridge, sentence, sure=True, unflooded=way_out)
