"""A bridged frame is translated to a backend behind the very port it came in by, and hairpin mode is off there.

Why: With br_netfilter the host's DNAT acts on frames that are only bridged. The translated frame must leave by the port
it came in, which a bridge refuses (should_deliver, net/bridge/br_forward.c) unless hairpin_mode is set on that port. A pod
of another node is behind that port too where the client and that node are: the LAN's.
Seen as: ARP and ping work, TCP and UDP to the service port get silence; other clients are served.
Told apart from: HD303 by the backend, which is alive and behind the client's own port; HD305 by the FORWARD chain, which
drops nothing.
By hand: Client and backend are learned on one port, and hairpin is off there.
    bridge fdb show br BRIDGE
    bridge -d link show dev PORT | grep -o 'hairpin o[nf]*'
    sysctl net.bridge.bridge-nf-call-iptables
    conntrack -L -d VIP
Fix: Hairpin mode on that port, or keep the host's rules off bridged frames (see HD303).
Unsure when: The host does not know the backend's MAC, or it is in no forwarding database.
References: net/bridge/br_forward.c; bridge(8); metallb/metallb#535; kubernetes/kubernetes#13375.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.bridged_frames import iptables_off
from hairpin_doctor.fixes.changes import BridgePortFlag
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import stopped_first
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    attachment_of,
    behind_the_clients_port,
    intercepted,
    live_macs,
    names,
    of_failing_clients,
    symptom,
    translated,
)
from hairpin_doctor.translation import tracked_without_reply
from hairpin_doctor.vantage_point import VantagePoint
from probes.br_netfilter import BrNetfilterFacts
from probes.endpoints import EndpointFacts, EndpointFound
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.probe import Scope
from probes.questions.links import Link
from probes.questions.traffic import Endpoint
from probes.service_rules import ProgrammedPort
from probes.target import Address, resolution


@dataclass(frozen=True)
class _Behind:
    """A backend behind the client's own port; `way`: its address, or that of the next hop to it."""

    port: ProgrammedPort
    endpoint: Endpoint
    mac: str
    interface: Link
    way: Address


@rule("HD304", "hairpin-off-on-port", Severity.BROKEN, explains=("HD302", "HD303"), ipv6=Ipv6.PROVEN)
def hairpin_off_on_port(network: Network, vip: Address) -> Verdict:
    """Client and backend behind one port, DNAT on bridged frames, hairpin_mode 0."""
    return of_failing_clients(network, vip, _judge)


def _intercepted_anywhere(network: Network, vip: Address) -> None:
    """Raises NotThis where br_netfilter acts on no bridge of any host: then it does not matter where the client hangs."""
    hosts = network.hosts(vip)
    known = [(each.findings.get(BrNetfilterFacts), each.findings.get(InterfaceFacts)) for each in hosts]
    if hosts and not any(
        facts is None
        or links is None
        or any(facts.intercepts(bridge.name, vip.version) for bridge in links.bridges())
        for facts, links in known
    ):
        raise NotThis(f"br_netfilter acts on no bridge of {names(hosts)}")


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    _intercepted_anywhere(network, vip)
    attachment = attachment_of(network, client, vip)
    host, port = attachment.host, attachment.port
    if port is None or port.port is None:
        return Cleared(f"{client.name} is behind no bridge port of {host.name}")
    if not intercepted(attachment, vip):
        return Cleared(f"br_netfilter does not act on frames that {attachment.interface.name} bridges")
    if port.port.hairpin_mode:
        return Cleared(f"hairpin_mode is on at {port.name}")
    macs = live_macs(client, vip)
    if not macs:
        return Cleared(
            f"nobody answers {resolution(vip)} for {vip} at {client.name}: it sends no frame that could be translated"
        )
    near = [mac for mac in macs if behind_the_clients_port(attachment, mac)]
    if near:
        return Cleared(
            f"{near[0]}, which answers, is behind {port.name} too: the frames do not cross the bridge"
        )
    behind = _behind_the_same_port(attachment, vip, client.scope)
    dropped = stopped_first(attachment, client, vip)
    if dropped:
        return Cleared(f"a rule stops the frames before they would have to leave again: {dropped[0]}")
    if tracked_without_reply(host, client, vip) is False:
        return Cleared(f"{host.name} tracks answered connections of {client.name} to {vip}")
    because = (
        symptom(client, vip),
        f"br_netfilter hands frames bridged by {attachment.interface.name} to {host.name}'s rules, "
        f"which send {Endpoint(vip, behind.port.port)} to {behind.endpoint} ({behind.port.backend}).",
        f"{behind.way} ({behind.mac}) is behind {port.name}, and so is {client.name}.",
        f"hairpin_mode is off at {port.name}: a frame does not leave by the port it came in.",
    )
    return Diagnosis(
        summary=f"{vip} is translated to {behind.endpoint} behind {port.name}, the port of {client.name}, with hairpin off",
        because=because,
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(
            _hairpin_on(host.name, port.name, vip, client.name),
            iptables_off(attachment, vip, client.name),
        ),
        ruled_out=("HD303: the backend is reachable for the host, by the client's own port.",),
    )


def _behind_the_same_port(attachment: Attachment, vip: Address, scope: Scope) -> _Behind:
    host, client_port = attachment.host, attachment.port
    endpoints, fdb = host.findings[EndpointFacts], host.findings[ForwardingDatabaseFacts]
    ports = translated(host, vip, scope)
    if not ports:
        raise NotThis(f"no rule of {host.name} translates {vip}")
    for port in ports:
        for endpoint in port.endpoints:
            found = endpoints.of(endpoint, port.protocol)
            mac = _next_mac(attachment, found)
            hop = found.route.gateway if found and found.route else None
            for entry in fdb.learned(mac) if mac else ():
                if client_port is not None and entry.port == client_port.index:
                    return _Behind(port, endpoint, entry.mac, client_port, hop or endpoint.address)
    raise NotThis(f"no backend of {vip} is behind {client_port.name if client_port else 'the port'}")


def _hairpin_on(host: str, port: str, vip: Address, client: str) -> Fix:
    step = Step(
        place="host",
        machine=host,
        why=f"frames may then leave by {port}, the port they came in",
        changes=(BridgePortFlag(port, "hairpin", 1, 0),),
    )
    caution = f"Set it where the guest's network is defined: {port} is made anew when the guest starts."
    return Fix(f"Turn hairpin mode on at {port}", (step,), check_from_client(vip, client), (caution,))


def _next_mac(attachment: Attachment, endpoint: EndpointFound | None) -> str | None:
    """Where the translated frame goes next: the endpoint's own MAC, or that of the next hop which the bridge leads to."""
    if endpoint is None or endpoint.route is None or endpoint.route.gateway is None:
        return endpoint.mac if endpoint else None
    return endpoint.next_hop_mac if endpoint.route.interface == attachment.interface.name else None
