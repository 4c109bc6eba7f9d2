"""The VIP is an address of the host, but a sysctl or an ARP filter keeps its kernel from answering for it.

Why: With arp_ignore 1 or 2 the kernel answers only for addresses of the interface that the request came in by, with 8
for none (arp_ignore in net/ipv4/arp.c); the effective value is max(all, interface). An address on lo or on a dummy is then
never answered for; one on a macvlan of that interface (keepalived's use_vmac) is, by the macvlan. With arp_filter 1 it
answers only where its way back to the asker leaves by that interface. And rules of arptables, or of nftables' arp family,
drop questions or answers: a common way to keep real servers of LVS quiet.
Under an announcer that answers by itself (MetalLB) this is the right setting; without one nobody answers.
Seen as: "No route to host" from the segment, though the VIP stands on the host and works from there.
Told apart from: HD201 by the address, which the kernel would answer for; HD104 and HD105 (an announcer that
cannot hear) by the missing listener; HD601 by the missing route at the gateway.
By hand: On the host, the address stands on another interface than the one that hears the clients, and a sysctl is set.
    ip addr show to VIP
    sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.IF.arp_ignore net.ipv4.conf.IF.arp_filter
    nft list ruleset arp
    tcpdump -eni IF arp and host VIP
Fix: Put the address on the interface that hears the clients, as kube-vip and keepalived do.
Unsure when: A process listens for ARP there: then it is the one to answer, and only its configuration tells why not. Or
the host speaks BGP: then the address may be meant to be routed, and silence is right.
References: net/ipv4/arp.c; Documentation/networking/ip-sysctl.rst; kube-vip/kube-vip#1114.
"""

from __future__ import annotations

from hairpin_doctor.attachment import segment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import InterfaceAddress, Look, Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.forget import forget
from hairpin_doctor.gateway_route import route_of_the_gateway
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import attachment_of, of_silent_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.arp_rules import ArpRuleFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address
from probes.ways_back import WayBackFacts

OWN_INTERFACE_ONLY, SAME_SUBNET_TOO, BY_SCOPE, NEVER = 1, 2, 3, 8


@rule("HD209", "arp-ignored", Severity.BROKEN, explains=("HD201",), ipv6=Ipv6.NEVER)
def arp_ignored(network: Network, vip: Address) -> Verdict:
    """Silence at the client, the address on another interface of the host, and a setting that forbids the answer."""
    if not network.clients(vip):
        return _from_the_host_alone(network, vip)
    return of_silent_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    if route_of_the_gateway(network, client, vip):
        return Cleared(f"{vip} is routed: the gateway sends it on to a node")
    attachment = attachment_of(network, client, vip)
    host, receiving = attachment.host, attachment.interface
    if not host.findings[RouteFacts].is_local(vip):
        return Cleared(f"{vip} is no address of {host.name}: its kernel would not answer in any case")
    listening = set(host.findings[AnnouncerFacts].interfaces()) & {each.name for each in segment(attachment)}
    if listening:
        return Cleared(
            f"a process listens for ARP on {', '.join(sorted(listening))}: answering is its business"
        )
    carrying = host.findings[InterfaceFacts].with_address(vip)
    if carrying is not None and carrying is not receiving and carrying in segment(attachment):
        return Cleared(
            f"{carrying.name}, which holds {vip}, hears the clients itself: it is the one to answer"
        )
    why = _why_silent(host, receiving, carrying, vip)
    if why is None:
        why, fix = _filtered(host, receiving, vip, client)
    else:
        fix = _carry(host, receiving, vip, client)
    if why is None:
        why, fix = _dropped(host, receiving, vip, client)
    if why is None or fix is None or carrying is None:
        return Cleared(f"nothing keeps the kernel of {host.name} from answering on {receiving.name}")
    peers = host.findings[BgpSessionFacts].established_peers()
    if peers:
        how = f"on the router: look for {vip} in its routing table (ip route get {vip}, or show bgp)"
        return Undetermined(f"{why} Whether {peers[0]} is told a route to {vip} by BGP", how, suspected=True)
    return Diagnosis(
        summary=f"{host.name} holds {vip} on {carrying.name}, and is set not to answer ARP for it on {receiving.name}",
        because=(
            symptom(client, vip),
            f"Nobody answers ARP for {vip} at {client.name}, which {host.name} hears on {receiving.name}.",
            why,
            f"No process of {host.name} listens for ARP there, so that only the kernel could answer.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(fix,),
        ruled_out=("HD104, HD105: no announcer listens anywhere else for this.",),
    )


def _why_silent(host: VantagePoint, receiving: Link, carrying: Link | None, vip: Address) -> str | None:
    settings = host.findings[InterfaceSysctlFacts].of(receiving.name)
    if settings is None or carrying is None:
        return None
    elsewhere = vip not in (each.address for each in receiving.addresses)
    if settings.arp_ignore in (OWN_INTERFACE_ONLY, SAME_SUBNET_TOO) and elsewhere:
        return (
            f"arp_ignore is {settings.arp_ignore} on {receiving.name}, and the address is on {carrying.name}."
        )
    if settings.arp_ignore == NEVER:
        return f"arp_ignore is {NEVER} on {receiving.name}: its kernel answers for no address."
    if settings.arp_ignore == BY_SCOPE:
        how = f"on {host.name}: ip addr show to {vip} (scope host is not answered for under arp_ignore 3)"
        raise MissingFacts(f"the scope of {vip} on {host.name}", host.name, how)
    return None


def _filtered(
    host: VantagePoint, receiving: Link, vip: Address, client: VantagePoint
) -> tuple[str, Fix] | tuple[None, None]:
    """arp_filter: the kernel answers only where its way from the VIP to the asker leaves by the same interface."""
    settings, address = host.findings[InterfaceSysctlFacts].of(receiving.name), client.address_towards(vip)
    if settings is None or settings.arp_filter != 1 or address is None:
        return None, None
    own = [way for way in host.findings[WayBackFacts].of(vip, address) if way.source == vip]
    if not own and not host.findings[RouteFacts].asked(address):
        raise Network.need_another_scan(host, client, f"whether arp_filter lets it answer {client.name}")
    route = own[0].route if own else None
    if not own or (route and route.interface == receiving.name):
        return None, None
    leaves = route.interface if route else "no interface at all"
    why = f"arp_filter is 1 on {receiving.name}, and packets from {vip} to {client.name} leave by {leaves}."
    return why, _unfiltered(host, receiving, vip, client)


def _unfiltered(host: VantagePoint, receiving: Link, vip: Address, client: VantagePoint) -> Fix:
    """The interface's own setting, or that of `all` where the interface's own is 0 already (they are ORed)."""
    mine = (each for each in host.findings[InterfaceSysctlFacts].own if each.interface == receiving.name)
    where = receiving.name if any(each.arp_filter for each in mine) else "all"
    step = Step(
        place="host",
        machine=host.name,
        why="the kernel then answers by whichever interface hears the request",
        changes=(Sysctl(f"net/ipv4/conf/{where}/arp_filter", 0, 1),),
    )
    steps = (step, forget(vip, client.name))
    caution = (
        "It was set for a host with several NICs in one LAN: there give one of them the address instead."
    )
    return Fix(
        f"Let {where} answer ARP without the filter", steps, check_from_client(vip, client.name), (caution,)
    )


def _dropped(
    host: VantagePoint, receiving: Link, vip: Address, client: VantagePoint
) -> tuple[str, Fix] | tuple[None, None]:
    """A rule of the arp family. Raises MissingFacts where one may stop it, and it cannot be told whether it does."""
    stop = host.findings[ArpRuleFacts].of(vip, client.address_towards(vip), receiving.name)
    if stop is None:
        return None, None
    where = f"table arp {stop.table}, chain {stop.chain}"
    if not stop.certain:
        how = f"on {host.name}: nft -a list table arp {stop.table}"
        raise MissingFacts(f"whether a rule of {where} stops ARP for {vip} ({stop.rule})", host.name, how)
    step = Step(
        place="host",
        machine=host.name,
        why="the kernel then answers as for any address of its own",
        changes=(Look(f"nft -a list table arp {stop.table}"),),
        instructions=(
            f"Take the rule away by its handle (`nft delete rule arp {stop.table} {stop.chain} handle N`), or, "
            f"where arptables wrote it, by `arptables -D {stop.chain}` and its own words; and where it comes from at boot."
        ),
    )
    caution = (
        "Where this host is meant to be quiet (a real server of LVS), another one has to answer: see HD201."
    )
    fix = Fix("Let ARP for the VIP pass", (step,), check_from_client(vip, client.name), (caution,))
    return f"A rule in {where} drops it: {stop.rule}.", fix


def _carry(host: VantagePoint, receiving: Link, vip: Address, client: VantagePoint) -> Fix:
    step = Step(
        place="host",
        machine=host.name,
        why="the kernel answers for addresses of the interface that hears the request",
        changes=(InterfaceAddress(f"{vip}/32", receiving.name),),
    )
    cautions = (
        "On one node only: every node that carries it there answers (HD202, HD204).",
        "Where an announcer ought to answer (MetalLB with strictARP), start that instead: see HD201.",
    )
    steps = (step, forget(vip, client.name))
    return Fix(f"Carry {vip} on {receiving.name}", steps, check_from_client(vip, client.name), cautions)


def _from_the_host_alone(network: Network, vip: Address) -> Verdict:
    missing = network.need_client(vip, f"whether anybody answers ARP for {vip}")
    for host in network.hosts(vip):
        routes, interfaces = host.findings[RouteFacts], host.findings[InterfaceFacts]
        holding = next((each.interface for each in routes.connected if vip in each.prefix), None)
        receiving, carrying = interfaces.by_name(holding), interfaces.with_address(vip)
        quiet = not host.findings[AnnouncerFacts].listeners
        if not (receiving and quiet and routes.is_local(vip)):
            continue
        if carrying in interfaces.stacked_on(receiving):
            continue  # a macvlan, such as keepalived's use_vmac makes, answers for it
        why = _why_silent(host, receiving, carrying, vip)
        if why and not host.findings[BgpSessionFacts].established_peers():
            return Undetermined(f"{why} {missing.what}", missing.how_to_get, suspected=True)
    raise missing
