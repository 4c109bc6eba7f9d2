"""Frames that the host merely bridges are dropped by its FORWARD rules, because br_netfilter shows them to iptables.

Why: With bridge-nf-call-iptables (for IPv6 bridge-nf-call-ip6tables) a bridged frame passes the FORWARD chains of the rules
(net/bridge/br_netfilter_hooks.c). Docker's policy DROP, a firewall, or the drop rule of a Service without a local
endpoint there stop traffic between two other machines.
Seen as: ARP works; TCP and UDP get silence. Ping too, unless a rule accepts ICMP or only the service's ports are dropped.
Of IPv6, the solicitations may be stopped as well: then nobody answers at all.
Told apart from: HD303 and HD304, whose frames pass FORWARD and are lost by translation; HD405 by the receiver of the
frames, which is another machine.
By hand: The counter of a rule or policy in FORWARD rises with every try of the client.
    sysctl net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables
    iptables -vnL FORWARD
    nft list ruleset
Fix: Accept bridged frames before that rule; or keep iptables off the bridge (see HD303).
Unsure when: The machine whose bridge the client hangs on was not scanned.
References: net/bridge/br_netfilter_hooks.c; https://docs.docker.com/engine/network/packet-filtering-firewalls/;
https://wiki.libvirt.org/Net.bridge.bridge-nf-call_and_sysctl.conf.html.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.attachment import Attachment, segment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.allow import accept_bridged, allow
from hairpin_doctor.fixes.bridged_frames import iptables_off, leave_untranslated
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.listening import listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import (
    Stopped,
    failing_ports,
    refused_by_proxy,
    stopped_solicitation,
    stopped_while_bridged,
)
from hairpin_doctor.rule import Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    behind_the_clients_port,
    failing_clients,
    intercepted,
    is_silent,
    live_macs,
    macs_used,
    symptom,
)
from hairpin_doctor.vantage_point import VantagePoint
from probes.routes import RouteFacts
from probes.rulesets.passage import Stopper
from probes.target import Address, resolution


@dataclass(frozen=True)
class _Passing:
    """A client's frames to the VIP on their way through a host's bridge to `mac`, which is no MAC of that host."""

    client: VantagePoint
    attachment: Attachment
    mac: str


@rule(
    "HD305",
    "bridged-frames-dropped-by-forward",
    Severity.BROKEN,
    explains=("HD201", "HD302", "HD303", "HD304"),
    ipv6=Ipv6.PROVEN,
)
def bridged_frames_dropped_by_forward(network: Network, vip: Address) -> Verdict:
    """The client's frames cross a bridge with br_netfilter, and a rule there surely stops them."""
    reasons: list[Exception] = []
    for client in failing_clients(network, vip):
        try:
            unheard = _solicitations(network, client, vip)
            if unheard is not None:
                return unheard
            passing = _passing(network, client, vip)
            return _diagnosis(passing, vip, _stops(passing, vip))
        except (NotThis, MissingFacts) as reason:
            reasons.append(reason)
    raise reasons[0]


def _solicitations(network: Network, client: VantagePoint, vip: Address) -> Diagnosis | None:
    """Of an IPv6 VIP that nobody answers for: whether the question itself is stopped on a bridge in between."""
    if vip.version == 4 or not is_silent(client, vip):
        return None
    for attachment in network.bridged_by(client, vip):
        host, bridge = attachment.host, attachment.interface.name
        here = {link.name for link in segment(attachment)} & set(listening_interfaces(host, vip))
        own = host.findings[RouteFacts].is_local(vip)
        if own or here or not intercepted(attachment, vip):
            continue
        by, _ = stopped_solicitation(host, vip, bridge)
        if by is not None:
            return _unasked(client, attachment, vip, by)
    return None


def _unasked(client: VantagePoint, attachment: Attachment, vip: Address, by: Stopper) -> Diagnosis:
    host, bridge = attachment.host, attachment.interface.name
    ports = failing_ports(client, vip)[:1]  # what accepts the frames speaks of no port
    accepted = [
        accept_bridged(host.name, vip, client.name, bridge, [Stopped(port, by, "bridged")]) for port in ports
    ]
    return Diagnosis(
        summary=f"{host.name} drops the neighbour solicitations for {vip} that its {bridge} should only bridge",
        because=(
            symptom(client, vip),
            f"Nobody answers NDP for {vip} at {client.name}, and no program on {host.name} would there.",
            f"br_netfilter hands IPv6 frames that {bridge} bridges to the rules of {host.name}, solicitations included.",
            f"They are stopped: {by.action} by {by.backend}, table {by.table}, chain {by.chain}: {by.rule}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(*accepted, iptables_off(attachment, vip, client.name)),
        ruled_out=(f"HD201: what {client.name} asks does not get past {bridge}.",),
    )


def _passing(network: Network, client: VantagePoint, vip: Address) -> _Passing:
    macs = sorted(macs_used(client, vip)) or list(live_macs(client, vip))
    if not macs:
        raise NotThis(f"nobody answers {resolution(vip)} for {vip} at {client.name}")
    crossed = [each for each in network.bridged_by(client, vip) if each.host is not client]
    if not crossed and network.hosts(vip):
        raise NotThis(f"{client.name} is behind no bridge port of a scanned machine")
    if not crossed:
        raise network.need_host(vip, f"the bridge that {client.name} hangs on")
    attachment = crossed[0]
    host, bridge = attachment.host, attachment.interface
    if not intercepted(attachment, vip):
        raise NotThis(f"br_netfilter does not act on frames that {bridge.name} of {host.name} bridges")
    if any(owner.vantage_point is host for owner in network.owners(macs[0])):
        raise NotThis(
            f"{client.name} sends to {host.name} itself ({macs[0]}): its frames are not merely bridged"
        )
    if behind_the_clients_port(attachment, macs[0]):
        raise NotThis(
            f"{macs[0]} is behind the same port as {client.name}: their frames do not cross {bridge.name}"
        )
    return _Passing(client, attachment, macs[0])


def _stops(passing: _Passing, vip: Address) -> list[Stopped]:
    host, bridge = passing.attachment.host, passing.attachment.interface.name
    ports = failing_ports(passing.client, vip)
    found = stopped_while_bridged(host, passing.client, vip, ports, bridge)
    if not found:
        raise NotThis(f"no rule or policy on {host.name} surely stops frames that {bridge} bridges to {vip}")
    return found


def _diagnosis(passing: _Passing, vip: Address, stops: list[Stopped]) -> Diagnosis:
    client, host, bridge = passing.client, passing.attachment.host, passing.attachment.interface
    by = dict.fromkeys(each.by for each in stops)
    rules = (
        f"{', '.join(str(s.port) for s in stops if s.by == each)}: {each.action} by {each.backend}, table {each.table}, "
        f"chain {each.chain}: {each.rule}"
        + (f" (it has stopped {each.packets} packets so far)." if each.packets else ".")
        for each in by
    )
    return Diagnosis(
        summary=f"{host.name} drops frames of {client.name} to {vip} that its {bridge.name} should only bridge",
        because=(
            symptom(client, vip),
            f"{passing.mac} answers for {vip}: another machine, not {host.name}, whose {bridge.name} only bridges there.",
            f"br_netfilter hands those frames to the rules of {host.name}.",
            *rules,
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=_fixes(passing, vip, stops),
        ruled_out=("HD303, HD304: the frames do not get past FORWARD.",),
    )


def _fixes(passing: _Passing, vip: Address, stops: list[Stopped]) -> tuple[Fix, ...]:
    attachment, client = passing.attachment, passing.client.name
    host, bridge = attachment.host, attachment.interface.name
    last = iptables_off(attachment, vip, client)
    if any(
        each.by.table.startswith("bridge ") for each in stops
    ):  # such rules see frames without br_netfilter too
        return (allow(host.name, vip, client, stops),)
    if any(refused_by_proxy(host, vip, each.port) for each in stops):
        return (leave_untranslated(attachment, vip, passing.mac, client), last)
    if any(each.way != "bridged" for each in stops):  # translated to beyond the bridge, and routed there
        return (allow(host.name, vip, client, stops), last)
    return (accept_bridged(host.name, vip, client, bridge, stops), last)
