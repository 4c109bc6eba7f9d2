"""The backend does not see its clients' addresses: the node puts its own in their place.

Why: Under externalTrafficPolicy Cluster the service proxy masquerades what comes from outside, so that answers return by the
node that translated, wherever the endpoint is. Access lists, logs and limits per client in the backend then see nodes.
Seen as: Everything works; the backend's log shows one address for all clients.
Told apart from: HD505 by the traffic, which works; HD510 by the answers, where the backend refuses by that address.
By hand: On the node: the second tuple of the flow shows to whom the backend answers.
    conntrack -L -d VIP
Fix: Policy Local, if the announcing nodes have endpoints of their own; nothing, where nobody needs the address.
Unsure when: The host was not scanned, or its connection tracking could not be read.
References: https://kubernetes.io/docs/tutorials/services/source-ip/; conntrack(8).
"""

from __future__ import annotations

from hairpin_doctor.fixes.service_object import policy_local
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.translation import translated_flows
from hairpin_doctor.vantage_point import VantagePoint
from probes.questions.firewall import TrackedConnection
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, Protocol
from probes.tcp import TcpFacts, frames_sent


@rule("HD509", "source-address-hidden", Severity.NOTE, ipv6=Ipv6.PROVEN)
def source_address_hidden(network: Network, vip: Address) -> Verdict:
    """A client's answered flow whose answers are expected at another address than the client's."""
    if not network.clients(vip):
        raise network.need_client(vip, f"whether the backend of {vip} sees its clients' addresses")
    if not network.hosts(vip):
        raise network.need_host(vip, "whether it hides the clients' addresses from the backend")
    for client in network.working(vip):
        for host in network.hosts(vip):
            for flow in _of_now(host, client, vip, translated_flows(host, client, vip)):
                if flow.seen_reply and flow.reply.destination != flow.original.source:
                    return _diagnosis(vip, client, host, flow)
    return Cleared(f"no answered connection to {vip} has its source replaced, as far as it is tracked")


def _of_now(
    host: VantagePoint, client: VantagePoint, vip: Address, flows: tuple[TrackedConnection, ...]
) -> tuple[TrackedConnection, ...]:
    """The connections of this very scan, where a capture tells which they are: older ones outlive a change of policy.

    Else those that the rules still hide: a UDP flow is remembered for two minutes.
    """
    tcp = client.findings.get(TcpFacts)
    ports = {frame.source.port for answer in (tcp.of(vip) if tcp else ()) for frame in frames_sent(answer)}
    own = (each for each in flows if each.protocol is Protocol.TCP and each.original.source_port in ports)
    return tuple(own) or tuple(each for each in flows if not _kept_by_now(host, vip, each))


def _kept_by_now(host: VantagePoint, vip: Address, flow: TrackedConnection) -> bool:
    """Whether the host's rules, as they are now, leave the source of such a flow alone."""
    rules, port = host.findings.get(ServiceRulesFacts), flow.original.destination_port
    found = rules.at(vip, port, flow.protocol) if rules and port else ()
    return bool(found) and all(each.masquerade is False for each in found)


def _diagnosis(vip: Address, client: VantagePoint, host: VantagePoint, flow: TrackedConnection) -> Diagnosis:
    rules = host.findings.get(ServiceRulesFacts)
    service = next((each.service for each in (rules.programmed(vip) if rules else ()) if each.service), None)
    return Diagnosis(
        summary=f"the backend of {vip} sees {flow.reply.destination} instead of its clients' addresses",
        because=(
            f"{host.name} tracks a connection of {client.name} ({flow.original.source}) to {vip}: it goes on to "
            f"{flow.reply.source}, and the answers are expected at {flow.reply.destination}.",
        ),
        severity=Severity.NOTE,
        confidence=Confidence.PROVEN,
        fixes=(policy_local(service, vip, client.name),) if service else (),
    )
