"""The host's own DNAT acts on frames that are only bridged to another machine, and the flow never comes back.

Why: br_netfilter passes bridged IPv4 frames through iptables (net/bridge/br_netfilter_hooks.c). A Kubernetes node has
rules for every Service of its cluster, so it translates a VIP that another machine announces and serves. Where this
host cannot return that flow (its backend is dead or elsewhere, the client's subnet is not the host's), it dies here. The
same happens where this host does serve the VIP, but beyond the bridge of the client (Proxmox' firewall bridges, two bridges
joined by a veth): the first bridge already translates, and the answer, translated back, crosses it once more as a flow
that connection tracking does not know. TCP's is INVALID, UDP's gets another source port.
Seen as: ARP and ping work, TCP and UDP to the service port get silence, other ports of the VIP's owner work.
Told apart from: HD304 by the backend, which is not behind the client's port; HD305 by the FORWARD chain, which drops
nothing; HD503 by the VIP's owner, which is another machine than the one whose rules act.
By hand: On the host whose bridge the client hangs on: the switch is on, and the destination is rewritten between port and
bridge.
    sysctl net.bridge.bridge-nf-call-iptables
    ip -d link show dev BRIDGE | grep -o 'nf_call_iptables [01]'
    tcpdump -eni PORT host VIP
    conntrack -L -d VIP
Fix: Take these frames out of translation, or switch br_netfilter off for this bridge and keep it for the pods' bridge.
Unsure when: Connection tracking could not be read: then the translation is predicted from the rules, not seen.
References: net/bridge/br_netfilter_hooks.c; harvester/harvester#4359; canonical/microk8s#3522;
https://wiki.libvirt.org/Net.bridge.bridge-nf-call_and_sysctl.conf.html.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.fixes.bridged_frames import iptables_off, leave_untranslated
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.packet_filter import stopped_first
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    attachment_of,
    behind_the_clients_port,
    intercepted,
    live_macs,
    of_failing_clients,
    symptom,
    translated,
)
from hairpin_doctor.translation import failing_flows
from hairpin_doctor.vantage_point import VantagePoint
from probes.endpoints import EndpointFacts
from probes.interfaces import InterfaceFacts
from probes.questions.firewall import TrackedConnection
from probes.questions.traffic import Endpoint
from probes.service_rules import ProgrammedPort
from probes.target import Address, resolution


@dataclass(frozen=True)
class _Evidence:
    client: VantagePoint
    attachment: Attachment
    port: ProgrammedPort
    owner_mac: str
    own: Owner | None


@rule("HD303", "bridged-frames-hit-host-nat", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def bridged_frames_hit_host_nat(network: Network, vip: Address) -> Verdict:
    """Who answers for the VIP is beyond this host's bridge, and its rules translate the client's frames on the way."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    evidence = _gather(network, client, vip)
    host = evidence.attachment.host
    flows = failing_flows(host, client, vip)
    if evidence.own is not None:
        return _met_again(evidence, evidence.own, vip, flows)
    if flows and all(flow.seen_reply for flow in flows):
        return Cleared(f"{host.name} tracks answered connections of {client.name} to {vip}")
    dropped = stopped_first(evidence.attachment, client, vip)
    if dropped:
        return Cleared(f"a rule stops the flow before that: {dropped[0]}")
    return _diagnosis(evidence, vip, bool(flows))


def _gather(network: Network, client: VantagePoint, vip: Address) -> _Evidence:
    macs = live_macs(client, vip)
    if not macs:
        raise NotThis(f"nobody answers {resolution(vip)} for {vip} at {client.name}")
    attachment = attachment_of(network, client, vip)
    host = attachment.host
    if not intercepted(attachment, vip):
        raise NotThis(f"br_netfilter does not act on frames that {attachment.interface.name} bridges")
    own = [owner for mac in macs for owner in network.owners(mac) if owner.vantage_point is host]
    if own and not _beyond(attachment, own[0]):
        raise NotThis(
            f"{host.name} answers for {vip} itself ({own[0].link.name}): its frames are not merely bridged"
        )
    near = [mac for mac in macs if behind_the_clients_port(attachment, mac)]
    if near:
        raise NotThis(
            f"{near[0]}, which answers, is behind the same port of {host.name} as {client.name}: "
            "their frames do not cross the bridge"
        )
    ports = translated(host, vip, client.scope)
    if not ports:
        raise NotThis(f"no rule of {host.name} translates {vip}")
    return _Evidence(client, attachment, ports[0], macs[0], next(iter(own), None))


def _beyond(attachment: Attachment, owner: Owner) -> bool:
    """Whether the host's own interface that answers is another one than the client's bridge, its ports and what is on it."""
    bridge, interfaces = attachment.interface, attachment.host.findings[InterfaceFacts]
    near = (bridge, *interfaces.ports_of(bridge), *interfaces.stacked_on(bridge))
    return owner.link.index not in {each.index for each in near}


def _met_again(
    evidence: _Evidence, own: Owner, vip: Address, flows: tuple[TrackedConnection, ...]
) -> Verdict:
    client, attachment, port = evidence.client, evidence.attachment, evidence.port
    host, bridge = attachment.host, attachment.interface.name
    if not any(flow.seen_reply for flow in flows):
        return Cleared(f"{host.name} tracks no answer to {client.name} that could cross {bridge} again")
    return Diagnosis(
        summary=f"{bridge} of {host.name} already translates frames for {vip}, and meets the answers to {client.name} again",
        because=(
            symptom(client, vip),
            f"{own.link.name} of {host.name} answers for {vip} ({own.link.mac}); the frames of {client.name} come in by "
            f"{attachment.port.name if attachment.port else bridge} and cross {bridge} on their way there.",
            f"br_netfilter hands them to the rules of {host.name} on {bridge} already, which send "
            f"{Endpoint(vip, port.port)} to {', '.join(map(str, port.endpoints))} ({port.backend}).",
            f"{host.name} tracks the flow as answered: the answer, translated back, crosses {bridge} as a flow of its own.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(
            leave_untranslated(attachment, vip, evidence.owner_mac, client.name, own=True),
            iptables_off(attachment, vip, client.name),
        ),
        ruled_out=(
            "HD503: the backend answers.",
            "HD406, HD402: the answer leaves towards the client's bridge.",
        ),
    )


def _diagnosis(evidence: _Evidence, vip: Address, seen: bool) -> Diagnosis:
    client, attachment, port = evidence.client, evidence.attachment, evidence.port
    host, bridge = attachment.host, attachment.interface
    because = [
        symptom(client, vip),
        f"{evidence.owner_mac} answers for {vip}: another machine, not {host.name}, whose {bridge.name} only bridges there.",
        f"br_netfilter hands those frames to the rules of {host.name}, which send {Endpoint(vip, port.port)} to "
        f"{', '.join(map(str, port.endpoints))} ({port.backend}).",
    ]
    if seen:
        because.append(f"{host.name} tracks the flow of {client.name} as translated and [UNREPLIED].")
    because.extend(_dead_backends(host, port))
    return Diagnosis(
        summary=f"{host.name} translates frames for {vip} that it should only bridge, and the flow of {client.name} is lost",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if seen else Confidence.LIKELY,
        fixes=(
            leave_untranslated(attachment, vip, evidence.owner_mac, client.name),
            iptables_off(attachment, vip, client.name),
        ),
        ruled_out=(
            "HD304: no backend is behind the client's own port.",
            "HD305: the FORWARD chain drops nothing of it.",
        ),
    )


def _dead_backends(host: VantagePoint, port: ProgrammedPort) -> list[str]:
    facts = host.findings.get(EndpointFacts)
    found = (facts.of(end, port.protocol) for end in port.endpoints) if facts else iter(())
    return [
        f"Asked directly, {each.endpoint} does not answer {host.name}."
        for each in found
        if each and each.answers is False
    ]
