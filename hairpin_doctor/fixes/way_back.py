"""Fixes of a host's way back to a client: the route that is missing, forbids, captures or leads to a silent gateway."""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look, RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from probes.questions.routing import HoldingRoute
from probes.target import Address
from probes.target import Network as Prefix


def without_the_ban(host: str, client: str, vip: Address, route: HoldingRoute) -> Fix:
    """A route that forbids is taken away."""
    step = Step(
        place="host",
        machine=host,
        why="the next longest prefix decides then: the subnet, or the default route",
        changes=(RouteEntry(str(route.prefix), of_type=route.type, present=False, table=route.table),),
    )
    caution = "Whoever made it (a ban, a VPN, a routing daemon) makes it again: look there too."
    title = f"Take away the {route.type} route for {route.prefix}"
    return Fix(title, (step,), check_from_client(vip, client), (caution,))


def route_to_the_client(
    host: str, client: str, vip: Address, address: Address, gateway: Address | None = None
) -> Fix:
    """The default route, or one to the client; `gateway`: that of the present way, which is silent."""
    family = "-6 " if address.version == 6 else ""
    silent = f" Take away the route by {gateway}, or have that machine answer again." if gateway else ""
    step = Step(
        place="host",
        machine=host,
        why="an answer needs a route of its own, whatever way the request came",
        changes=(
            Look(f"ip {family}route get {address}"),
            Look(f"ip {family}route show"),
            *((Look(f"ip neigh show {gateway}"),) if gateway else ()),
            *((Look("sysctl -a -r 'net.ipv6.conf.*[.](accept_ra|forwarding)$'"),) if family else ()),
        ),
        instructions=(
            f"Give it the default route (or one to the subnet of {address}) by the router that the requests come from, "
            f"where its routes are configured, else the next boot lacks it again.{silent} Are {client} and {host} in one "
            f"subnet, then correct the length of the prefix of {host}'s own address."
            + (
                " A machine that forwards takes a default route from router advertisements only where accept_ra is 2."
                if family
                else ""
            )
        ),
    )
    return Fix(f"Give {host} a way back", (step,), check_from_client(vip, client))


def out_of_the_overlap(
    host: str,
    client: str,
    vip: Address,
    address: Address,
    prefix: Prefix,
    gateway: tuple[str, Address] | None,
) -> Fix:
    """A route for the client alone by interface and `gateway` of its requests; other numbers where there is none."""
    text = (
        f"Give the network that holds {prefix} a subnet that no client has. Docker: docker network ls and inspect, then "
        "make the network anew with another --subnet; bip and default-address-pools in daemon.json. A CNI's range is "
        "chosen when the cluster is made: then give the clients other numbers."
    )
    changes: tuple[RouteEntry, ...] = ()
    if gateway:
        changes = (RouteEntry(f"{address}/{address.max_prefixlen}", gateway[0], str(gateway[1])),)
    step = Step(
        place="host",
        machine=host,
        why="the longest prefix wins: this client is then answered as it came",
        changes=changes,
        instructions=None if changes else text,
    )
    cautions = (f"For this client alone. {text}",) if changes else ()
    title = f"Answer {client} by {gateway[0]}" if gateway else f"Renumber {prefix}"
    return Fix(title, (step,), check_from_client(vip, client), cautions)
