"""Reverse path filtering drops what comes in by the announcing interface.

Why: rp_filter drops a packet whose source the kernel would not reach by the interface it came in by (1, strict), or by
none at all (2, loose). An interface without an IPv4 address fails even the loose test (net/ipv4/fib_frontend.c), and
only a packet to which br_netfilter has already attached a route escapes it. The effective value is
max(all, interface); accept_local does not help. ARP requests for an address of that interface are tested as well
(arp_process, net/ipv4/arp.c): a macvlan beside the NIC that has the route back (keepalived's use_vmac) then never answers.
Seen as: ARP is answered with that interface's MAC, and every packet to it vanishes; IPReversePathFilter in
/proc/net/netstat rises.
Told apart from: HD301 by the interface, which is no port; HD302 by the counter and the missing address.
By hand: On the host: the greater of the two values counts, and the counter rises with every try of the client.
    sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.IF.rp_filter
    ip -br -4 addr show dev IF
    nstat -az TcpExtIPReversePathFilter
Fix: A link-local /32 on that interface and rp_filter 2 there; `all` stays as it is, since 2 wins over all=1.
Unsure when: The host was not scanned, or its sysctls could not be read.
References: net/ipv4/fib_frontend.c; Documentation/networking/ip-sysctl.rst; RFC 3704; kube-vip/kube-vip#1170.
"""

from __future__ import annotations

from hairpin_doctor.attachment import ipv4_addresses, segment
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Change, InterfaceAddress, Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.own_mac_interface import link_local
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    answering_interface,
    attachment_of,
    is_silent,
    of_failing_clients,
    symptom,
    translated,
)
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.br_netfilter import BrNetfilterFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.kernel_counters import KernelCounterFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address


@rule("HD401", "reverse-path-filter-drops", Severity.BROKEN, explains=("HD201", "HD302"), ipv6=Ipv6.NEVER)
def reverse_path_filter_drops(network: Network, vip: Address) -> Verdict:
    """The answering interface has no address and any filter, or a strict filter and another way back."""
    if not network.clients(vip):
        return _from_the_host_alone(network, vip)
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    if is_silent(client, vip):
        return _does_not_even_answer(network, client, vip)
    answer = answering_interface(network, client, vip, "whether its interface filters by reverse path")
    host, link = answer.owner.vantage_point, answer.owner.link
    if link.master is not None:
        return Cleared(f"{link.name} is a port of a bridge or bond: packets come in by its master")
    mode = _mode(host, link)
    way_back = _way_back(host, client, vip) if mode == 1 else None
    why = _why_dropped(link, mode, way_back)
    if why is None:
        return Cleared(f"rp_filter {mode} on {link.name} lets packets of {client.name} in")
    if _escapes(host, link, vip, client):
        return Cleared(
            f"br_netfilter routes the translated packets before rp_filter sees them on {link.name}"
        )
    return Diagnosis(
        summary=f"reverse path filtering on {link.name} of {host.name} drops the packets of {client.name}",
        because=(
            symptom(client, vip),
            f"{vip} answers {client.name} with {answer.mac}, the MAC of {link.name} on {host.name}.",
            why,
            *_counter(host),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_fix(host, link, vip, client.name),),
        ruled_out=(f"HD301: {link.name} is no bridge port.",),
    )


def _does_not_even_answer(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    """The VIP stands on an interface that hears the client beside the one it hangs on, and drops its ARP requests too."""
    attachment = attachment_of(network, client, vip)
    host = attachment.host
    link = host.findings[InterfaceFacts].with_address(vip)
    if link is None or link is attachment.interface or link not in segment(attachment):
        raise NotThis(
            f"nobody answers {client.name}, and no interface beside {attachment.interface.name} holds {vip}"
        )
    why = _why_dropped(link, _mode(host, link), _way_back(host, client, vip))
    if why is None:
        return Cleared(f"rp_filter on {link.name} lets the ARP requests of {client.name} in")
    return Diagnosis(
        summary=f"reverse path filtering on {link.name} of {host.name} drops the ARP requests of {client.name}",
        because=(
            symptom(client, vip),
            f"{vip} is an address of {link.name}, which hears {client.name} and does not answer.",
            why,
            *_counter(host),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_fix(host, link, vip, client.name),),
        ruled_out=(
            f"HD209: {link.name} itself holds the address, so that its arp_ignore does not keep it silent.",
        ),
    )


def _mode(host: VantagePoint, link: Link) -> int:
    found = host.findings[InterfaceSysctlFacts].of(link.name)
    return (found.rp_filter or 0) if found else 0


def _way_back(host: VantagePoint, client: VantagePoint, vip: Address) -> str | None:
    """The interface by which the host would answer the client."""
    address = client.address_towards(vip)
    routes = host.findings.get(RouteFacts)
    if routes and address and not routes.asked(address):
        raise Network.need_another_scan(host, client, f"by which interface {host.name} answers {client.name}")
    route = routes.route(address) if routes and address else None
    return route.interface if route else None


def _why_dropped(link: Link, mode: int, way_back: str | None) -> str | None:
    if mode and not any(ipv4_addresses(link)):
        return f"{link.name} has no IPv4 address, and rp_filter is {mode} there: even the loose mode drops everything."
    if mode == 1 and way_back is not None and way_back != link.name:
        return f"rp_filter is 1 (strict) on {link.name}, and the way back to the client is {way_back}."
    return None


def _escapes(host: VantagePoint, link: Link, vip: Address, client: VantagePoint) -> bool:
    """A macvlan on a bridge whose frames br_netfilter hands to iptables: translated packets carry a route already."""
    lower = host.findings[InterfaceFacts].by_index(link.lower)
    if lower is None or lower.bridge is None or host.findings[RouteFacts].is_local(vip):
        return False
    intercepts = host.findings[BrNetfilterFacts].intercepts(lower.name)
    return intercepts and bool(translated(host, vip, client.scope))


def _counter(host: VantagePoint) -> tuple[str, ...]:
    facts = host.findings.get(KernelCounterFacts)
    if facts is None or not facts.reverse_path_drops_ever:
        return ()
    return (
        f"{host.name} has dropped {facts.reverse_path_drops_ever} packets by reverse path filtering so far.",
    )


def _fix(host: VantagePoint, link: Link, vip: Address, client: str) -> Fix:
    own = next(
        (each for each in host.findings[InterfaceSysctlFacts].own if each.interface == link.name), None
    )
    address = link_local(host, link.name)
    needs_address = not any(ipv4_addresses(link))
    carry: tuple[Change, ...] = (InterfaceAddress(f"{address}/32", link.name),) if needs_address else ()
    step = Step(
        place="host",
        machine=host.name,
        why="with an address the loose mode accepts every source that is reachable at all",
        changes=(
            *carry,
            Sysctl(f"net/ipv4/conf/{link.name}/rp_filter", 2, own.rp_filter if own else 0),
        ),
    )
    caution = f"Also set arp_ignore=1 on {link.name} unless it carries the node's address: see HD208."
    return Fix(
        f"Let {link.name} pass the reverse path filter", (step,), check_from_client(vip, client), (caution,)
    )


def _from_the_host_alone(network: Network, vip: Address) -> Verdict:
    missing = network.need_client(vip, f"which interface answers for {vip}")
    for host in network.hosts(vip):
        interfaces, netfilter = host.findings[InterfaceFacts], host.findings[BrNetfilterFacts]
        for name in host.findings[AnnouncerFacts].interfaces():
            link = interfaces.by_name(name)
            lower = interfaces.by_index(link.lower) if link else None
            if link is None or lower is None or lower.bridge is None or netfilter.intercepts(lower.name):
                continue
            why = _why_dropped(link, _mode(host, link), None)
            if why:
                return Undetermined(f"{why} {missing.what}", missing.how_to_get, suspected=True)
    raise missing
