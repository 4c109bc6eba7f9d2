"""The client's own routing sends packets for the VIP elsewhere than into the LAN that holds it, or nowhere.

Why: The kernel obeys the first policy rule whose table knows a way (ip-rule(8)), and in a table the longest prefix
(ip-route(8)). A VPN that accepts a route for the very LAN it is used in, an exit node, or a container network of the same
numbers wins against the LAN's own route: packets for the VIP, and perhaps for the whole LAN, never leave by the LAN's
interface. A client of another subnet without a gateway cannot send anything at all, nor does one whose gateway nobody
answers for; and with a netmask that is too narrow a client takes the VIP for an address of another subnet. Over IPv6 the
on-link prefixes decide that, which a router advertises (RFC 4861); a client with link-local addresses alone has no way.
Seen as: Silence or "no route to host" from this machine alone; others of the LAN are served. ping fails as well.
Told apart from: HD201, HD104 and HD105 by the answer that the VIP gets when it is asked for in the LAN itself; HD406, where
the answer of the node goes astray; HD111, where no subnet of the client holds the VIP.
By hand: On the client, the kernel names another interface than the LAN's; asked there by hand, the VIP answers.
    ip route get VIP
    ip rule show
    ip route show table all match VIP
    arping -c2 -I IF VIP
    ip neigh show GATEWAY
Fix: A policy rule in front for the LAN, or a route for the VIP by the LAN's interface; better, take the route away that
captures it. The gateway and the netmask of the LAN, as its DHCP server gives them.
Unsure when: Nobody answers in the LAN either: then this is not all, and it is at most possible.
References: ip-rule(8); ip-route(8); RFC 1812; tailscale/tailscale#1227;
https://docs.docker.com/reference/cli/dockerd/.
"""

from __future__ import annotations

from hairpin_doctor.client_gateway import by_a_gateway, leaves_by
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look, PolicyRule
from hairpin_doctor.fixes.client_way import into_the_lan
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.bypassed_subnets import BypassedSubnet, BypassedSubnetFacts
from probes.interfaces import InterfaceFacts
from probes.questions.routing import Route, RoutingRule
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address, resolution

MAIN_TABLE = 254


@rule(
    "HD409",
    "client-routes-vip-elsewhere",
    Severity.BROKEN,
    explains=("HD104", "HD105", "HD201"),
    ipv6=Ipv6.PROVEN,
)
def client_routes_vip_elsewhere(network: Network, vip: Address) -> Verdict:
    """A subnet of the client holds the VIP and somebody answers for it there; its packets leave by another way."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    routes = client.findings[RouteFacts]
    bypassed = client.findings[BypassedSubnetFacts].of(vip)
    if not bypassed and routes.asked(vip) and routes.route(vip) is None:
        subnets = [
            e.prefix
            for e in routes.connected
            if (e.prefix.version, e.interface != "lo") == (vip.version, True)
        ]
        if not subnets:
            raise NotThis(f"{client.name} has no subnet at all: it is on no network, whatever its routes are")
        return _nowhere(client, vip, without_address=all(each.is_link_local for each in subnets))
    if not bypassed:
        return _own_network(network, client, vip) or by_a_gateway(network, client, vip)
    answering = client.findings.get(ArpFacts)
    here = answering.macs(vip) if answering else ()
    if here:
        raise NotThis(f"{', '.join(here)} answers for {vip} where {client.name} sends")
    subnet, route = bypassed[0], routes.route(vip)
    if not subnet.macs and _held_where_it_goes(routes, route, vip):
        raise NotThis(f"{client.name} sends to {vip} {leaves_by(route)}, a subnet of which holds it")
    leaves = leaves_by(route)
    captors = _capturing(routes, route, vip.version)
    return Diagnosis(
        summary=f"{client.name} sends packets for {vip} {leaves}, not into its subnet {subnet.subnet} on {subnet.interface}",
        because=(
            symptom(client, vip),
            f"{vip} is in {subnet.subnet}, the subnet of {subnet.interface}; the kernel of {client.name} sends its packets "
            f"{leaves}{f' (table {route.table})' if route and route.table != MAIN_TABLE else ''}.",
            *(f"Its policy rule {each.priority} is: {each.text}." for each in captors),
            _answered_in_the_lan(network, subnet),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if subnet.macs else Confidence.POSSIBLE,
        fixes=(_send_it_into_the_lan(client, vip, subnet, captors), _look_who_takes_it(client, vip)),
        ruled_out=("HD201, HD104, HD105: the VIP is answered for in the LAN.",) if subnet.macs else (),
    )


def _nowhere(client: VantagePoint, vip: Address, *, without_address: bool) -> Diagnosis:
    """Refused by the kernel. `without_address`: IPv6 is there by its link-local addresses alone."""
    family = "-6 " if vip.version == 6 else ""
    step = Step(
        place="client",
        machine=client.name,
        why="a packet for an address outside of its own subnets needs a gateway, and none may forbid it",
        changes=(Look(f"ip route get {vip}"), Look(f"ip {family}route show"), Look(f"ip {family}rule show")),
        instructions=(
            f"Give it the default gateway of its subnet where that is missing ({_given_by(vip)}, or its configuration), and "
            "take away routes of the type unreachable, prohibit or blackhole that hold the address."
        ),
    )
    return Diagnosis(
        summary=f"{client.name} has no route to {vip}",
        because=(
            symptom(client, vip),
            f"The kernel of {client.name} refuses to route to {vip}, and no subnet of its interfaces holds it.",
            *(("It has no IPv6 address besides link-local ones.",) if without_address else ()),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(Fix(f"Give {client.name} a route", (step,), check_from_client(vip, client.name)),),
        ruled_out=(f"HD201, HD104, HD105: nobody was asked by {resolution(vip)}.",),
    )


def _given_by(vip: Address) -> str:
    """What gives a machine its default gateway."""
    return (
        "DHCP"
        if vip.version == 4
        else "router advertisements, which a machine that forwards ignores by default"
    )


def _own_network(network: Network, client: VantagePoint, vip: Address) -> Diagnosis | None:
    """The client asks for the VIP in a network of its own in vain, while its gateway, elsewhere, sends it on to the host."""
    routes, path = client.findings[RouteFacts], client.findings.get(RoutedPathFacts)
    arp, default, route = client.findings.get(ArpFacts), routes.default_towards(vip), routes.route(vip)
    hop = path.next_hop(vip) if path else None
    serving = [host.findings.get(InterfaceFacts) for host in network.hosts(vip)]
    if route is None or default is None or hop is None or not routes.on_link(vip):
        return None
    if route.interface == default.interface or not any(each and each.with_address(hop) for each in serving):
        return None
    if arp is None or not arp.asked(vip) or arp.macs(vip):
        return None
    subnet = next((each.prefix for each in routes.connected if vip in each.prefix), vip)
    return Diagnosis(
        summary=f"{client.name} takes {vip} to be in {subnet}, a network of its own on {route.interface}",
        because=(
            symptom(client, vip),
            f"{vip} is in {subnet} on {route.interface} of {client.name}, and nobody answers for it there.",
            f"The gateway {default.gateway} on {default.interface} sends a packet for it on to {hop}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(_look_who_takes_it(client, vip),),
        ruled_out=("HD601: the gateway is on another link, so that the VIP is in no subnet of it.",),
    )


def _held_where_it_goes(routes: RouteFacts, route: Route | None, vip: Address) -> bool:
    return any(
        vip in each.prefix and route and each.interface == route.interface for each in routes.connected
    )


def _capturing(routes: RouteFacts, route: Route | None, version: int) -> tuple[RoutingRule, ...]:
    """The policy rules of this version of IP that lead to the deciding table; all where the kernel finds no route."""
    rules = tuple(each for each in routes.rules if ("IPv6" in each.text.split(", ")) == (version == 6))
    if route is None:
        return rules
    return tuple(each for each in rules if f"table {route.table}" in each.text.split(", "))


def _answered_in_the_lan(network: Network, subnet: BypassedSubnet) -> str:
    if not subnet.macs:
        return f"Asked for by {resolution(subnet.vip)} on {subnet.interface}, nobody answers for it there either."
    owner = next(iter(network.owners(subnet.macs[0])), None)
    who = f"{subnet.macs[0]} ({owner})" if owner else subnet.macs[0]
    return f"Asked for by {resolution(subnet.vip)} on {subnet.interface}, {who} answers for it."


def _send_it_into_the_lan(
    client: VantagePoint, vip: Address, subnet: BypassedSubnet, captors: tuple[RoutingRule, ...]
) -> Fix:
    caution = "Other addresses of the LAN may be captured alike: the next fix looks for what takes them."
    if not captors:
        return into_the_lan(client.name, vip, subnet.interface, caution)
    priority = max(min(each.priority for each in captors) - 1, 0)
    step = Step(
        place="client",
        machine=client.name,
        why=f"packets for {subnet.subnet} are then routed by the main table, whatever the later rules say",
        changes=(PolicyRule(str(subnet.subnet), priority),),
    )
    title = f"Exclude {subnet.subnet} from policy routing"
    return Fix(title, (step,), check_from_client(vip, client.name), (caution,))


def _look_who_takes_it(client: VantagePoint, vip: Address) -> Fix:
    family = "-6 " if vip.version == 6 else ""
    step = Step(
        place="client",
        machine=client.name,
        why="whatever brought the route brings it again when it starts next",
        changes=(
            Look(f"ip route get {vip}"),
            Look(f"ip {family}rule show"),
            Look(f"ip route show table all match {vip}"),
        ),
        instructions=(
            "A VPN: stop accepting a route for the LAN in which the machine is (`tailscale set --accept-routes=false`, or "
            "`--exit-node-allow-lan-access`; WireGuard: AllowedIPs). A container network: docker network ls and inspect, "
            "then make it anew with another --subnet, and set default-address-pools in daemon.json."
        ),
    )
    return Fix("Take the route away that captures the LAN", (step,), check_from_client(vip, client.name))
