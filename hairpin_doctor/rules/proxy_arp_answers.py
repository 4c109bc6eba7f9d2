"""The router answers ARP for the VIP by proxy ARP, or solicitations for an IPv6 VIP as a proxy.

Why: With proxy_arp a router answers for addresses that it would reach by another way (arp_process, net/ipv4/arp.c), up to
0.8 s late. Beside the announcer it is a second answerer: the race decides, and symptoms flip. Alone it makes clients
send by the router. Over IPv6 it answers for addresses that it was told (`ip -6 neigh add proxy`, ndppd), up to 0.8 s late
too, and without the Override flag (RFC 4861): it takes no entry that a client has, but keeps one that it gave.
Seen as: Two MACs for the VIP, one of them the gateway's; ICMP redirects; it works now and fails later.
Told apart from: HD202 and HD203 by the MAC, which is the gateway's, and by what it does when asked there: a proxy passes
packets on, an owner holds the address and has the Override flag; HD601 and HD403, which go before it where they hold.
By hand: One of the MACs that answer is the gateway's. Listen for a second: proxy answers come late. The last two commands
are for a router that runs Linux.
    arping -w 3 -I IF VIP
    ip neigh show to GATEWAY
    sysctl net.ipv4.conf.IF.proxy_arp net.ipv4.conf.IF.proxy_arp_pvlan net.ipv6.conf.IF.proxy_ndp
    ip -6 neigh show proxy
Fix: Turn proxy ARP, or the proxy of NDP, off on the router's LAN interface, at least for the pool.
Unsure when: The gateway is the only one to answer: it may rightly serve the VIP itself.
References: RFC 1027; RFC 4861; net/ipv4/arp.c; net/ipv6/ndisc.c; arp(7); Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from hairpin_doctor.claimants import claimants
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import is_the_gateway, live_macs, macs_used, names, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.icmp import IcmpFacts
from probes.neighbours import NeighbourFacts
from probes.routes import RouteFacts
from probes.target import Address, resolution

_PROXY_ARP_OFF = (
    "On a Linux router, for its LAN interface IF: `sysctl -w net.ipv4.conf.IF.proxy_arp=0` and "
    "`sysctl -w net.ipv4.conf.IF.proxy_arp_pvlan=0`; elsewhere turn proxy ARP off there, or exclude {vip}. Undo: set the "
    "old values again."
)
_PROXY_NDP_OFF = (
    "On a Linux router, for its LAN interface IF: `ip -6 neigh del proxy {vip} dev IF`, or take the prefix that holds it "
    "out of the rules of ndppd or odhcpd, which make such entries or answer themselves; elsewhere exclude {vip} from its "
    "proxy of NDP. Undo: `ip -6 neigh add proxy {vip} dev IF`, or the old rule."
)


@rule("HD206", "proxy-arp-answers", Severity.NOTE, explains=("HD302",), ipv6=Ipv6.PROVEN)
def proxy_arp_answers(network: Network, vip: Address) -> Verdict:
    """The gateway's MAC is among those that answer for the VIP."""
    clients = network.clients(vip)
    if not clients:
        raise network.need_client(vip, f"who answers {resolution(vip)} for {vip}")
    if any(is_the_gateway(client, vip) for client in clients):
        return Cleared(f"{vip} is the gateway's own address, for which it must answer")
    for client in sorted(clients, key=lambda each: each not in network.failing(vip)):
        if not client.findings[RouteFacts].on_link(vip):
            continue
        gateway = [mac for mac in live_macs(client, vip) if mac in _macs_of_its_gateway(client, vip)]
        if gateway:
            return _judge(network, client, vip, gateway[0])
    return Cleared(f"no gateway answers {resolution(vip)} for {vip} at {names(clients)}")


def _macs_of_its_gateway(client: VantagePoint, vip: Address) -> tuple[str, ...]:
    """Those that answer for it now, if any does: what the client remembers may be another's that had the address before."""
    routes, arp = client.findings[RouteFacts], client.findings[ArpFacts]
    default = routes.default_towards(vip)
    now = arp.macs(default.gateway, default.interface) if default else ()
    return now or client.gateway_macs()


def _judge(network: Network, client: VantagePoint, vip: Address, mac: str) -> Verdict:
    owners = network.owners(mac)
    if any(owner.vantage_point in network.hosts(vip) for owner in owners):
        return Cleared(f"the gateway of {client.name} is the very host that serves {vip}")
    if any(each.mac == mac and each.holds for each in claimants(network, client, vip)):
        return Cleared(
            f"the gateway ({mac}) holds {vip} as an address of its own, asked at its MAC: see HD203"
        )
    others = [each for each in live_macs(client, vip) if each != mac]
    redirects = (client.findings[IcmpFacts].redirects(vip)) if client.findings.get(IcmpFacts) else ()
    if not others and not redirects and not network.hosts(vip):
        missing = network.need_host(vip, f"whether the gateway ({mac}) serves {vip} itself")
        return Undetermined(missing.what, missing.how_to_get)
    broken = client in network.failing(vip) and _went_to(client, vip, mac)
    because = [symptom(client, vip)] if client in network.failing(vip) else []
    because.append(f"{mac}, the MAC of the gateway of {client.name}, answers {resolution(vip)} for {vip}.")
    overrides = client.findings[ArpFacts].overrides(vip, mac)
    if overrides is False:
        because.append(
            "Its advertisement lacks the Override flag, as a proxy's does (RFC 4861, section 7.2.8)."
        )
    if others:
        because.append(f"{', '.join(others)} answers as well: the race decides which one a client uses.")
    elif broken:
        because.append("Nobody else answers: why the announcer does not, shows once the router is silent.")
    because.extend(
        f"{each.sender} sends {client.name} an ICMP redirect to {each.gateway}." for each in redirects
    )
    return Diagnosis(
        summary=f"the router answers {resolution(vip)} for {vip}"
        + (" beside the announcer" if others else ""),
        because=tuple(because),
        severity=Severity.BROKEN if broken else Severity.NOTE,
        confidence=Confidence.PROVEN if (others or redirects) and not overrides else Confidence.LIKELY,
        fixes=(_turn_off(client, vip),),
    )


def _went_to(client: VantagePoint, vip: Address, mac: str) -> bool:
    """Whether the client's own packets took the gateway's MAC."""
    cache = client.findings.get(NeighbourFacts)
    entry = cache.entry(vip) if cache else None
    sent = macs_used(client, vip)
    return mac in sent or (not sent and entry is not None and entry.mac == mac)


def _turn_off(client: VantagePoint, vip: Address) -> Fix:
    step = Step(
        place="router",
        machine="the router",
        why="only the announcer should answer for the VIP",
        instructions=(_PROXY_ARP_OFF if vip.version == 4 else _PROXY_NDP_OFF).format(vip=vip),
    )
    what = "proxy ARP" if vip.version == 4 else "the proxy of NDP"
    return Fix(f"Turn {what} off on the router", (step,), check_from_client(vip, client.name))
